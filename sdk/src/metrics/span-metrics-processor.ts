// Counts every span that ends, also those that nobody exports, under the names of the sidecar's span metrics.
// Only types of the SDK are imported: whoever does not count loads nothing.
import { TraceFlags } from '@opentelemetry/api';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { checkNumbers, checkPart, created } from '../creation-checks.ts';
import { ExemplarReservoir } from './exemplar-reservoir.ts';
import {
  type ExemplarSink,
  type SpanMetricsProducer,
  type SpanMetricsReaderOptions,
  type SpanMetricsSource,
  SpanMetricsTotals,
} from './span-metrics-producer.ts';
import { SpanSeriesTable } from './span-series.ts';

/** As many as the SDK lets an instrument have by half: a service with more names its spans by what varies. */
const MAX_SERIES = 1000;
/** Each has a histogram of its own, of some kilobytes. */
const MOST_SERIES = 100_000;

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
 * Hand {@link forReader} to a reader's `metricProducers`, or the processor itself to the only one. Instruments would hash the
 * attributes of each span anew; here a series is found by the span's name.
 */
export class SpanMetricsProcessor implements SpanProcessor, MetricProducer {
  readonly #series: SpanSeriesTable;
  readonly #sink: ExemplarSink | undefined;
  readonly #readers: SpanMetricsTotals[] = [];
  readonly #source: SpanMetricsSource;
  #own: SpanMetricsProducer | undefined;

  /** @throws OPTIONS_INVALID */
  constructor(options: SpanMetricsProcessorOptions = {}) {
    const what = 'SpanMetricsProcessor';
    checkNumbers(what, options, { maxSeries: { most: MOST_SERIES } });
    const {
      maxSeries = MAX_SERIES,
      dimensions,
      exemplars,
    } = created(what, () => ({
      ...options,
      dimensions: [...(options.dimensions ?? [])],
    }));
    if (exemplars !== undefined) checkPart(what, exemplars, 'attach');
    this.#series = new SpanSeriesTable({ maxSeries, dimensions });
    this.#sink = exemplars;
    this.#source = { all: this.#series.all, exemplars, distribute: () => this.#distribute() };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const series = this.#series.of(span);
    const [seconds, nanoseconds] = span.duration;
    const duration = seconds + nanoseconds / 1e9;
    series.durations.record(duration);
    if (this.#sink === undefined) return;
    const spanContext = span.spanContext();
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return;
    (series.exemplars ??= new ExemplarReservoir()).offer(duration, spanContext);
  }

  /**
   * Makes the producer of one reader. Each has totals of its own, so readers of different temporality may be mixed; what was
   * counted is told to those that there are when one is asked for the first time. Exemplars go to whoever asks first.
   */
  forReader(options: SpanMetricsReaderOptions = {}): SpanMetricsProducer {
    const reader = new SpanMetricsTotals(this.#source, options);
    this.#readers.push(reader);
    return reader;
  }

  /** Answers the only reader with all series; cumulative, as the sidecar's are. */
  collect(): Promise<CollectionResult> {
    return (this.#own ??= this.forReader()).collect();
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #distribute(): void {
    this.#series.all.forEach(({ durations }, place) => {
      if (durations.count === 0) return;
      for (const reader of this.#readers) reader.add(place, durations);
      durations.reset();
    });
  }
}
