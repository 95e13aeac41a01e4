// Counts every span that ends, also those that nobody exports, under the names of the sidecar's span metrics.
// Only types of the SDK are imported: whoever does not count loads nothing.
import { type HrTime, TraceFlags, ValueType } from '@opentelemetry/api';
import type {
  CollectionResult,
  DataPoint,
  ExponentialHistogram,
  MetricData,
  MetricProducer,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { ExemplarReservoir, type SeriesExemplar } from './exemplar-reservoir.ts';
import { type SpanSeries, SpanSeriesTable } from './span-series.ts';

/** Names of the sidecar's span metrics, which these take the place of. */
export const SPAN_CALLS = 'traces.span.metrics.calls';
export const SPAN_DURATION = 'traces.span.metrics.duration';

/** Name of the instrumentation scope. */
export const SPAN_METRICS_SCOPE = '@evenkeel/sdk/span-metrics';

/** As many as the SDK lets an instrument have by half: a service with more names its spans by what varies. */
const MAX_SERIES = 1000;

/** Values of the SDK's enums, which would have to be loaded for them. */
const CUMULATIVE = 1;
const SUM = 3;
const EXPONENTIAL_HISTOGRAM = 1;

/** Is told what exemplars a point has, which the SDK's points have no place for. */
export interface ExemplarSink {
  attach(point: DataPoint<unknown>, exemplars: readonly SeriesExemplar[]): void;
}

export interface SpanMetricsProcessorOptions {
  /** Series by operation and status; what comes later is counted in an overflow series. 1000 unless given. */
  readonly maxSeries?: number;
  /** Span attributes that become attributes of the metrics, as the sidecar's `measure.dimensions`. */
  readonly dimensions?: readonly string[];
  /** Where exemplars of sampled spans go; none are kept without. */
  readonly exemplars?: ExemplarSink;
}

/**
 * A span processor for {@link createAlwaysRecordSampler}: exact calls and durations, however little is sampled.
 *
 * It is a metric producer as well: hand it to a reader's `metricProducers`. Instruments would hash the attributes of each
 * span anew; here a series is found by the span's name.
 */
export class SpanMetricsProcessor implements SpanProcessor, MetricProducer {
  readonly #series: SpanSeriesTable;
  readonly #sink: ExemplarSink | undefined;
  #resource: ResourceMetrics['resource'] | undefined;

  constructor({ maxSeries = MAX_SERIES, dimensions = [], exemplars }: SpanMetricsProcessorOptions = {}) {
    this.#series = new SpanSeriesTable({ maxSeries, dimensions: [...dimensions] });
    this.#sink = exemplars;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const series = this.#series.of(span);
    const [seconds, nanoseconds] = span.duration;
    const duration = seconds + nanoseconds / 1e9;
    series.durations.record(duration);
    this.#resource ??= span.resource;
    if (this.#sink === undefined) return;
    const spanContext = span.spanContext();
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return;
    (series.exemplars ??= new ExemplarReservoir()).offer(duration, spanContext);
  }

  /** Answers a reader with all series; cumulative, as the sidecar's are. */
  async collect(): Promise<CollectionResult> {
    const resource = this.#resource;
    // Without a span there is nothing to tell; a reader takes the resource of the SDK anyway.
    if (resource === undefined) return { resourceMetrics: { resource: NO_RESOURCE, scopeMetrics: [] }, errors: [] };
    const endMs = Date.now();
    const metrics = [this.#calls(endMs), this.#durations(endMs)];
    const scopeMetrics = [{ scope: { name: SPAN_METRICS_SCOPE }, metrics }];
    return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #calls(endMs: number): MetricData {
    return {
      descriptor: {
        name: SPAN_CALLS,
        description: 'Calls of every operation, counted before sampling.',
        unit: '',
        valueType: ValueType.INT,
      },
      aggregationTemporality: CUMULATIVE,
      dataPointType: SUM,
      isMonotonic: true,
      dataPoints: this.#series.all.map((series) => pointOf(series, endMs, series.durations.count)),
    };
  }

  #durations(endMs: number): MetricData {
    return {
      descriptor: {
        name: SPAN_DURATION,
        description: 'Durations of every operation, counted before sampling.',
        unit: 's',
        valueType: ValueType.DOUBLE,
      },
      aggregationTemporality: CUMULATIVE,
      dataPointType: EXPONENTIAL_HISTOGRAM,
      dataPoints: this.#series.all.map((series) => this.#duration(series, endMs)),
    };
  }

  #duration(series: SpanSeries, endMs: number): DataPoint<ExponentialHistogram> {
    const point = pointOf(series, endMs, series.durations.value());
    const exemplars = series.exemplars?.take(endMs) ?? [];
    if (exemplars.length > 0) this.#sink?.attach(point, exemplars);
    return point;
  }
}

const NO_RESOURCE: ResourceMetrics['resource'] = {
  attributes: {},
  merge: (other) => other ?? NO_RESOURCE,
  getRawAttributes: () => [],
};

function pointOf<T>({ attributes, startMs }: SpanSeries, endMs: number, value: T): DataPoint<T> {
  return { attributes, startTime: hrTime(startMs), endTime: hrTime(endMs), value };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
