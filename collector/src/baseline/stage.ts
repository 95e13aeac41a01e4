// Learns what is normal for each operation and says when one leaves it. Is told of counted spans; says groups of violations.
import type { MeasuredSpans } from '../measure/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { binOfBucket } from './bins.ts';
import type { BaselineConfig, baselineConfig } from './config.ts';
import type { StateStore } from '../store/contract.ts';
import type {
  BaselineChange,
  BaselineChanges,
  Change,
  Severity,
  Subject,
  ViolationGroup,
  ViolationSink,
} from './contract.ts';
import { baselineInstruments, SEVERITIES } from './instruments.ts';
import type { TraceSource } from './investigator.ts';
import { LiveSteps, MAX_OPERATIONS, STEP_MS, type Taking } from './live-steps.ts';
import { Operation, type WatchOptions } from './operation.ts';
import { ResourceKeys } from './resource-keys.ts';
import type { RestoredOperation } from './saved.ts';
import { Saying, type TracesOf } from './saying.ts';
import { SeriesOperations, UNWATCHED } from './series-operations.ts';
import type { Step } from './step.ts';
import { subjectOf, type Watched, type WatchedOperation } from './watched.ts';

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
  create: (config, host, next) => new BaselineStage(config, host, next),
} satisfies StageDef<typeof baselineConfig, typeof baselineInstruments, never, ViolationGroup>;

export class BaselineStage implements Stage<never>, BaselineChanges {
  readonly #config: BaselineConfig;
  readonly #host: BaselineHost;
  readonly #options: WatchOptions;
  readonly #steps: LiveSteps;
  readonly #saying: Saying;
  readonly #watched: (Watched | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #services = new Map<string, number>();
  readonly #series = new SeriesOperations((of, nowMs) => this.#operationNamed(of, nowMs));
  readonly #resources: ResourceKeys;
  /** What was told of when it was told of last, and when. */
  #flushed = { changes: 0, monotonicMs: -Infinity };
  #cancel: (() => void)[] = [];
  /** Is told the ids of groups that are open, once those of before a restart are read. */
  resumed: (open: ReadonlySet<string>) => void = () => {};
  /** Is told of every closed second of an operation; the step is reused. */
  stepped: (subject: Subject, step: Step) => void = () => {};

  constructor(config: BaselineConfig, host: BaselineHost, next: Consumer<ViolationGroup>) {
    this.#config = config;
    this.#host = host;
    const secondsPerFalseAlarm = config.false_alarm_every / 1000;
    this.#options = { stepMs: STEP_MS, seasonMs: config.season, learnUntilMs: undefined, secondsPerFalseAlarm };
    this.#steps = new LiveSteps((operation, step) => this.#step(operation, step));
    this.#saying = new Saying(host, next);
    this.#resources = new ResourceKeys(Math.floor(host.random() * 2 ** 32));
  }

  /** Takes violations that are found elsewhere. */
  get sink(): ViolationSink {
    return this.#saying;
  }

  /** Kept traces are found here. */
  set tracesOf(tracesOf: TracesOf) {
    this.#saying.tracesOf = tracesOf;
  }

  /** Where what is learned is kept over restarts; without one it is not. To be set before `start`. */
  set stateStore(store: StateStore | undefined) {
    this.#saying.keeping.store = store;
  }

  async start(): Promise<void> {
    const { clock } = this.#host;
    // Ten thousand operations take some seconds to read. Where they take longer, the rest comes while spans do.
    const late = new Promise<void>((resolve) => this.#cancel.push(clock.after(READ_WITHIN_MS, resolve)));
    await Promise.race([this.#read(), late]);
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
    await this.#saying.flush(this.#watched, nowMs);
    await this.#saying.keeping.saveAll(this.#watched);
  }

  /** Nothing flows through: spans are told of by `observe`. */
  async consume(): Promise<void> {}

  /** Takes a batch that was counted. */
  observe(batch: SpanBatch, spans: MeasuredSpans): void {
    const { receivedMs, count, endHigh, endLow, context, contexts } = batch;
    const { series, buckets, generation } = spans;
    this.#series.fit(generation.length);
    let unwatched = 0;
    let [taking, contextId]: [Taking | undefined, number] = [undefined, -1];
    for (let row = 0; row < count; row++) {
      const at = series[row];
      const operation = this.#series.at(at, spans, receivedMs);
      const watched = operation === UNWATCHED ? undefined : this.#watched[operation];
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
  openBySeverity(): Record<Severity, number> {
    return this.#saying.violations.openBySeverity();
  }

  /** Counts changes of violations, so that who shows them knows when to. */
  get changes(): number {
    return this.#saying.changes;
  }

  /** What is watched, with what is known of it. */
  *operations(): Generator<WatchedOperation> {
    for (const watched of this.#watched) if (watched !== undefined) yield watched;
  }

  async change(change: BaselineChange, name: string): Promise<readonly string[]> {
    const nowMs = this.#host.clock.nowMs();
    const changed = this.#watched
      .filter((watched) => watched?.subject.name === name)
      .filter((each) => each !== undefined);
    for (const watched of changed) {
      this.#tell(watched, watched.operation[change](nowMs));
      this.#saying.keeping.happened(watched);
    }
    await this.#saying.flush(this.#watched, nowMs);
    return changed.map(({ subject }) => `${name} (${subject.attributes['span.kind']})`);
  }

  /** One of them. @param key of its subject */
  watchedBy(key: string): WatchedOperation | undefined {
    const at = this.#byKey.get(key);
    return at === undefined ? undefined : this.#watched[at];
  }

  /** How long after its end a second of an operation is judged. */
  judgedAfterMs({ service }: WatchedOperation): number {
    return this.#steps.closedAfterMs(service);
  }

  #step(operation: number, step: Step): void {
    const watched = this.#watched[operation];
    if (watched === undefined) return;
    const { version } = watched.operation;
    this.stepped(watched.subject, step);
    this.#tell(watched, watched.operation.take(step));
    // What took so long to learn is not put at risk any longer.
    if (watched.operation.version !== version) watched.dueMs = 0;
  }

  #tell(watched: Watched, changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#saying.say(watched.subject, changes);
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
    void this.#saying.flush(this.#watched, nowMs);
  }

  /** Reads what was known before a restart. */
  async #read(): Promise<void> {
    const { clock } = this.#host;
    const take = (restored: RestoredOperation): boolean => this.#resume(restored, clock.nowMs());
    // What was not read is not over.
    if (!(await this.#saying.keeping.load(this.#options, take))) return;
    const operationOf = (key: string): Operation | undefined => this.#watched[this.#byKey.get(key) ?? -1]?.operation;
    this.#saying.resume(operationOf, clock.nowMs());
    const open = this.groups().filter(({ severity }) => severity !== 'none');
    this.resumed(new Set(open.map(({ id }) => id)));
  }

  /** Goes on with an operation of before a restart. @returns false where there is no room for it */
  #resume({ service, name, kind, usedMs, operation }: RestoredOperation, nowMs: number): boolean {
    const subject = subjectOf(service, name, kind);
    const known = this.#watched[this.#byKey.get(subject.key) ?? -1];
    // It was called before it was read.
    if (known !== undefined) known.operation = operation;
    else if (this.#byKey.size >= this.#most) return false;
    else this.#steps.resume(this.#serviceNamed(service), this.#add(subject, operation, usedMs), nowMs);
    return true;
  }

  #operationNamed({ service, name, kind }: { service: string; name: string; kind: string }, nowMs: number): number {
    const subject = subjectOf(service, name, kind);
    const known = this.#byKey.get(subject.key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#most) return UNWATCHED;
    const at = this.#add(subject, new Operation(this.#options), nowMs);
    this.#steps.register(this.#serviceNamed(service), at, nowMs);
    return at;
  }

  get #most(): number {
    return Math.min(MAX_OPERATIONS, this.#config.max_operations ?? MAX_OPERATIONS);
  }

  #serviceNamed(name: string): number {
    let id = this.#services.get(name);
    if (id === undefined) this.#services.set(name, (id = this.#services.size));
    return id;
  }

  #add(subject: Subject, operation: Operation, usedMs: number): number {
    const at = this.#free.pop() ?? this.#watched.length;
    const service = this.#serviceNamed(subject.attributes['service.name'] ?? '');
    const dueMs = this.#saying.keeping.firstDueMs(this.#host.clock.nowMs());
    this.#watched[at] = { subject, service, operation, usedMs, dueMs };
    this.#byKey.set(subject.key, at);
    return at;
  }

  /** Forgets operations that are called no more; a stop that is open is not forgotten before. */
  #expire(nowMs: number): void {
    const states = { learning: 0, provisional: 0, learned: 0 };
    this.#watched.forEach((watched, at) => {
      if (watched === undefined) return;
      const { learned, isProvisional } = watched.operation;
      states[learned === undefined ? 'learning' : isProvisional ? 'provisional' : 'learned']++;
      if (nowMs - watched.usedMs < this.#config.operation_ttl) return;
      this.#tell(watched, watched.operation.forget(nowMs));
      this.#saying.keeping.forget(watched);
      this.#steps.forget(watched.service, at);
      this.#byKey.delete(watched.subject.key);
      this.#watched[at] = undefined;
      this.#free.push(at);
      // Series that point here are found anew.
      this.#series.forget();
    });
    for (const state of ['learning', 'provisional', 'learned'] as const)
      this.#host.record('operations', states[state], { state });
  }
}
