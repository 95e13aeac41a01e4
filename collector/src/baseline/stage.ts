// Learns what is normal for each operation and says when one leaves it. Is told of counted spans; says groups of violations.
import type { MeasuredOperation, MeasuredSpans } from '../measure/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { binOfBucket } from './bins.ts';
import type { BaselineOptions, baselineConfig } from './config.ts';
import type { StateStore } from '../store/contract.ts';
import type { BaselineChange, BaselineChanges, Change, Subject, ViolationGroup, ViolationSink } from './contract.ts';
import { baselineInstruments, SEVERITIES } from './instruments.ts';
import type { TraceSource } from './investigator.ts';
import { LiveSteps, MAX_OPERATIONS, STEP_MS, type Taking } from './live-steps.ts';
import { type LeastChange, leastChangeOf, worthTelling } from './min-change.ts';
import { Operation, type WatchOptions } from './operation.ts';
import { ReleaseWatch } from './release-watch.ts';
import { ResourceKeys } from './resource-keys.ts';
import { Saying, type TracesOf } from './saying.ts';
import { SeriesOperations, UNWATCHED } from './series-operations.ts';
import type { Step } from './step.ts';
import { TakingOver } from './taking-over.ts';
import { WatchedTable } from './watched-table.ts';
import { stateOf, subjectOf, type Watched, type WatchedOperation, watchOptions } from './watched.ts';

type BaselineHost = Host<keyof typeof baselineInstruments>;

const EXPIRE_EVERY_MS = 60_000;
/** Seconds are closed as soon as they are complete, give or take this. */
const CLOSE_EVERY_MS = 250;
/** A start has ten seconds. */
const READ_WITHIN_MS = 5000;
/** The second that a span ended in is found from the high and low words of its nanoseconds. */
const HIGH_SECONDS = 2 ** 32 / 1e9;

export const baseline = {
  name: 'baseline',
  instruments: baselineInstruments,
  create: (config: BaselineOptions, host, next) => new BaselineStage(config, host, next),
} satisfies StageDef<typeof baselineConfig, typeof baselineInstruments, never, ViolationGroup>;

export class BaselineStage implements Stage<never>, BaselineChanges {
  readonly #config: BaselineOptions;
  readonly #host: BaselineHost;
  readonly #options: WatchOptions;
  readonly #steps: LiveSteps;
  readonly #saying: Saying;
  readonly #table: WatchedTable;
  readonly #series = new SeriesOperations((of, nowMs) => this.#operationNamed(of, nowMs));
  /** What is changed of services and when. */
  readonly releases: ReleaseWatch;
  /** Takes baselines that were learned elsewhere. */
  readonly takingOver: TakingOver;
  readonly #resources: ResourceKeys;
  /** What was told of when it was told of last, and when. */
  #flushed = { changes: 0, monotonicMs: -Infinity };
  #cancel: (() => void)[] = [];
  /** Is told the ids of groups that are open, once those of before a restart are read. */
  resumed: (open: ReadonlySet<string>) => void = () => {};
  /** Is told of every closed second of an operation; the step is reused. */
  stepped: (subject: Subject, step: Step) => void = () => {};

  constructor(config: BaselineOptions, host: BaselineHost, next: Consumer<ViolationGroup>) {
    this.#config = config;
    this.#host = host;
    const options = (this.#options = watchOptions(config, STEP_MS));
    this.#steps = new LiveSteps((operation, step) => this.#step(operation, step));
    const saying = (this.#saying = new Saying(host, next));
    const most = Math.min(MAX_OPERATIONS, config.max_operations ?? MAX_OPERATIONS);
    this.#table = new WatchedTable(most, () => saying.keeping.firstDueMs(host.clock.nowMs()));
    this.takingOver = new TakingOver({ clock: host.clock, options, table: this.#table, steps: this.#steps, saying });
    this.releases = new ReleaseWatch(host, () => this.#saying.lookForChanges());
    this.#saying.changedNear = (services, onsetMs) => this.releases.known.near(services, onsetMs);
    this.#resources = new ResourceKeys(Math.floor(host.random() * 2 ** 32));
  }

  /** How much has to change of an operation so that it is told of. */
  leastChange({ subject }: Pick<WatchedOperation, 'subject'>): LeastChange {
    return leastChangeOf(this.#config.min_change, subject);
  }

  /** Takes violations that are found elsewhere. */
  get sink(): ViolationSink {
    return this.#saying;
  }

  /** Where kept traces come by: they show who calls whom. */
  get kept(): Saying['calls'] {
    return this.#saying.calls;
  }

  /** Kept traces are found here. */
  set tracesOf(tracesOf: TracesOf) {
    this.#saying.tracesOf = tracesOf;
  }

  /** Where what is learned is kept over restarts; without one it is not. To be set before `start`. */
  set stateStore(store: StateStore | undefined) {
    this.#saying.keeping.store = this.releases.store = store;
  }

  async start(): Promise<void> {
    const { clock } = this.#host;
    // Ten thousand operations take some seconds to read. Where they take longer, the rest comes while spans do.
    const late = new Promise<void>((resolve) => this.#cancel.push(clock.after(READ_WITHIN_MS, resolve)));
    const read = this.releases.load().then(() => this.takingOver.read());
    await Promise.race([read.then((open) => open !== undefined && this.resumed(open)), late]);
    this.#cancel.push(
      clock.every(CLOSE_EVERY_MS, () => this.#close(clock.nowMs())),
      clock.every(EXPIRE_EVERY_MS, () => this.#expire(clock.nowMs())),
    );
  }

  /** Violations are looked into with the traces of this source. */
  investigate(source: TraceSource): void {
    this.#saying.investigate(source);
  }

  async stop(): Promise<void> {
    this.#saying.stop();
    if (this.#cancel.length === 0) return;
    for (const cancel of this.#cancel.splice(0)) cancel();
    const nowMs = this.#host.clock.nowMs();
    await this.#saying.flush(this.#table.all, nowMs);
    await this.releases.flush();
    await this.#saying.keeping.saveAll(this.#table.all);
  }

  /** Nothing flows through: spans are told of by `observe`. */
  async consume(): Promise<void> {}

  /** Takes a batch that was counted. */
  observe(batch: SpanBatch, spans: MeasuredSpans): void {
    const { receivedMs, count, endHigh, endLow, context, contexts } = batch;
    const { series, buckets, generation } = spans;
    this.#series.fit(generation.length);
    const { all } = this.#table;
    let unwatched = 0;
    let [taking, contextId]: [Taking | undefined, number] = [undefined, -1];
    for (let row = 0; row < count; row++) {
      const at = series[row];
      const operation = this.#series.at(at, spans, receivedMs);
      const watched = operation === UNWATCHED ? undefined : all[operation];
      if (watched === undefined) {
        unwatched++;
        continue;
      }
      watched.usedMs = receivedMs;
      if (context[row] !== contextId) {
        contextId = context[row];
        const origin = contexts[contextId];
        taking = origin && this.#steps.begin(watched.service, this.#resources.of(origin));
      }
      const end = endHigh[row] * HIGH_SECONDS + endLow[row] / 1e9;
      if (taking !== undefined)
        this.#steps.add(taking, operation, end, binOfBucket(buckets[row]), this.#series.isError(at));
    }
    this.#steps.endBatch(receivedMs);
    if (unwatched > 0) this.#host.count('unwatched_spans', unwatched);
  }

  /** A body was refused by the sidecar itself: what is not called for a while may only not be heard of. */
  refused(): void {
    this.#steps.refused(this.#host.clock.nowMs());
  }

  /** Groups of violations, those that are open first. */
  groups(): readonly ViolationGroup[] {
    return this.#saying.violations.groups();
  }

  /** How many violations are open. */
  openBySeverity(): Record<(typeof SEVERITIES)[number], number> {
    return this.#saying.violations.openBySeverity();
  }

  /** Counts changes of violations, so that who shows them knows when to. */
  get changes(): number {
    return this.#saying.changes;
  }

  /** What is watched, with what is known of it. */
  *operations(): Generator<WatchedOperation> {
    for (const watched of this.#table.all) if (watched !== undefined) yield watched;
  }

  /** Senders were told to sample less: fewer calls will come, of operations that are called as often as before. */
  sampledLess(): void {
    for (const watched of this.#table.all) watched?.operation.rate.sampledLess();
  }

  async change(change: BaselineChange, name: string): Promise<readonly string[]> {
    const nowMs = this.#host.clock.nowMs();
    const changed = this.#table.all
      .filter((watched) => watched?.subject.name === name)
      .filter((each) => each !== undefined);
    for (const watched of changed) {
      this.#tell(watched, watched.operation[change](nowMs));
      this.#saying.keeping.happened(watched);
    }
    await this.#saying.flush(this.#table.all, nowMs);
    return changed.map(({ subject }) => `${name} (${subject.attributes['span.kind']})`);
  }

  /** One of them. @param key of its subject */
  watchedBy(key: string): WatchedOperation | undefined {
    return this.#table.by(key);
  }

  /** How long after its end a second of an operation is judged. */
  judgedAfterMs({ service }: WatchedOperation): number {
    return this.#steps.closedAfterMs(service);
  }

  #step(operation: number, step: Step): void {
    const watched = this.#table.all[operation];
    if (watched === undefined) return;
    const { version } = watched.operation;
    this.stepped(watched.subject, step);
    this.#tell(watched, watched.operation.take(step));
    // What took so long to learn is not put at risk any longer.
    if (watched.operation.version === version) return;
    watched.dueMs = 0;
    watched.operation.serviceVersion = this.releases.known.versionOf(watched.subject.attributes['service.name'] ?? '');
  }

  #tell(watched: Watched, changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const { violations } = this.#saying;
    const { told, withheld } = worthTelling(this.#config.min_change, watched, changes, violations);
    for (const kind of withheld) this.#host.count('withheld_changes', 1, { kind });
    this.#saying.say(watched.subject, told);
    this.#saying.keeping.happened(watched);
  }

  #close(nowMs: number): void {
    const { late } = this.#steps;
    this.#steps.close(nowMs);
    if (this.#steps.late > late) this.#host.count('late_spans', this.#steps.late - late);
    const monotonicMs = this.#host.clock.monotonicMs();
    if (this.changes === this.#flushed.changes && monotonicMs - this.#flushed.monotonicMs < STEP_MS) return;
    this.#flushed = { changes: this.changes, monotonicMs };
    this.#host.record('step_delay', this.#steps.delayMs(nowMs) / 1000);
    const open = this.openBySeverity();
    for (const severity of SEVERITIES) this.#host.record('open_violations', open[severity], { severity });
    void this.releases.flush();
    void this.#saying.flush(this.#table.all, nowMs);
  }

  #operationNamed({ service, name, kind, isEstimated }: MeasuredOperation, nowMs: number): number {
    const subject = subjectOf(service, name, kind);
    let at = this.#table.numberOf(subject.key);
    if (at === undefined) {
      if (this.#table.isFull) return UNWATCHED;
      at = this.#table.add(subject, new Operation(this.#options), nowMs);
      this.#steps.register(this.#table.serviceNamed(service), at, nowMs);
    }
    const { rate } = this.#table.all[at]?.operation ?? {};
    if (isEstimated && rate !== undefined) rate.isHeadSampled = true;
    return at;
  }

  /** Forgets operations that are called no more; a stop that is open is not forgotten before. */
  #expire(nowMs: number): void {
    const states = { learning: 0, provisional: 0, learned: 0 };
    this.#table.all.forEach((watched, at) => {
      if (watched === undefined) return;
      states[stateOf(watched)]++;
      if (nowMs - watched.usedMs < this.#config.operation_ttl) return;
      this.#tell(watched, watched.operation.forget(nowMs));
      this.#saying.keeping.forget(watched);
      this.#steps.forget(watched.service, at);
      this.#table.remove(at);
      // Series that point here are found anew.
      this.#series.forget();
    });
    for (const state of ['learning', 'provisional', 'learned'] as const)
      this.#host.record('operations', states[state], { state });
  }
}
