// Learns what is normal for each operation and says when one leaves it. Is told of counted spans; says groups of violations.
import type { MeasuredSpans } from '../measure/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { BaselineConfig, baselineConfig } from './config.ts';
import type { Severity, Subject, ViolationGroup } from './contract.ts';
import { baselineInstruments, SEVERITIES } from './instruments.ts';
import { Investigator, type TraceSource } from './investigator.ts';
import { LiveSteps, MAX_OPERATIONS, STEP_MS } from './live-steps.ts';
import { Operation, type WatchOptions } from './operation.ts';
import type { Change } from './violation-state.ts';
import { Violations } from './violations.ts';

type BaselineHost = Host<keyof typeof baselineInstruments>;

const EXPIRE_EVERY_MS = 60_000;
/** Groups that change within one second, each shown by traces. */
const MAX_SHOWN = 20;
/** The second that a span ended in is found from the high and low words of its nanoseconds. */
const HIGH_SECONDS = 2 ** 32 / 1e9;
const BIN_SHIFT = 1;
const BINS_BELOW = 64;
const LAST_BIN = 255;

/** A series of span metrics has an operation, or none that is watched. */
const UNWATCHED = -1;

/** An operation with what is known of it. */
export interface WatchedOperation {
  readonly subject: Subject;
  /** Number of its service. */
  readonly service: number;
  readonly operation: Operation;
}

interface Watched extends WatchedOperation {
  usedMs: number;
}

export const baseline = {
  name: 'baseline',
  instruments: baselineInstruments,
  create: (config, host, next) => new BaselineStage(config, host, next),
} satisfies StageDef<typeof baselineConfig, typeof baselineInstruments, never, ViolationGroup>;

/** Finds kept traces that show an operation. */
export type TracesOf = (attributes: Subject['attributes']) => Iterable<string>;

export class BaselineStage implements Stage<never> {
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
  /** Kept traces are found here. */
  tracesOf: TracesOf = () => [];
  #investigator: Investigator | undefined;
  /** Groups that changed in the second that is being closed. */
  readonly #changed = new Set<string>();
  /** Counts changes of violations, so that who shows them knows when to. */
  changes = 0;

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
  }

  async start(): Promise<void> {
    const { clock } = this.#host;
    this.#cancel.push(
      clock.every(STEP_MS, () => this.#close(clock.nowMs())),
      clock.every(EXPIRE_EVERY_MS, () => this.#expire(clock.nowMs())),
    );
  }

  /** Violations are looked into with the traces of this source. */
  investigate(source: TraceSource): void {
    this.#investigator = new Investigator(this.#host.clock, source);
  }

  async stop(): Promise<void> {
    this.#investigator?.stop();
    for (const cancel of this.#cancel.splice(0)) cancel();
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

  /** How many violations are open. */
  openBySeverity(): Record<Severity, number> {
    return this.#violations.openBySeverity();
  }

  /** What is watched, with what is known of it. */
  *operations(): Generator<WatchedOperation> {
    for (const watched of this.#watched) if (watched !== undefined) yield watched;
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

  #step(operation: number, step: Parameters<Operation['take']>[0]): void {
    const watched = this.#watched[operation];
    if (watched === undefined) return;
    for (const change of watched.operation.take(step)) {
      // Where all change at once, a few show what there is to see.
      const traceIds = this.#changed.size < MAX_SHOWN ? [...this.tracesOf(watched.subject.attributes)] : [];
      const { groupId, isNew } = this.#violations.take(watched.subject, change, traceIds);
      if (isNew && change.severity !== 'none') this.#begin(watched.subject, change, change.severity);
      this.changes++;
      this.#changed.add(groupId);
    }
  }

  #begin(subject: Subject, { kind, onsetMs }: Change, severity: Severity): void {
    this.#host.count('violations', 1, { kind, severity });
    if (kind !== 'latency' && kind !== 'error') return;
    this.#investigator?.begin(subject, kind, onsetMs, (finding) => {
      const group = this.#violations.found(subject, kind, finding);
      if (group !== undefined) void this.#next.consume(group);
      return group !== undefined;
    });
  }

  #close(nowMs: number): void {
    const { late } = this.#steps;
    this.#steps.close(nowMs);
    // A group is told of once, however many of its members changed.
    for (const id of this.#changed) {
      const group = this.#violations.group(id);
      if (group !== undefined) void this.#next.consume(group);
    }
    this.#changed.clear();
    this.#host.record('step_delay', this.#steps.delayMs(nowMs) / 1000);
    if (this.#steps.late > late) this.#host.count('late_spans', this.#steps.late - late);
    const open = this.openBySeverity();
    for (const severity of SEVERITIES) this.#host.record('open_violations', open[severity], { severity });
  }

  #learnSeries(at: number, generation: number, of: ReturnType<MeasuredSpans['operationAt']>, nowMs: number): void {
    this.#generation[at] = generation;
    this.#isError[at] = of?.isError === true ? 1 : 0;
    this.#operationOf[at] = of === undefined ? UNWATCHED : this.#operationNamed(of, nowMs);
  }

  #operationNamed({ service, name, kind }: { service: string; name: string; kind: string }, nowMs: number): number {
    const key = JSON.stringify([service, name, kind]);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= Math.min(MAX_OPERATIONS, this.#config.max_operations ?? MAX_OPERATIONS)) return UNWATCHED;
    let id = this.#services.get(service);
    if (id === undefined) this.#services.set(service, (id = this.#services.size));
    const attributes = { 'service.name': service, 'span.name': name, 'span.kind': kind };
    const at = this.#free.pop() ?? this.#watched.length;
    const operation = new Operation(this.#options);
    this.#watched[at] = {
      subject: { key, name: `${service} ${name}`, attributes },
      service: id,
      operation,
      usedMs: nowMs,
    };
    this.#byKey.set(key, at);
    this.#steps.register(id, at, nowMs);
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
