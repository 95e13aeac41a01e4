// Holds every metric within its budget of series, without changing a total.
import type { DataPoint, MetricBatch } from '../model/data-point.ts';
import type { MetricFamily } from '../model/metric-family.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { budgetsOf } from './budgets.ts';
import { cardinalityOf } from './cardinality.ts';
import type { limitConfig, LimitConfig } from './config.ts';
import type { CardinalityAnswer } from './contract.ts';
import { DEFAULT_MAX_TOTAL_SERIES } from './defaults.ts';
import { FoldedStreams, type Now } from './folded-streams.ts';
import { DROP_REASONS, limitInstruments } from './instruments.ts';
import { Limiter, type Verdict } from './limiter.ts';
import { MetricTable, SERIES_BYTES } from './metric-table.ts';
import { Offenders } from './offenders.ts';
import { OwnRows } from './own-rows.ts';
import { digestOf } from './series-digest.ts';
import { StreamStore } from './stream-store.ts';
import { Upkeep } from './upkeep.ts';

const TICK_MS = 1000;
/** Of all places, how many folded series may yet stand still. */
const FROZEN_SHARE = 1 / 2;
/** Words of 32 bits in the secret of digests. */
const SECRET_WORDS = 4;

type LimitHost = Host<keyof typeof limitInstruments>;

export const limit = {
  name: 'limit',
  instruments: limitInstruments,
  create: (config, host, next) => new LimitStage(config, host, next),
} satisfies StageDef<typeof limitConfig, typeof limitInstruments, MetricBatch, MetricBatch>;

/** The running stage; also what the page asks for cardinality. */
export class LimitStage implements Stage<MetricBatch> {
  readonly #config: LimitConfig;
  readonly #host: LimitHost;
  readonly #next: Consumer<MetricBatch>;
  readonly #metrics: MetricTable;
  readonly #rows: OwnRows;
  readonly #store: StreamStore;
  readonly #limiter: Limiter;
  readonly #upkeep: Upkeep;
  readonly #offenders = new Offenders();
  /**
   * The way in for what the sidecar itself reads: it always has its place, and takes none from others. Whoever reads it
   * bounds it, and no sender can come this way.
   */
  readonly own: Consumer<MetricBatch> = { consume: async (batch) => this.#pass(batch) };
  /** Since that was last said. */
  #droppedFull = 0;
  #droppedNames = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(config: LimitConfig, host: LimitHost, next: Consumer<MetricBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    const word = (): number => Math.floor(host.random() * 2 ** 32);
    const secret = Array.from({ length: SECRET_WORDS }, () => word().toString(16)).join('.');
    const { max_total_series: maxTotalSeries = DEFAULT_MAX_TOTAL_SERIES, ttl: ttlMs, state } = config;
    const digest = digestOf(secret);
    const metrics = new MetricTable({ maxTotalSeries, budgets: budgetsOf(config), digest, seed: word() });
    const rows = new OwnRows(
      { frozenForMs: config.frozen_for, maxFrozen: Math.ceil(maxTotalSeries * FROZEN_SHARE) },
      () => metrics.total--,
    );
    const store = new StreamStore({
      folder: state.path,
      maxMemoryBytes: config.max_streams_memory,
      maxBytes: state.max_size,
    });
    const folded = new FoldedStreams({ store, ttlMs, watchedSinceMs: host.clock.nowMs() });
    const onFold = this.#offenders.add.bind(this.#offenders);
    this.#metrics = metrics;
    this.#rows = rows;
    this.#store = store;
    this.#limiter = new Limiter({ metrics, rows, folded, onFold });
    this.#upkeep = new Upkeep({ metrics, rows, folded, ttlMs });
  }

  async start(): Promise<void> {
    this.#cancel = this.#host.clock.every(TICK_MS, () => this.#tick());
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#emit(this.#upkeep.flush(this.#now()));
    this.#store.close();
  }

  async consume(batch: MetricBatch): Promise<void> {
    // What comes while the rest stops can be folded no more, and leaves as it is.
    if (this.#isStopped) return this.#pass(batch);
    const now = this.#now();
    const out: DataPoint[] = [];
    const verdicts = new Map<Verdict, number>();
    for (const point of batch.points) {
      const verdict = this.#limiter.take(point, now, out);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    if (this.#offenders.isNews) this.#name();
    this.#droppedFull += verdicts.get('state_full') ?? 0;
    this.#droppedNames += verdicts.get('max_metrics') ?? 0;
    if (this.#config.dry_run) return this.#passAll(batch, verdicts);
    this.#count(verdicts, out.length);
    if (out.length > 0) await this.#next.consume({ signal: 'metrics', points: out });
    return undefined;
  }

  /** GET /api/cardinality */
  cardinality(): CardinalityAnswer {
    return cardinalityOf(this.#metrics, this.#config.dry_run);
  }

  collect(): MetricFamily[] {
    this.#gauges();
    return [];
  }

  #now(): Now {
    const { clock } = this.#host;
    return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }

  #count(verdicts: ReadonlyMap<Verdict, number>, left: number): void {
    const passed = verdicts.get('passed') ?? 0;
    if (passed > 0) this.#host.count('passed', passed);
    const absorbed = verdicts.get('absorbed') ?? 0;
    if (absorbed > 0) this.#host.count('absorbed', absorbed);
    if (left > passed) this.#host.count('emitted', left - passed);
    for (const reason of DROP_REASONS) {
      const dropped = verdicts.get(reason) ?? 0;
      if (dropped > 0) this.#host.count('dropped', dropped, { reason });
    }
  }

  async #pass(batch: MetricBatch): Promise<void> {
    this.#host.count('passed', batch.points.length);
    await this.#next.consume(batch);
  }

  async #passAll(batch: MetricBatch, verdicts: ReadonlyMap<Verdict, number>): Promise<void> {
    const { length } = batch.points;
    const [passed, absorbed] = [verdicts.get('passed') ?? 0, verdicts.get('absorbed') ?? 0];
    this.#host.count('passed', length);
    this.#host.count('would_absorb', absorbed);
    this.#host.count('would_drop', length - passed - absorbed);
    await this.#next.consume(batch);
  }

  #tick(): void {
    const points = this.#upkeep.tick(this.#now());
    this.#name();
    this.#gauges();
    this.#emit(points).catch((error: unknown) => {
      this.#host.log('error', 'INTERNAL', `folded series were not taken: ${String(error)}`);
    });
  }

  async #emit(points: readonly DataPoint[]): Promise<void> {
    if (points.length === 0 || this.#config.dry_run) return;
    this.#host.count('emitted', points.length);
    await this.#next.consume({ signal: 'metrics', points });
  }

  /** Names who brought too many series, and what keeps last values from being kept. */
  #name(): void {
    const { host, message } = { host: this.#host, message: this.#offenders.message(this.#host.clock.monotonicMs()) };
    if (message !== undefined)
      host.log('warning', 'SERIES_FOLDED', this.#config.dry_run ? `dry run: ${message}` : message);
    const dropped = this.#droppedFull;
    this.#droppedFull = 0;
    if (dropped > 0)
      host.log(
        'warning',
        'STATE_FULL',
        `${dropped} points dropped: no room for more last values; raise limit.state.max_size`,
      );
    this.#nameNamers();
    const problem = this.#limiter.failure || this.#store.problem;
    if (problem !== '')
      host.log('error', 'STATE_UNUSABLE', `increments of some folded streams are dropped: ${problem}`);
  }

  /** Names who sends more metrics than there is room for: of those, no series can be folded. */
  #nameNamers(): void {
    const dropped = this.#droppedNames;
    this.#droppedNames = 0;
    if (dropped === 0) return;
    const { service, metrics } = this.#metrics.mostNames();
    const whose = `${metrics} are of ${service === '' ? 'no service' : service}`;
    const said = `${dropped} points of further metrics dropped: ${this.#metrics.maxTotalSeries} are all there may be, ${whose}`;
    this.#host.log('warning', 'METRICS_FULL', this.#config.dry_run ? `dry run: ${said}` : said);
  }

  #gauges(): void {
    const host = this.#host;
    let folded = 0;
    for (const { plan } of this.#metrics.all()) if (!plan.isEmpty) folded++;
    host.record('series', this.#metrics.total);
    host.record('budget', this.#metrics.maxTotalSeries);
    host.record('folded_metrics', folded);
    host.record('folded_streams', this.#store.count);
    host.record('frozen_series', this.#rows.frozen);
    host.record('size', this.#store.memoryBytes + this.#metrics.sizeBytes + this.#rows.frozen * SERIES_BYTES);
    host.record('memory', this.#store.memoryBytes);
    host.record('disk', this.#store.diskBytes);
  }
}
