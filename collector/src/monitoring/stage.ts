// Reads the host and this process, as often as what they show moves, and hands on what is worth a point.
import { uptime } from 'node:os';
import { type DataPoint, type MetricBatch, type Resource, resourceOf } from '../model/data-point.ts';
import type { MetricFamily } from '../model/metric-family.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { Beats } from './beats.ts';
import { ruleOf } from './component-rule.ts';
import type { monitoringConfig, MonitoringConfig } from './config.ts';
import { monitoringInstruments } from './instruments.ts';
import { PointMaker } from './points.ts';
import { ReadingBooks } from './reading-books.ts';
import type { Reader } from './reader.ts';
import type { LoopFigures } from './read-runtime.ts';
import { systemReaders } from './readers.ts';
import { type Described, ReadingTable } from './reading-table.ts';
import { ScheduledReader } from './scheduled-reader.ts';
import { type Component, COMPONENTS, type SeriesSpec } from './series-spec.ts';
import { SeriesControl } from './series-control.ts';
import { type WaitingPoint, WaitingPoints } from './waiting-points.ts';

type MonitoringHost = Host<keyof typeof monitoringInstruments>;

/** Where adaptive intervals are off, everything is read and pushed so often. */
const FIXED_MS = 5000;

export const monitoring = {
  name: 'monitoring',
  instruments: monitoringInstruments,
  create: (config, host, next) => new MonitoringStage(config, host, next),
} satisfies StageDef<typeof monitoringConfig, typeof monitoringInstruments, never, MetricBatch>;

/** The running stage: nothing is consumed, everything is read. */
export class MonitoringStage implements Stage<never> {
  readonly #config: MonitoringConfig;
  readonly #host: MonitoringHost;
  readonly #next: Consumer<MetricBatch>;
  readonly #table = new ReadingTable();
  readonly #control: SeriesControl;
  readonly #readers: ScheduledReader[] = [];
  /** Unix milliseconds since when a counter counts that began anew under our eyes. */
  readonly #restarts = new Map<number, number>();
  readonly #urgentMs = new Map<Component, number>();
  readonly #books: ReadingBooks;
  readonly #open = new Set<number>();
  readonly #beats: Beats;
  readonly #waiting: WaitingPoints;
  #maker = new PointMaker(resourceOf([]), { boot: 0, process: 0 });
  #fixedDueMs = -Infinity;
  #figuresDueMs = -Infinity;
  #cancel: (() => void) | undefined;
  /** As whom host and process are read; wired by whoever knows. */
  resource: Resource = resourceOf([]);
  /** What the event loop says of itself; wired by whoever measures it. */
  loop: LoopFigures | undefined;
  /** Replaced in tests. */
  makeReaders = (table: ReadingTable): readonly Reader[] => systemReaders(table, this.#config, this.loop);

  constructor(config: MonitoringConfig, host: MonitoringHost, next: Consumer<MetricBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.#books = new ReadingBooks(host);
    this.#beats = new Beats(config.heartbeat * 1000, this.#tickMs);
    this.#waiting = new WaitingPoints(this.#tickMs);
    this.#control = new SeriesControl(
      (row, value, timeMs) => this.#take(row, value, timeMs),
      config.heartbeat,
      (row, sinceMs) => this.#restarts.set(row, this.#wallMs(sinceMs)),
    );
  }

  /** Names of the metrics that are given here. */
  get gives(): ReadonlySet<string> {
    return new Set(this.#readers.flatMap(({ reader }) => reader.metrics.map(({ name }) => name)));
  }

  /** Whether the event loop is measured here. */
  get probesLoop(): boolean {
    return this.loop !== undefined && this.#config.components.includes('runtime');
  }

  async start(): Promise<void> {
    const nowMs = this.#host.clock.nowMs();
    this.#maker = new PointMaker(this.resource, {
      boot: nowMs - uptime() * 1000,
      process: nowMs - process.uptime() * 1000,
    });
    for (const reader of this.makeReaders(this.#table)) {
      this.#readers.push(new ScheduledReader(reader, this.#limits(reader.component)));
      reader.start?.();
    }
    this.#cancel = this.#host.clock.every(this.#tickMs, () => this.#tick());
    this.#tick();
  }

  async consume(): Promise<void> {}

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const { reader } of this.#readers.splice(0)) reader.stop?.();
    this.#handOn(this.#waiting.takeAll());
  }

  /** Reads a component, or all, as often as allowed and hands on every reading, for so long. */
  urgent(component: Component | 'all', forMs: number): void {
    for (const each of component === 'all' ? COMPONENTS : [component])
      this.#urgentMs.set(each, this.#host.clock.monotonicMs() + forMs);
  }

  /** The worst stated error of each metric's series. */
  *collect(): Generator<MetricFamily> {
    const worst = new Map<string, number>();
    for (const row of this.#open) {
      const name = this.#table.described[row]?.spec.name ?? '';
      worst.set(name, Math.max(worst.get(name) ?? 0, this.#control.statedError(row)));
    }
    yield {
      name: 'evenkeel.monitoring.error',
      unit: '',
      kind: 'gauge',
      description:
        'Error that 99 of 100 seconds between two points are within, of the worst series of a metric, in its unit: of the value held, or of the line drawn where it counts.',
      points: [...worst].map(([metric, value]) => ({ attributes: { metric }, value })),
    };
  }

  get #tickMs(): number {
    return this.#config.adaptive_sampling.min_interval * 1000;
  }

  #limits(component: Component): { baseMs: number; minMs: number; maxMs: number } {
    const { min_interval, max_interval } = this.#config.adaptive_sampling;
    const { baseIntervalS } = ruleOf(this.#config, component);
    return { baseMs: baseIntervalS * 1000, minMs: min_interval * 1000, maxMs: max_interval * 1000 };
  }

  /** Time by the clock that is never set, so that no second is counted twice; points get what the wall shows. */
  #tick(): void {
    const nowMs = this.#host.clock.monotonicMs();
    const { enabled } = this.#config.adaptive_sampling;
    if (!enabled && nowMs < this.#fixedDueMs) return;
    // Timers are late by little; a reading is not to wait for the next for it.
    this.#fixedDueMs = nowMs + FIXED_MS - this.#tickMs / 2;
    for (const scheduled of this.#readers) {
      if (!enabled || this.#isUrgent(scheduled.reader.component) || scheduled.isDue(nowMs))
        this.#read(scheduled, nowMs);
      else this.#books.skipped(scheduled, this.#tickMs / 1000);
    }
    if (enabled) this.#beat(nowMs);
    this.#figures(nowMs);
    this.#handOn(this.#waiting.take(nowMs));
    this.#books.passed(enabled ? this.#tickMs / 1000 : FIXED_MS / 1000);
  }

  #read(scheduled: ScheduledReader, nowMs: number): void {
    if (scheduled.isBusy) return;
    const { clock } = this.#host;
    const { reader } = scheduled;
    const beganMs = clock.monotonicMs();
    try {
      const answer = reader.read(nowMs);
      if (answer !== undefined) {
        scheduled.isBusy = true;
        void this.#answered(scheduled, answer);
        return;
      }
    } catch (error) {
      this.#failed(scheduled, nowMs, error);
      return;
    }
    const moved = this.#observe(nowMs);
    const tookMs = clock.monotonicMs() - beganMs;
    scheduled.worked(nowMs, moved, tookMs);
    this.#books.read(scheduled, tookMs / 1000);
    this.#countRefused(reader);
  }

  async #answered(scheduled: ScheduledReader, answer: Promise<void>): Promise<void> {
    const { clock } = this.#host;
    try {
      await answer;
      const moved = this.#observe(clock.monotonicMs());
      scheduled.worked(clock.monotonicMs(), moved, undefined);
      this.#books.read(scheduled, 0);
      this.#countRefused(scheduled.reader);
    } catch (error) {
      this.#failed(scheduled, clock.monotonicMs(), error);
    }
    scheduled.isBusy = false;
    this.#handOn(this.#waiting.take(clock.monotonicMs()));
  }

  /** What was read before it failed counts. */
  #failed(scheduled: ScheduledReader, nowMs: number, error: unknown): void {
    this.#observe(nowMs);
    const { name, component } = scheduled.reader;
    const reason = scheduled.failed(nowMs, error);
    if (reason === undefined) return;
    this.#host.count('failures', 1, { component, reason });
    this.#host.log('warning', `UNREAD_${name.toUpperCase().replace(' ', '_')}`, `${name}: ${String(error)}; left out`);
  }

  /** Counts series there was no room for, whenever a reader asked for one. */
  #countRefused({ name, component }: Reader): void {
    const refused = this.#table.takeRefused();
    if (refused === 0) return;
    this.#host.count('failures', refused, { component, reason: 'too_many_series' });
    this.#host.log('warning', 'READINGS_FULL', `${name}: no room for ${refused} series; left out`);
  }

  /** @returns whether any series moved */
  #observe(nowMs: number): boolean {
    let moved = false;
    this.#table.takeGone((row, described) => this.#close(row, described, nowMs));
    this.#table.takeTouched((row, { spec }, value) => {
      if (!this.#open.has(row)) this.#begin(row, spec);
      const pushesAll = !this.#config.adaptive_sampling.enabled || this.#isUrgent(spec.component);
      if (pushesAll) this.#waiting.hurry();
      if (this.#control.observe(row, value, nowMs, pushesAll)) moved = true;
    });
    return moved;
  }

  #begin(row: number, spec: SeriesSpec): void {
    const { component, follows, isRatio, isMean = false, isDear = false, leastScale = 0 } = spec;
    const { threshold, baseIntervalS: patienceS } = ruleOf(this.#config, component);
    this.#control.open(row, { follows, isRatio, isMean, isDear, threshold, patienceS, leastScale });
    this.#open.add(row);
    this.#books.began(component);
  }

  #close(row: number, described: Described, nowMs: number): void {
    if (!this.#open.delete(row)) return;
    this.#restarts.delete(row);
    this.#books.ended(described.spec.component);
    this.#give(described.spec.component, this.#maker.end(described, this.#wallMs(nowMs)));
  }

  /** Repeats what would be older than a heartbeat at the next beat. */
  #beat(nowMs: number): void {
    const due = this.#beats.due(this.#open, (row) => this.#control.pushedMs(row), nowMs);
    for (const row of due) this.#control.beat(row, nowMs);
    // Nothing is to be older than a heartbeat where it goes.
    if (due.length > 0) this.#waiting.hurry();
  }

  /** Sets the gauges twice a heartbeat. */
  #figures(nowMs: number): void {
    if (nowMs < this.#figuresDueMs) return;
    this.#figuresDueMs = nowMs + (this.#config.heartbeat * 1000) / 2;
    const fixedMs = this.#config.adaptive_sampling.enabled ? undefined : FIXED_MS;
    const intervalMs = ({ currentIntervalMs }: ScheduledReader): number => fixedMs ?? currentIntervalMs;
    this.#books.figures(this.#readers, intervalMs, (component) => this.#errorRatio(component));
  }

  #errorRatio(component: Component): number {
    let worst = 0;
    for (const row of this.#open) {
      const scale = this.#control.scale(row);
      if (this.#table.described[row]?.spec.component !== component || scale === 0) continue;
      worst = Math.max(worst, this.#control.statedError(row) / scale);
    }
    return worst;
  }

  #take(row: number, value: number, timeMs: number): void {
    const described = this.#table.described[row];
    if (described === undefined) return;
    const point = this.#maker.point(described, value, this.#wallMs(timeMs), this.#restarts.get(row));
    this.#give(described.spec.component, point);
  }

  #give(component: Component, point: DataPoint): void {
    this.#waiting.add({ component, point });
  }

  #handOn(waited: readonly WaitingPoint[]): void {
    if (waited.length === 0) return;
    for (const { component } of waited) this.#books.gave(component);
    const points = waited.map(({ point }) => point);
    this.#next.consume({ signal: 'metrics', points }).catch((error: unknown) => {
      this.#host.log('error', 'INTERNAL', `readings were not taken: ${String(error)}`);
    });
  }

  #isUrgent(component: Component): boolean {
    return (this.#urgentMs.get(component) ?? -Infinity) > this.#host.clock.monotonicMs();
  }

  #wallMs(monotonicMs: number): number {
    const { clock } = this.#host;
    return clock.nowMs() - clock.monotonicMs() + monotonicMs;
  }
}
