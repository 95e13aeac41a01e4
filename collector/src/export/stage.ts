// The far end: every exporter gets every kept trace and every data point; none waits for another.
import { encodeMetrics } from '../otlp/encode-metrics.ts';
import { type DataPoint, type MetricBatch, type Resource, resourceOf } from '../model/data-point.ts';
import { pointsOfFamilies } from '../model/family-points.ts';
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { Exportable } from '../sample/contract.ts';
import { ALIAS_SOURCES, type AliasFamily, aliasFamilies } from './alias-families.ts';
import { AliasTotals } from './alias-totals.ts';
import type { exportConfig, ExportConfig } from './config.ts';
import { DEFAULT_MAX_SERIES } from './defaults.ts';
import type { Exporter, Marks, OtlpExporter, PointExporter, Signal } from './contract.ts';
import { ExemplarGate } from './exemplar-gate.ts';
import { exportInstruments } from './instruments.ts';
import { otlpExporter } from './otlp.ts';
import { remoteWriteExporter } from './remote-write.ts';
import { SeriesTable } from './series-table.ts';

type ExportHost = Host<keyof typeof exportInstruments>;

/** Stale series are not shown however late they are forgotten; this gives back their memory where nobody scrapes. */
const EXPIRE_EVERY_MS = 30_000;

export const exportStage = {
  name: 'export',
  instruments: exportInstruments,
  create: (config, host) => new ExportStage(config, host),
} satisfies StageDef<typeof exportConfig, typeof exportInstruments, Exportable, never>;

/** How it stands with what an exporter has still to deliver, whenever it is looked at. */
export interface QueueState {
  readonly name: string;
  /** 0..1 */
  readonly fill: number;
  readonly isFailing: boolean;
}

/** Fans out to the configured exporters. */
export class ExportStage implements Stage<Exportable> {
  readonly #otlp: readonly OtlpExporter[];
  readonly #remoteWrite: readonly PointExporter[];
  readonly #host: ExportHost;
  readonly #config: ExportConfig;
  readonly #series: SeriesTable;
  /** Asks whether a trace was kept; wired by whoever knows. */
  readonly exemplars: ExemplarGate;
  readonly #aliasTotals = new AliasTotals();
  #startedMs = 0;
  #cancel = (): void => {};
  #cancelExpiry = (): void => {};
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
    this.exemplars = new ExemplarGate(config.exemplars, host);
    const limits = { maxSeries: config.max_series ?? DEFAULT_MAX_SERIES, staleAfterMs: config.stale_after };
    this.#series = new SeriesTable(limits, host, this.exemplars);
    const marks: Marks = (signal) => this.marks(signal);
    this.#otlp = Object.entries(config.otlp).map(([name, each]) => otlpExporter(name, each, host, marks));
    this.#remoteWrite = Object.entries(config.remote_write).map(([name, each]) =>
      remoteWriteExporter(name, each, host),
    );
  }

  /** Of the exporter of traces whose queue is fullest, 0..1. */
  queueFill(): number {
    return Math.max(0, ...this.#taking('traces').map((exporter) => exporter.queueFill));
  }

  /** Queues of all exporters. */
  queues(): readonly QueueState[] {
    return this.#all.map((exporter) => ({
      name: exporter.name,
      get fill() {
        return exporter.queueFill;
      },
      get isFailing() {
        return exporter.isFailing;
      },
    }));
  }

  /** Names of exporters that have books in spans, and in points. */
  exporterNames(): { readonly spans: readonly string[]; readonly points: readonly string[] } {
    const names = (exporters: readonly { readonly name: string }[]): string[] => exporters.map(({ name }) => name);
    return { spans: names(this.#taking('traces')), points: names([...this.#taking('metrics'), ...this.#remoteWrite]) };
  }

  async start(): Promise<void> {
    for (const exporter of this.#all) await exporter.start();
    const { clock } = this.#host;
    this.#startedMs = clock.nowMs();
    this.#cancelExpiry = clock.every(EXPIRE_EVERY_MS, () => this.#expire());
    if (this.#pushesPoints) this.#cancel = clock.every(this.#config.interval, () => this.#pushOwn());
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#cancelExpiry();
    // What was counted since the last push is pushed; once, though stop may come twice.
    if (this.#startedMs > 0) this.#pushOwn();
    this.#startedMs = 0;
    await Promise.all(this.#all.map((exporter) => exporter.stop(this.#config.drain_timeout)));
  }

  /** Series that came in, as the metrics page shows them. */
  collect(): Iterable<MetricFamily> {
    return this.#series.families(this.ownResource);
  }

  /** The names of earlier systems, where they are wanted. */
  *aliases(): Generator<AliasFamily> {
    if (this.#config.prometheus === false || !this.#config.prometheus.aliases) return;
    const own = new Map<string, MetricPoint[]>();
    for (const { name, points } of this.collectOwn()) if (ALIAS_SOURCES.has(name)) own.set(name, [...points]);
    const read = (name: string): readonly MetricPoint[] => {
      const incoming = [...this.#series.read(name, this.ownResource)];
      return incoming.length > 0 ? incoming : (own.get(name) ?? []);
    };
    yield* aliasFamilies(read, { nowMs: this.#host.clock.nowMs(), startedMs: this.#startedMs }, this.#aliasTotals);
  }

  /** The newest point of every series of a metric. @param name OpenTelemetry's */
  newest(name: string): Iterable<DataPoint> {
    return this.#series.of(name);
  }

  async consume(batch: Exportable): Promise<void> {
    if (batch.signal === 'logs' && this.#taking('logs').length === 0)
      this.#host.count('dropped', 1, { signal: batch.signal, reason: 'no_exporter' });
    for (const exporter of this.#otlp) exporter.take(batch);
  }

  #takePoints(points: readonly DataPoint[]): void {
    this.#host.count('points_taken', points.length);
    const passed = this.exemplars.pass(points);
    const exposed = this.#series.take(passed);
    this.watch(passed);
    this.#pushOtlp(passed);
    for (const exporter of this.#remoteWrite) exporter.takePoints(exposed);
  }

  /** As they came: what an OTLP receiver takes is not Prometheus' business. Encoded once for all of them. */
  #pushOtlp(points: readonly DataPoint[]): void {
    const exporters = this.#taking('metrics');
    if (exporters.length === 0) return;
    const encoded = encodeMetrics(points);
    for (const exporter of exporters) exporter.takeEncoded(encoded);
  }

  /** What ended is said to have ended, where it was pushed. */
  #expire(): void {
    const ended = this.#series.expire();
    this.exemplars.expire();
    for (const exporter of this.#remoteWrite) exporter.takePoints(ended);
  }

  #pushOwn(): void {
    if (!this.#pushesPoints) return;
    const { clock } = this.#host;
    const readAt = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), startedMs: this.#startedMs };
    const points = [...pointsOfFamilies(this.collectOwn(), this.ownResource, readAt)];
    this.#pushOtlp(points);
    for (const exporter of this.#remoteWrite) exporter.takePoints(points);
  }

  get #all(): readonly Exporter[] {
    return [...this.#otlp, ...this.#remoteWrite];
  }

  get #pushesPoints(): boolean {
    return this.#taking('metrics').length + this.#remoteWrite.length > 0;
  }

  #taking(signal: Signal): readonly OtlpExporter[] {
    return this.#otlp.filter(({ signals }) => signals.has(signal));
  }
}
