// Learns what is normal for each operation and says when one leaves it. Is told of counted spans; says groups of violations.
import type { MeasuredSpans } from '../measure/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { BaselineConfig, baselineConfig } from './config.ts';
import type { StateStore } from '../store/contract.ts';
import type { BaselineChange, BaselineChanges, Subject, ViolationGroup, ViolationKind } from './contract.ts';
import { baselineInstruments, SEVERITIES } from './instruments.ts';
import { Keeping } from './keeping.ts';
import { LiveSteps, MAX_OPERATIONS, STEP_MS } from './live-steps.ts';
import { Operation, type WatchOptions } from './operation.ts';
import type { RestoredOperation } from './saved.ts';
import type { Change } from './violation-state.ts';
import { Violations } from './violations.ts';
import { subjectOf, type Watched } from './watched.ts';

type BaselineHost = Host<keyof typeof baselineInstruments>;

const EXPIRE_EVERY_MS = 60_000;
/** The second that a span ended in is found from the high and low words of its nanoseconds. */
const HIGH_SECONDS = 2 ** 32 / 1e9;
const BIN_SHIFT = 1;
const BINS_BELOW = 64;
const LAST_BIN = 255;

/** Kinds of violations that operations have. */
const OPERATION_KINDS: readonly ViolationKind[] = ['latency', 'error', 'throughput', 'hang'];

/** A series of span metrics has an operation, or none that is watched. */
const UNWATCHED = -1;

export const baseline = {
  name: 'baseline',
  instruments: baselineInstruments,
  create: (config, host, next) => new BaselineStage(config, host, next),
} satisfies StageDef<typeof baselineConfig, typeof baselineInstruments, never, ViolationGroup>;

/** Finds kept traces that show an operation. */
export type TracesOf = (attributes: Subject['attributes']) => Iterable<string>;

export class BaselineStage implements Stage<never>, BaselineChanges {
  readonly #config: BaselineConfig;
  readonly #host: BaselineHost;
  readonly #options: WatchOptions;
  readonly #steps: LiveSteps;
  readonly #violations: Violations;
  readonly #next: Consumer<ViolationGroup>;
  readonly #watched: (Watched | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #services = new Map<string, number>();
  /** By series of span metrics: operation, whether it counts errors, and the generation both are of. */
  #operationOf = new Int32Array(0);
  #isError = new Uint8Array(0);
  #generation = new Uint32Array(0);
  #cancel: (() => void)[] = [];
  /** Groups whoever is next is told of once they are written down, so that after a restart they are not told again. */
  #told: ViolationGroup[] = [];
  readonly #keeping: Keeping;
  /** Kept traces are found here. */
  tracesOf: TracesOf = () => [];

  constructor(config: BaselineConfig, host: BaselineHost, next: Consumer<ViolationGroup>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    const secondsPerFalseAlarm = config.false_alarm_every / 1000;
    this.#options = { stepMs: STEP_MS, seasonMs: config.season, learnUntilMs: undefined, secondsPerFalseAlarm };
    this.#steps = new LiveSteps((operation, step) => this.#step(operation, step));
    this.#violations = new Violations(() =>
      Math.floor(host.random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    );
    this.#keeping = new Keeping(host, this.#violations);
  }

  /** Where what is learned is kept over restarts; without one it is not. To be set before `start`. */
  set stateStore(store: StateStore | undefined) {
    this.#keeping.store = store;
  }

  async start(): Promise<void> {
    const { clock } = this.#host;
    await this.#keeping.load(this.#options, (restored) => this.#resume(restored, clock.nowMs()));
    this.#endOrphans(clock.nowMs());
    this.#cancel.push(
      clock.every(STEP_MS, () => this.#close(clock.nowMs())),
      clock.every(EXPIRE_EVERY_MS, () => this.#expire(clock.nowMs())),
    );
  }

  async stop(): Promise<void> {
    if (this.#cancel.length === 0) return;
    for (const cancel of this.#cancel.splice(0)) cancel();
    const nowMs = this.#host.clock.nowMs();
    await this.#save(nowMs);
    await this.#keeping.saveAll(this.#watched, nowMs);
  }

  /** Nothing flows through: spans are told of by `observe`. */
  async consume(): Promise<void> {}

  /** Takes a batch that was counted. */
  observe(batch: SpanBatch, { series, buckets, generation, operationAt }: MeasuredSpans): void {
    const { receivedMs, count, endHigh, endLow } = batch;
    this.#fit(generation.length);
    let unwatched = 0;
    let service = -1;
    for (let row = 0; row < count; row++) {
      const at = series[row];
      if (this.#generation[at] !== generation[at]) this.#learnSeries(at, generation[at], operationAt(at), receivedMs);
      const operation = this.#operationOf[at];
      const watched = operation === UNWATCHED ? undefined : this.#watched[operation];
      if (watched === undefined) {
        unwatched++;
        continue;
      }
      if (watched.service !== service) {
        if (service >= 0) this.#steps.endBatch(service, receivedMs);
        ({ service } = watched);
      }
      watched.usedMs = receivedMs;
      const second = Math.floor(endHigh[row] * HIGH_SECONDS + endLow[row] / 1e9);
      this.#steps.add(service, operation, second, binOfBucket(buckets[row]), this.#isError[at] === 1);
    }
    if (service >= 0) this.#steps.endBatch(service, receivedMs);
    if (unwatched > 0) this.#host.count('unwatched_spans', unwatched);
  }

  /** Groups of violations, those that are open first. */
  groups(): readonly ViolationGroup[] {
    return this.#violations.groups();
  }

  /** What is watched, with what is known of it. */
  *operations(): Generator<{ readonly subject: Subject; readonly operation: Operation }> {
    for (const watched of this.#watched) if (watched !== undefined) yield watched;
  }

  async change(change: BaselineChange, name: string): Promise<readonly string[]> {
    const nowMs = this.#host.clock.nowMs();
    const changed = this.#watched
      .filter((watched) => watched?.subject.name === name)
      .filter((each) => each !== undefined);
    for (const watched of changed) {
      this.#tell(watched, watched.operation[change](nowMs));
      this.#keeping.happened(watched);
    }
    await this.#save(nowMs);
    return changed.map(({ subject }) => `${name} (${subject.attributes['span.kind']})`);
  }

  #step(operation: number, step: Parameters<Operation['take']>[0]): void {
    const watched = this.#watched[operation];
    if (watched === undefined) return;
    const { version } = watched.operation;
    this.#tell(watched, watched.operation.take(step));
    // What took so long to learn is not put at risk any longer.
    if (watched.operation.version !== version) watched.dueMs = 0;
  }

  #tell(watched: Watched, changes: readonly Change[]): void {
    for (const change of changes) {
      this.#tellOf(watched.subject, change);
      this.#keeping.happened(watched);
    }
  }

  #tellOf(subject: Subject, change: Change): void {
    const traceIds = [...this.tracesOf(subject.attributes)];
    const { group, isNew } = this.#violations.take(subject, change, traceIds);
    if (isNew && change.severity !== 'none')
      this.#host.count('violations', 1, { kind: change.kind, severity: change.severity });
    this.#told.push(group);
  }

  async #save(nowMs: number): Promise<void> {
    const told = this.#told.splice(0);
    await this.#keeping.save(this.#watched, nowMs);
    for (const group of told) void this.#next.consume(group);
  }

  #close(nowMs: number): void {
    const { late } = this.#steps;
    this.#steps.close(nowMs);
    this.#host.record('step_delay', this.#steps.delayMs(nowMs) / 1000);
    if (this.#steps.late > late) this.#host.count('late_spans', this.#steps.late - late);
    const open = this.#violations.openBySeverity();
    for (const severity of SEVERITIES) this.#host.record('open_violations', open[severity], { severity });
    void this.#save(nowMs);
  }

  /** Goes on with an operation of before a restart. */
  #resume({ service, name, kind, usedMs, operation }: RestoredOperation, nowMs: number): boolean {
    if (this.#byKey.size >= this.#most) return false;
    const at = this.#add(subjectOf(service, name, kind), operation, usedMs);
    this.#steps.resume(this.#serviceNamed(service), at, nowMs);
    return true;
  }

  /** Ends violations whose operation is not known any more, or not as violated: nobody would see them end. */
  #endOrphans(nowMs: number): void {
    for (const { members } of this.#violations.groups())
      for (const { subject, kind, severity, onsetMs, ratio, explanation } of members) {
        const isOfOperation = OPERATION_KINDS.includes(kind);
        const watched = this.#watched[this.#byKey.get(subject.key) ?? -1];
        if (severity === 'none' || !isOfOperation || watched?.operation.open.includes(kind) === true) continue;
        const { calls, quantiles } = explanation;
        const change = { timeMs: nowMs, kind, severity: 'none', onsetMs, ratio, nats: 0, calls, quantiles } as const;
        this.#tellOf(subject, { ...change, ended: 'forgotten' });
      }
  }

  #learnSeries(at: number, generation: number, of: ReturnType<MeasuredSpans['operationAt']>, nowMs: number): void {
    this.#generation[at] = generation;
    this.#isError[at] = of?.isError === true ? 1 : 0;
    this.#operationOf[at] = of === undefined ? UNWATCHED : this.#operationNamed(of, nowMs);
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
    return Math.min(MAX_OPERATIONS, this.#config.max_operations);
  }

  #serviceNamed(name: string): number {
    let id = this.#services.get(name);
    if (id === undefined) this.#services.set(name, (id = this.#services.size));
    return id;
  }

  #add(subject: Subject, operation: Operation, usedMs: number): number {
    const at = this.#free.pop() ?? this.#watched.length;
    const service = this.#serviceNamed(subject.attributes['service.name'] ?? '');
    const dueMs = this.#keeping.firstDueMs(this.#host.clock.nowMs());
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
      for (const change of watched.operation.forget(nowMs)) this.#tellOf(watched.subject, change);
      this.#keeping.forget(watched);
      this.#steps.forget(watched.service, at);
      this.#byKey.delete(watched.subject.key);
      this.#watched[at] = undefined;
      this.#free.push(at);
      // Series that point here are found anew.
      this.#generation.fill(0);
    });
    for (const state of ['learning', 'provisional', 'learned'] as const)
      this.#host.record('operations', states[state], { state });
  }

  #fit(series: number): void {
    if (this.#operationOf.length >= series) return;
    this.#operationOf = new Int32Array(series).fill(UNWATCHED);
    this.#isError = new Uint8Array(series);
    this.#generation = new Uint32Array(series);
  }
}

/** Bins are two buckets each; see bins.ts. */
function binOfBucket(bucket: number): number {
  if (bucket < 0) return 0;
  const bin = (bucket >> BIN_SHIFT) - BINS_BELOW;
  return bin < 0 ? 0 : bin < LAST_BIN ? bin : LAST_BIN;
}
