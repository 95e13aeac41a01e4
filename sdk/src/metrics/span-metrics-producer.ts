// What one reader tells of counted spans: since the beginning or since it was asked before, whatever other readers do.
import { type HrTime, ValueType } from '@opentelemetry/api';
import type {
  CollectionResult,
  DataPoint,
  ExponentialHistogram,
  MetricData,
  MetricProducer,
  ResourceMetrics,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { classicOf, DurationHistogram } from './duration-histogram.ts';
import type { SeriesExemplar } from './exemplar-reservoir.ts';
import type { SpanSeries } from './span-series.ts';

/** Names of the sidecar's span metrics, which these take the place of. */
export const SPAN_CALLS = 'traces.span.metrics.calls';
export const SPAN_DURATION = 'traces.span.metrics.duration';

/** Name of the instrumentation scope. */
export const SPAN_METRICS_SCOPE = '@evenkeel/sdk/span-metrics';

/** Values of the SDK's enums, which would have to be loaded for them. */
const TEMPORALITY = { delta: 0, cumulative: 1 } as const;
const HISTOGRAM = 0;
const EXPONENTIAL_HISTOGRAM = 1;
const SUM = 3;

/** Is told what exemplars a point has, which the SDK's points have no place for. */
export interface ExemplarSink {
  attach(point: DataPoint<unknown>, exemplars: readonly SeriesExemplar[]): void;
}

export interface SpanMetricsReaderOptions {
  /** `cumulative` unless given. */
  readonly temporality?: 'cumulative' | 'delta';
  /**
   * `classic` for readers that know no exponential histograms: bounds are powers of two, and the unit is in the name, as on a
   * Prometheus page. Such a reader leaves exemplars to the others.
   */
  readonly histograms?: 'exponential' | 'classic';
}

/** A producer of metrics for one reader. */
export interface SpanMetricsProducer extends MetricProducer {
  /** What `collect` gives, at once. */
  collectNow(): ScopeMetrics[];
  /** Whether spans ended since the last collection. */
  hasNews(): boolean;
}

/** Where all readers of a process have their counts from. */
export interface SpanMetricsSource {
  readonly all: readonly SpanSeries[];
  readonly exemplars: ExemplarSink | undefined;
  /** Hands what was counted since the last time to every reader. */
  distribute(): void;
}

/** One reader's totals. */
export class SpanMetricsTotals implements SpanMetricsProducer {
  readonly #source: SpanMetricsSource;
  readonly #temporality: 'cumulative' | 'delta';
  readonly #isClassic: boolean;
  /** By the place of the series among all. */
  readonly #totals: DurationHistogram[] = [];
  #hasNews = false;
  #collectedMs = 0;

  constructor(
    source: SpanMetricsSource,
    { temporality = 'cumulative', histograms = 'exponential' }: SpanMetricsReaderOptions,
  ) {
    this.#source = source;
    this.#temporality = temporality;
    this.#isClassic = histograms === 'classic';
  }

  /** @param place of the series among all */
  add(place: number, counted: DurationHistogram): void {
    (this.#totals[place] ??= new DurationHistogram()).merge(counted);
    this.#hasNews = true;
  }

  hasNews(): boolean {
    this.#source.distribute();
    return this.#hasNews;
  }

  async collect(): Promise<CollectionResult> {
    return { resourceMetrics: { resource: NO_RESOURCE, scopeMetrics: this.collectNow() }, errors: [] };
  }

  collectNow(): ScopeMetrics[] {
    this.#source.distribute();
    // Without a span there is nothing to tell.
    if (this.#source.all.length === 0) return [];
    const endMs = Date.now();
    const metrics = [this.#calls(endMs), this.#isClassic ? this.#classic(endMs) : this.#durations(endMs)];
    if (this.#temporality === 'delta') for (const total of this.#totals) total?.reset();
    this.#hasNews = false;
    this.#collectedMs = endMs;
    return [{ scope: { name: SPAN_METRICS_SCOPE }, metrics }];
  }

  /** Also those that were not called meanwhile: the sidecar takes silence for the end of counting. */
  #calls(endMs: number): MetricData {
    return {
      descriptor: {
        name: SPAN_CALLS,
        description: 'Calls of every operation, counted before sampling.',
        unit: '',
        valueType: ValueType.INT,
      },
      aggregationTemporality: TEMPORALITY[this.#temporality],
      dataPointType: SUM,
      isMonotonic: true,
      dataPoints: this.#source.all.map((series, place) => this.#point(series, endMs, this.#totals[place]?.count ?? 0)),
    };
  }

  #durations(endMs: number): MetricData {
    return {
      ...this.#durationMetric(SPAN_DURATION),
      dataPointType: EXPONENTIAL_HISTOGRAM,
      dataPoints: this.#measured().map(([series, value]) => {
        const point = this.#point(series, endMs, value);
        const exemplars = series.exemplars?.take(endMs) ?? [];
        if (exemplars.length > 0) this.#source.exemplars?.attach(point, exemplars);
        return point;
      }),
    };
  }

  #classic(endMs: number): MetricData {
    const measured = this.#measured();
    const values = classicOf(measured.map(([, value]) => value));
    return {
      ...this.#durationMetric(`${SPAN_DURATION}_seconds`),
      dataPointType: HISTOGRAM,
      dataPoints: measured.flatMap(([series], i) => {
        const value = values[i];
        return value === undefined ? [] : [this.#point(series, endMs, value)];
      }),
    };
  }

  #durationMetric(name: string): Pick<MetricData, 'descriptor' | 'aggregationTemporality'> {
    return {
      descriptor: {
        name,
        description: 'Durations of every operation, counted before sampling.',
        unit: 's',
        valueType: ValueType.DOUBLE,
      },
      aggregationTemporality: TEMPORALITY[this.#temporality],
    };
  }

  /** Series with durations; of cumulative ones all. */
  #measured(): [SpanSeries, ExponentialHistogram][] {
    return this.#source.all.flatMap((series, place): [SpanSeries, ExponentialHistogram][] => {
      const total = this.#totals[place];
      return total === undefined || total.count === 0 ? [] : [[series, total.value()]];
    });
  }

  #point<T>({ attributes, startMs }: SpanSeries, endMs: number, value: T): DataPoint<T> {
    const fromMs = this.#temporality === 'delta' ? Math.max(startMs, this.#collectedMs) : startMs;
    return { attributes, startTime: hrTime(fromMs), endTime: hrTime(endMs), value };
  }
}

/** A reader takes the resource of the SDK. */
const NO_RESOURCE: ResourceMetrics['resource'] = {
  attributes: {},
  merge: (other) => other ?? NO_RESOURCE,
  getRawAttributes: () => [],
};

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
