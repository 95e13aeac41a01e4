// Instruments of the meter provider that is registered now. The API hands out no meter that finds a later provider, so it
// is looked for now and then.
import {
  type Attributes,
  createNoopMeter,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  type Observable,
  type UpDownCounter,
} from '@opentelemetry/api';
import type { MetricDefinition } from '../metric-definition.ts';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';

/** Records of one kind of metric each: `record` for histograms and gauges, `add` for counters. */
type Instrument = Histogram & UpDownCounter;

/** Tells the value of a metric at a collection. */
export type Report = (metric: MetricDefinition, value: number, attributes: Attributes) => void;

/** Instruments by the definition of their metric in the table of names, made when they are first used. */
export class Instruments {
  readonly #meter: Meter;
  readonly #made = new Map<MetricDefinition, Instrument>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  get(metric: MetricDefinition): Instrument {
    const known = this.#made.get(metric);
    if (known !== undefined) return known;
    const made = this.#make(metric);
    this.#made.set(metric, made);
    return made;
  }

  /** Has metrics read whenever the provider collects them; one is read, or recorded, never both. */
  onCollection(read: readonly MetricDefinition[], tell: (report: Report) => void): void {
    const observables = new Map(read.map((metric) => [metric, this.#makeObservable(metric)]));
    this.#meter.addBatchObservableCallback(
      (result) =>
        tell((metric, value, attributes) => {
          const observable = observables.get(metric);
          if (observable !== undefined && Number.isFinite(value)) result.observe(observable, value, attributes);
        }),
      [...observables.values()],
    );
  }

  #makeObservable({ kind, name, unit, description }: MetricDefinition): Observable {
    if (kind === 'counter') return this.#meter.createObservableCounter(name, { unit, description });
    if (kind === 'gauge') return this.#meter.createObservableGauge(name, { unit, description });
    return this.#meter.createObservableUpDownCounter(name, { unit, description });
  }

  #make({ kind, name, unit, description, bounds }: MetricDefinition): Instrument {
    const options = { unit, description, ...(bounds && { advice: { explicitBucketBoundaries: [...bounds] } }) };
    if (kind === 'histogram') return this.#meter.createHistogram(name, options) as Instrument;
    if (kind === 'gauge') return this.#meter.createGauge(name, options) as Instrument;
    if (kind === 'counter') return this.#meter.createCounter(name, options) as Instrument;
    return this.#meter.createUpDownCounter(name, options) as Instrument;
  }
}

const NOOP = createNoopMeter();
let provider: MeterProvider | undefined;
let current: Instruments | undefined;

/** Instruments of the registered provider; undefined where nobody reads them. */
export function instruments(): Instruments | undefined {
  const registered = metrics.getMeterProvider();
  if (registered !== provider) {
    provider = registered;
    const meter = registered.getMeter(SCOPE_NAME, SCOPE_VERSION);
    current = meter === NOOP ? undefined : new Instruments(meter);
    if (current !== undefined) for (const meet of waiting) meet(current);
  }
  return current;
}

/** To look for a provider costs a call forty nanoseconds, so only each sixteenth does. */
const LOOK_EVERY = 16;
let untilLook = 0;

/** As {@link instruments}; one that was registered later than the tracer provider is found some calls later. */
export function recentInstruments(): Instruments | undefined {
  if (untilLook-- > 0) return current;
  untilLook = LOOK_EVERY;
  return instruments();
}

/** Who wants to know of each provider. */
const waiting = new Set<(of: Instruments) => void>();

/**
 * Calls `meet` with the instruments of the registered provider now, and of a later one when it is first used.
 *
 * For what is read at collection: the API tells nobody of a provider, and hands out no meter that would find it.
 */
export function withInstruments(meet: (of: Instruments) => void): void {
  const known = instruments();
  waiting.add(meet);
  if (known !== undefined) meet(known);
}
