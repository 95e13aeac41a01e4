// Counts every span that ends, also those that nobody exports, under the names of the sidecar's span metrics.
// Only types of the SDK are imported: whoever does not count loads nothing.
import {
  type Counter,
  type Histogram,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  ValueType,
} from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { SpanSeriesTable } from './span-series.ts';

/** Names of the sidecar's span metrics, which these take the place of. */
export const SPAN_CALLS = 'traces.span.metrics.calls';
export const SPAN_DURATION = 'traces.span.metrics.duration';

/** Name of the instrumentation scope. */
export const SPAN_METRICS_SCOPE = '@evenkeel/sdk/span-metrics';

/** Below the SDK's own limit of 2000, at which it would fold series without telling whose they were. */
const MAX_SERIES = 1000;

export interface SpanMetricsProcessorOptions {
  /** Where instruments are made; the global one, as it is when the first span ends, unless given. */
  readonly meterProvider?: MeterProvider;
  /** Series by operation and status; what comes later is counted in an overflow series. 1000 unless given. */
  readonly maxSeries?: number;
  /** Span attributes that become attributes of the metrics, as the sidecar's `measure.dimensions`. */
  readonly dimensions?: readonly string[];
}

interface Instruments {
  readonly calls: Counter;
  readonly duration: Histogram;
}

/**
 * A span processor for {@link createAlwaysRecordSampler}: exact calls and durations, however little is sampled.
 *
 * Calls of a series are added up here and handed over at each collection: an attribute set is hashed once a span less.
 */
export class SpanMetricsProcessor implements SpanProcessor {
  readonly #meterProvider: MeterProvider | undefined;
  readonly #series: SpanSeriesTable;
  #instruments: Instruments | undefined;

  constructor({ meterProvider, maxSeries = MAX_SERIES, dimensions = [] }: SpanMetricsProcessorOptions = {}) {
    this.#meterProvider = meterProvider;
    this.#series = new SpanSeriesTable({ maxSeries, dimensions: [...dimensions] });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { calls, duration } = (this.#instruments ??= this.#makeInstruments());
    const known = this.#series.all.length;
    const series = this.#series.of(span);
    // The first call is added at once, so that the series begins when it did.
    if (this.#series.all.length > known) calls.add(1, series.attributes, ROOT_CONTEXT);
    else series.waiting++;
    const [seconds, nanoseconds] = span.duration;
    const spanContext = span.spanContext();
    // Not the active context: that may be of another span by now, and an exemplar would show the wrong one.
    const isSampled = (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
    const context = isSampled ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
    duration.record(seconds + nanoseconds / 1e9, series.attributes, context);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #makeInstruments(): Instruments {
    const meter = (this.#meterProvider ?? metrics.getMeterProvider()).getMeter(SPAN_METRICS_SCOPE);
    const calls = meter.createCounter(SPAN_CALLS, {
      description: 'Calls of every operation, counted before sampling.',
      valueType: ValueType.INT,
    });
    const duration = meter.createHistogram(SPAN_DURATION, {
      description: 'Durations of every operation, counted before sampling.',
      unit: 's',
    });
    // Never observed, so never exported: its callback is the one way to be told that a collection begins.
    const collection = meter.createObservableGauge(`${SPAN_CALLS}.collection`);
    meter.addBatchObservableCallback(() => this.#handOver(calls), [collection]);
    return { calls, duration };
  }

  #handOver(calls: Counter): void {
    for (const series of this.#series.all) {
      if (series.waiting === 0) continue;
      calls.add(series.waiting, series.attributes, ROOT_CONTEXT);
      series.waiting = 0;
    }
  }
}
