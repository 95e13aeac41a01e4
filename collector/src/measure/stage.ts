// Counts every span before anything is sampled, and passes the batch on unchanged.
import type { StageDef, Consumer, Host, Stage } from '../pipeline/contract.ts';
import type { MetricBatch } from '../model/data-point.ts';
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import { type BucketCounts, exponentialOf } from '../model/exponential-histogram.ts';
import type { ContextTable } from '../otlp/context-table.ts';
import { type SpanBatch, STATUS_ERROR } from '../otlp/span-batch.ts';
import type { KeptBatch } from '../sample/contract.ts';
import type { MeasureConfig, measureConfig } from './config.ts';
import type { MeasuredSpans, OperationsView, SeriesOwner, TakeMeasured } from './contract.ts';
import { Exemplars } from './exemplars.ts';
import { measureInstruments, ODD_TIMES } from './instruments.ts';
import { CALLS, DURATION, SPAN_KINDS, STATUS_CODES } from './names.ts';
import { countOddTimes } from './odd-times.ts';
import { RecentOperations, STEP_MS } from './recent.ts';
import { ESTIMATED, OVERFLOW } from './series-key.ts';
import { SelfCountedSeries } from './self-counted-series.ts';
import { SpanMetrics } from './span-metrics.ts';

const EXPIRE_EVERY_MS = 60_000;

type MeasureHost = Host<keyof typeof measureInstruments>;

export const measure = {
  name: 'measure',
  instruments: measureInstruments,
  create: (config, host, next) => new MeasureStage(config, host, next),
} satisfies StageDef<typeof measureConfig, typeof measureInstruments, SpanBatch, SpanBatch>;

/** The running stage; also what the page asks for operations. */
export class MeasureStage implements Stage<SpanBatch>, OperationsView {
  readonly metrics: SpanMetrics;
  readonly #config: MeasureConfig;
  readonly #host: MeasureHost;
  readonly #next: Consumer<SpanBatch>;
  readonly #recent: RecentOperations;
  readonly #exemplars: Exemplars;
  readonly #selfCounted: SelfCountedSeries;
  #contexts: ContextTable | undefined;
  readonly #cancel: (() => void)[] = [];

  constructor(config: MeasureConfig, host: MeasureHost, next: Consumer<SpanBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.metrics = new SpanMetrics({
      maxSeries: config.max_series,
      seriesTtlMs: config.series_ttl,
      boundsNs: config.histogram_bounds.map((boundMs) => boundMs * 1e6),
      dimensions: config.dimensions.length,
      seed: Math.floor(host.random() * 2 ** 32),
    });
    this.#selfCounted = new SelfCountedSeries(this.metrics, this);
    this.#recent = new RecentOperations(this.metrics);
    this.#exemplars = new Exemplars(this.metrics, config.dimensions);
  }

  async start(): Promise<void> {
    const { clock } = this.#host;
    this.#recent.snapshot(clock.monotonicMs());
    this.#cancel.push(
      clock.every(STEP_MS, () => {
        this.#recent.snapshot(clock.monotonicMs());
        this.#selfCounted.resume(this.#contexts, clock.monotonicMs());
        this.#record();
      }),
      clock.every(EXPIRE_EVERY_MS, () => this.metrics.expire(clock.monotonicMs(), this.expiring)),
    );
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancel.splice(0)) cancel();
  }

  consume(batch: SpanBatch): Promise<void> {
    this.#contexts = batch.contextTable;
    const overflowed = this.metrics.overflowed;
    this.metrics.update(batch, this.#host.clock.monotonicMs());
    this.measured?.(batch, this.#measured());
    this.#host.count('spans', batch.count);
    const odd = countOddTimes(batch, batch.receivedMs);
    for (const problem of ODD_TIMES) if (odd[problem] > 0) this.#host.count('odd_times', odd[problem], { problem });
    if (this.metrics.overflowed > overflowed) this.#reportOverflow(this.metrics.overflowed - overflowed);
    return this.#next.consume(batch);
  }

  /** Who watches operations is told here. */
  measured: TakeMeasured | undefined;

  /** Is told the place of a series that is about to be forgotten. */
  expiring: ((row: number) => void) | undefined;

  /** Who wants to know what calls failed of is told of the kept ones that are looked at: service and `error.type`. */
  set failed(tell: (service: string, type: string) => void) {
    this.#exemplars.failed = (row, type) => tell(this.ownerAt(row).service, type);
  }

  /** Whose the series at a place is. */
  ownerAt(row: number): SeriesOwner {
    const operation = this.#operationAt(row);
    if (operation !== undefined) return operation;
    const { service, packed } = this.metrics.keyOf(row);
    const isError = ((packed >> 3) & 3) === STATUS_ERROR;
    return { service: this.metrics.strings.texts[service] ?? '', name: '', kind: '', isError };
  }

  /** The newest kept trace that shows each series of an operation, in hexadecimal digits. */
  *tracesOf(service: string, name: string, kind: string): Generator<string> {
    const { metrics } = this;
    for (let row = 0; row < metrics.rows; row++) {
      if (metrics.buckets[row] === undefined) continue;
      const operation = this.#operationAt(row);
      if (operation?.service !== service || operation.name !== name || operation.kind !== kind) continue;
      const traceId = this.#exemplars.of(row)?.traceId;
      if (traceId !== undefined) yield traceId;
    }
  }

  /** Where kept traces come by, for examples: the one thing that is known only after a decision. */
  readonly kept: Consumer<KeptBatch> = {
    consume: async (batch) => {
      if (this.#contexts !== undefined) this.#exemplars.take(batch, this.#contexts, this.#host.clock.monotonicMs());
    },
  };

  /** Where metrics come by: a service that counts its spans itself shows its own counts, and ours are left out. */
  readonly metricsSeen: Consumer<MetricBatch> = {
    consume: async ({ points }) => this.#selfCounted.take(points, this.#contexts, this.#host.clock.monotonicMs()),
  };

  windowSeconds(): number {
    return this.#recent.windowSeconds(this.#host.clock.monotonicMs());
  }

  operations(): ReturnType<OperationsView['operations']> {
    return this.#recent.operations(this.#host.clock.monotonicMs());
  }

  collect(): MetricFamily[] {
    this.#record();
    const { unit } = this.#config;
    return [
      {
        name: CALLS,
        unit: '',
        description: 'Calls of every operation, counted before sampling.',
        kind: 'counter',
        points: this.#points((row, plain) => ({
          ...plain,
          value: this.metrics.calls[row] ?? 0,
          ...this.#exemplar(row, () => 1),
        })),
      },
      {
        name: DURATION,
        unit,
        description: 'Durations of every operation, counted before sampling.',
        kind: 'histogram',
        points: this.#points((row, plain) => this.#duration(row, plain)),
      },
    ];
  }

  *#points(
    make: (row: number, plain: Pick<MetricPoint, 'attributes' | 'startMs'>) => MetricPoint,
  ): Generator<MetricPoint> {
    const { metrics } = this;
    for (let row = 0; row < metrics.rows; row++) {
      if (metrics.buckets[row] === undefined || this.#selfCounted.isShownElsewhere(row)) continue;
      yield make(row, { attributes: this.#attributes(row), startMs: metrics.startMs[row] ?? 0 });
    }
  }

  #measured(): MeasuredSpans {
    const { lastSeries: series, lastBuckets: buckets, generation } = this.metrics;
    return { series, buckets, generation, operationAt: (row) => this.#operationAt(row) };
  }

  #operationAt(row: number): ReturnType<MeasuredSpans['operationAt']> {
    const { strings } = this.metrics;
    const { service, name, packed } = this.metrics.keyOf(row);
    if ((packed & OVERFLOW) !== 0) return undefined;
    return {
      service: strings.texts[service] ?? '',
      name: strings.texts[name] ?? '',
      kind: SPAN_KINDS[packed & 7] ?? SPAN_KINDS[0],
      isError: ((packed >> 3) & 3) === STATUS_ERROR,
      isEstimated: (packed & ESTIMATED) !== 0,
    };
  }

  #exemplar(row: number, shown: (seconds: number) => number): Pick<MetricPoint, 'exemplars'> {
    const example = this.#exemplars.of(row);
    if (example === undefined) return {};
    const { seconds, ...exemplar } = example;
    return { exemplars: [{ ...exemplar, value: shown(seconds) }] };
  }

  #attributes(row: number): Record<string, string> {
    const { strings } = this.metrics;
    const key = this.metrics.keyOf(row);
    const attributes: Record<string, string> = { 'service.name': strings.texts[key.service] ?? '' };
    if ((key.packed & OVERFLOW) !== 0) attributes['otel.metric.overflow'] = 'true';
    else {
      attributes['span.name'] = strings.texts[key.name] ?? '';
      attributes['span.kind'] = SPAN_KINDS[key.packed & 7] ?? SPAN_KINDS[0];
      attributes['status.code'] = STATUS_CODES[(key.packed >> 3) & 3] ?? STATUS_CODES[0];
      this.#config.dimensions.forEach((name, d) => {
        const value = strings.texts[this.metrics.dimensionOf(row, d)];
        if (value !== undefined && value !== '') attributes[name] = value;
      });
    }
    if ((key.packed & ESTIMATED) !== 0) attributes['sampling.estimated'] = 'true';
    return attributes;
  }

  #histogram(row: number): NonNullable<MetricPoint['histogram']> {
    const { metrics } = this;
    const perUnitNs = this.#config.unit === 's' ? 1e9 : 1e6;
    const bounds = this.#config.histogram_bounds.map((boundMs) =>
      this.#config.unit === 's' ? boundMs / 1000 : boundMs,
    );
    const width = bounds.length + 1;
    const counts = [...metrics.classic.subarray(row * width, (row + 1) * width)];
    return { bounds, counts, sum: metrics.sumNs[row] / perUnitNs };
  }

  #duration(row: number, plain: Pick<MetricPoint, 'attributes' | 'startMs'>): MetricPoint {
    const isInSeconds = this.#config.unit === 's';
    const exemplar = this.#exemplar(row, (seconds) => (isInSeconds ? seconds : seconds * 1000));
    const point = { ...plain, histogram: this.#histogram(row), ...exemplar };
    // Only in seconds are the bounds of buckets what they are kept in.
    const counts = isInSeconds ? this.metrics.buckets[row] : undefined;
    return counts === undefined ? point : withNative(point, counts, this.metrics.zeroCount[row]);
  }

  #record(): void {
    this.#host.record('series', this.metrics.count);
    this.#host.record('service_counted', this.#selfCounted.operations);
    this.#host.record('size', this.metrics.sizeBytes + this.#recent.sizeBytes + this.#exemplars.sizeBytes);
  }

  #reportOverflow(spans: number): void {
    this.#host.count('overflow_spans', spans);
    this.#host.log(
      'warning',
      'MAX_SERIES',
      `${this.#config.max_series} series reached; new operations are counted in the overflow series of their service`,
    );
  }
}

/** Adds the native histogram, which is made only where somebody reads it: most formats have no place for it. */
function withNative(
  point: MetricPoint & Required<Pick<MetricPoint, 'histogram'>>,
  counts: BucketCounts,
  zeroCount: number,
): MetricPoint {
  return {
    ...point,
    get exponential() {
      return exponentialOf(counts, zeroCount, point.histogram.sum);
    },
  };
}
