// A meter provider that measures as the one behind it does, and offers each measurement of a counter or histogram to a
// reservoir. The SDK has no place between the two: its storages see values without their context.
import {
  type Attributes,
  context as contexts,
  type Context,
  type Counter,
  type Gauge,
  type Histogram,
  type Meter,
  type MeterOptions,
  type MeterProvider,
  type MetricOptions,
  type ObservableCounter,
  type ObservableGauge,
  type ObservableUpDownCounter,
  trace,
  TraceFlags,
  type UpDownCounter,
} from '@opentelemetry/api';
import type { InstrumentExemplars } from './exemplar-series.ts';

/** Which measurements may become exemplars. @see OTEL_METRICS_EXEMPLAR_FILTER */
export type ExemplarFilter = 'trace_based' | 'always_on' | 'always_off';

/** Finds the reservoirs of an instrument. @returns undefined where there are too many instruments */
export type InstrumentLookup = (
  scope: { readonly name: string; readonly version: string; readonly schemaUrl: string },
  instrument: string,
  kind: 'histogram' | 'counter',
) => InstrumentExemplars | undefined;

/** What was measured by synchronous instruments, as a count of measurements. */
export interface Tally {
  measurements: number;
}

interface Watch {
  readonly filter: ExemplarFilter;
  readonly lookup: InstrumentLookup;
  readonly tally: Tally;
}

/** Wraps a provider; flushing and shutting down reach the one behind. */
export class ExemplarMeterProvider implements MeterProvider {
  readonly #inner: MeterProvider & Partial<Record<'forceFlush' | 'shutdown', (options?: unknown) => Promise<void>>>;
  readonly #watch: Watch;

  constructor(inner: MeterProvider, watch: Watch) {
    this.#inner = inner;
    this.#watch = watch;
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const scope = { name, version: version ?? '', schemaUrl: options?.schemaUrl ?? '' };
    return new ExemplarMeter(this.#inner.getMeter(name, version, options), scope, this.#watch);
  }

  async forceFlush(options?: unknown): Promise<void> {
    await this.#inner.forceFlush?.(options);
  }

  async shutdown(options?: unknown): Promise<void> {
    await this.#inner.shutdown?.(options);
  }
}

class ExemplarMeter implements Meter {
  readonly #inner: Meter;
  readonly #scope: Parameters<InstrumentLookup>[0];
  readonly #watch: Watch;

  constructor(inner: Meter, scope: Parameters<InstrumentLookup>[0], watch: Watch) {
    this.#inner = inner;
    this.#scope = scope;
    this.#watch = watch;
  }

  createHistogram<A extends Attributes>(name: string, options?: MetricOptions): Histogram<A> {
    const histogram = this.#inner.createHistogram<A>(name, options);
    const exemplars = this.#exemplarsOf(name, 'histogram');
    const { filter, tally } = this.#watch;
    return {
      record(value, attributes, context) {
        histogram.record(value, attributes, context);
        tally.measurements++;
        if (exemplars !== undefined) offer(exemplars, filter, value, attributes, context);
      },
    };
  }

  createCounter<A extends Attributes>(name: string, options?: MetricOptions): Counter<A> {
    const counter = this.#inner.createCounter<A>(name, options);
    const exemplars = this.#exemplarsOf(name, 'counter');
    const { filter, tally } = this.#watch;
    return {
      add(value, attributes, context) {
        counter.add(value, attributes, context);
        tally.measurements++;
        if (exemplars !== undefined) offer(exemplars, filter, value, attributes, context);
      },
    };
  }

  createGauge<A extends Attributes>(name: string, options?: MetricOptions): Gauge<A> {
    const gauge = this.#inner.createGauge<A>(name, options);
    const { tally } = this.#watch;
    return {
      record(value, attributes, context) {
        gauge.record(value, attributes, context);
        tally.measurements++;
      },
    };
  }

  createUpDownCounter<A extends Attributes>(name: string, options?: MetricOptions): UpDownCounter<A> {
    const counter = this.#inner.createUpDownCounter<A>(name, options);
    const { tally } = this.#watch;
    return {
      add(value, attributes, context) {
        counter.add(value, attributes, context);
        tally.measurements++;
      },
    };
  }

  createObservableGauge<A extends Attributes>(name: string, options?: MetricOptions): ObservableGauge<A> {
    return this.#inner.createObservableGauge<A>(name, options);
  }

  createObservableCounter<A extends Attributes>(name: string, options?: MetricOptions): ObservableCounter<A> {
    return this.#inner.createObservableCounter<A>(name, options);
  }

  createObservableUpDownCounter<A extends Attributes>(
    name: string,
    options?: MetricOptions,
  ): ObservableUpDownCounter<A> {
    return this.#inner.createObservableUpDownCounter<A>(name, options);
  }

  addBatchObservableCallback(...args: Parameters<Meter['addBatchObservableCallback']>): void {
    this.#inner.addBatchObservableCallback(...args);
  }

  removeBatchObservableCallback(...args: Parameters<Meter['removeBatchObservableCallback']>): void {
    this.#inner.removeBatchObservableCallback(...args);
  }

  #exemplarsOf(name: string, kind: 'histogram' | 'counter'): InstrumentExemplars | undefined {
    const { filter, lookup } = this.#watch;
    return filter === 'always_off' ? undefined : lookup(this.#scope, name, kind);
  }
}

const NO_ATTRIBUTES: Attributes = {};

/** Offers a measurement, unless the SDK refuses it or nobody would find its trace. */
function offer(
  exemplars: InstrumentExemplars,
  filter: ExemplarFilter,
  value: number,
  attributes: Attributes = NO_ATTRIBUTES,
  context: Context = contexts.active(),
): void {
  try {
    const spanContext = trace.getSpanContext(context);
    const isSampled = spanContext !== undefined && (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
    if (!isSampled && filter === 'trace_based') return;
    if (typeof value === 'number' && value >= 0 && value < Infinity) exemplars.offer(value, attributes, spanContext);
  } catch {
    // Lists that contain themselves, where a view leaves them out: what the SDK measures is measured.
  }
}
