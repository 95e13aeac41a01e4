// Everything that is judged: made as it is heard of, forgotten when it is not, and said where it misses its target.
import type { Host } from '../pipeline/contract.ts';
import type { Change, Subject, Violation, ViolationSink } from '../baseline/contract.ts';
import type { targetInstruments } from './instruments.ts';
import { Judged } from './judged.ts';
import type { Target } from './target.ts';

export type TargetHost = Host<keyof typeof targetInstruments>;

/** Names the target among the attributes of a subject. */
export const TARGET_NAME = 'target.name';
/** Each is judged every so many looks, in turns: of thousands at once, other work would wait. */
const TURNS = 5;
/** Where a rate is to be high, silence is a miss, and is not forgotten within a night. */
const SILENT_MS = 86_400_000;

export interface SubjectLimits {
  readonly max_subjects: number;
  readonly stale_after: number;
}

/** Up to when something was counted, by the clock it is counted by. */
export type CountedUntil = (judged: Judged) => number;

export class Subjects {
  readonly #host: TargetHost;
  readonly #limits: SubjectLimits;
  readonly #byKey = new Map<string, Judged>();
  #turn = 0;
  /** Said before a restart, and not heard of since. */
  readonly #before = new Map<string, Violation>();
  #beforeUntilMs = Infinity;
  /** Takes what is said; nobody listens before it is set. */
  sink: ViolationSink | undefined;

  constructor(host: TargetHost, limits: SubjectLimits) {
    this.#host = host;
    this.#limits = limits;
  }

  /** Takes over what was said before a restart; ends at once what no target asks for any more. */
  adopt(targets: ReadonlySet<string>): void {
    const { clock } = this.#host;
    this.#beforeUntilMs = clock.monotonicMs() + this.#limits.stale_after;
    for (const violation of this.sink?.open('target') ?? []) {
      if (targets.has(violation.subject.attributes[TARGET_NAME] ?? ''))
        this.#before.set(violation.subject.key, violation);
      else this.#end(violation);
    }
  }

  /** Finds or makes one. @returns undefined where there is no room */
  of(target: Target, key: string, describe: () => Omit<Subject, 'key'>): Judged | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#limits.max_subjects) {
      this.#host.count('unjudged', 1, { reason: 'max_subjects' });
      this.#host.log('warning', 'TARGETS_FULL', 'max_subjects of targets is reached; what is further is not judged');
      return undefined;
    }
    const { name, attributes } = describe();
    const subject = { key, name, attributes: { ...attributes, [TARGET_NAME]: target.name } };
    const judged = new Judged(target, subject, this.#host.clock.monotonicMs(), this.#byKey.size % TURNS);
    const before = this.#before.get(key);
    if (before !== undefined) judged.resume(before);
    this.#before.delete(key);
    this.#byKey.set(key, judged);
    return judged;
  }

  /** All of them, in the order in which they were made. */
  all(): Iterable<Judged> {
    return this.#byKey.values();
  }

  /** Judges those whose turn it is, and forgets what was not heard of. */
  judge(until: CountedUntil): void {
    const { clock } = this.#host;
    const nowMs = clock.nowMs();
    this.#turn = (this.#turn + 1) % TURNS;
    const states = { met: 0, missed: 0, unknown: 0 };
    for (const [key, judged] of this.#byKey) {
      if (clock.monotonicMs() - judged.heardMs > this.#patienceMs(judged)) {
        this.#tell(judged, judged.forget(nowMs));
        this.#byKey.delete(key);
        continue;
      }
      if (judged.turn === this.#turn) this.#judge(judged, until(judged), nowMs);
      states[judged.state]++;
    }
    for (const state of ['met', 'missed', 'unknown'] as const) this.#host.record('subjects', states[state], { state });
    if (clock.monotonicMs() >= this.#beforeUntilMs) this.#endOthers();
  }

  #judge(judged: Judged, untilMs: number, nowMs: number): void {
    const wasOpen = judged.severity !== undefined;
    const change = judged.judge(untilMs, nowMs);
    this.#tell(judged, change);
    if (change !== undefined && change.severity !== 'none' && !wasOpen)
      this.#host.count('misses', 1, { target: judged.target.name, severity: change.severity });
  }

  /** What was said before a restart, was not heard of since, or was read too late to go on with, nobody would see end. */
  #endOthers(): void {
    this.#beforeUntilMs = Infinity;
    this.#before.clear();
    for (const violation of this.sink?.open('target') ?? [])
      if (this.#byKey.get(violation.subject.key)?.severity === undefined) this.#end(violation);
  }

  #patienceMs({ target: { statistic, direction } }: Judged): number {
    const { stale_after } = this.#limits;
    return statistic === 'rate' && direction === 'min' ? Math.max(SILENT_MS, stale_after) : stale_after;
  }

  #tell({ subject }: Judged, change: Change | undefined): void {
    if (change !== undefined) this.sink?.say(subject, [change]);
  }

  #end({ subject, onsetMs, ratio, explanation: { calls, quantiles } }: Violation): void {
    const timeMs = this.#host.clock.nowMs();
    const change = { timeMs, kind: 'target', severity: 'none', onsetMs, ratio, nats: 0, calls, quantiles } as const;
    this.sink?.say(subject, [{ ...change, ended: 'forgotten' }]);
  }
}
