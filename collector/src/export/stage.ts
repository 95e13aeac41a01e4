// The far end: every exporter gets every kept trace and every data point; none waits for another.
import { type DataPoint, type MetricBatch, type Resource, resourceOf } from '../model/data-point.ts';
import { pointsOfFamilies } from '../model/family-points.ts';
import type { MetricFamily } from '../model/metric-family.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { Exportable } from '../sample/contract.ts';
import { exportConfig, type ExportConfig } from './config.ts';
import type { PointExporter, TraceExporter } from './contract.ts';
import { exportInstruments } from './instruments.ts';
import { type Marks, otlpHttpExporter } from './otlp-http.ts';
import { SeriesTable } from './series-table.ts';

type ExportHost = Host<keyof typeof exportInstruments>;

export const exportStage = {
  name: 'export',
  config: exportConfig,
  instruments: exportInstruments,
  create: (config, host) => new ExportStage(config, host),
} satisfies StageDef<typeof exportConfig, typeof exportInstruments, Exportable, never>;

/** Fans out to the configured exporters. */
export class ExportStage implements Stage<Exportable> {
  readonly #otlp: readonly (TraceExporter & PointExporter)[];
  readonly #host: ExportHost;
  readonly #config: ExportConfig;
  readonly #series = new SeriesTable();
  #startedMs = 0;
  #cancel = (): void => {};
  /** As whom the sidecar speaks of itself. */
  ownResource: Resource = resourceOf([]);
  /** What the sidecar makes and holds to be collected; wired by whoever knows the other stages. */
  collectOwn: () => Iterable<MetricFamily> = () => [];
  /** Told of all points that came to their end; wired by whoever shows them. */
  watch: (points: readonly DataPoint[]) => void = () => {};
  /** The way in for metrics. */
  readonly metrics: Consumer<MetricBatch> = { consume: async ({ points }) => this.#takePoints(points) };
  /** Headers by which exports that come back are known. */
  marks: Marks = () => ({});

  constructor(config: ExportConfig, host: ExportHost) {
    this.#host = host;
    this.#config = config;
    const marks: Marks = (signal) => this.marks(signal);
    this.#otlp = Object.entries(config.otlp).map(([name, each]) => otlpHttpExporter(name, each, host, marks));
  }

  /** Of the exporter whose queue is fullest, 0..1. */
  queueFill(): number {
    return Math.max(0, ...this.#otlp.map((exporter) => exporter.queueFill));
  }

  async start(): Promise<void> {
    for (const exporter of this.#otlp) await exporter.start();
    const { clock } = this.#host;
    this.#startedMs = clock.nowMs();
    if (this.#otlp.length > 0) this.#cancel = clock.every(this.#config.interval, () => this.#pushOwn());
  }

  async stop(): Promise<void> {
    this.#cancel();
    // What was counted since the last push is pushed; once, though stop may come twice.
    if (this.#startedMs > 0) this.#pushOwn();
    this.#startedMs = 0;
    await Promise.all(this.#otlp.map((exporter) => exporter.stop(this.#config.drain_timeout)));
  }

  /** Series that came in, as the metrics page shows them. */
  collect(): Iterable<MetricFamily> {
    return this.#series.families();
  }

  /** The newest point of every series of a metric. @param name OpenTelemetry's */
  newest(name: string): Iterable<DataPoint> {
    return this.#series.of(name);
  }

  async consume(batch: Exportable): Promise<void> {
    if (this.#otlp.length === 0 && batch.signal !== 'traces')
      this.#host.count('dropped', 1, { signal: batch.signal, reason: 'no_exporter' });
    for (const exporter of this.#otlp) exporter.take(batch);
  }

  #takePoints(points: readonly DataPoint[]): void {
    this.#host.count('points_taken', points.length);
    this.#series.take(points);
    this.watch(points);
    for (const exporter of this.#otlp) exporter.takePoints(points);
  }

  #pushOwn(): void {
    if (this.#otlp.length === 0) return;
    const { clock } = this.#host;
    const readAt = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), startedMs: this.#startedMs };
    const points = [...pointsOfFamilies(this.collectOwn(), this.ownResource, readAt)];
    for (const exporter of this.#otlp) exporter.takePoints(points);
  }
}
