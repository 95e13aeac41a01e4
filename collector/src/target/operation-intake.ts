// Seconds of operations, for the targets that ask for them.
import type { Subject } from '../baseline/contract.ts';
import type { TargetsConfig } from './config.ts';
import type { Judged } from './judged.ts';
import { operationTest } from './matching.ts';
import type { Subjects } from './subjects.ts';
import { type Distribution, needsDistribution } from './tally.ts';
import { operationTarget, type Target } from './target.ts';

/** Thousands for which there is no room would else ask each second. */
const ASK_AGAIN_MS = 10_000;

/** Calls of one operation that ended within one second. */
export interface Second {
  /** Its end; Unix milliseconds. */
  readonly timeMs: number;
  readonly calls: number;
  readonly errors: number;
  /** Durations in seconds; asked for where a target needs it. */
  durations(): Distribution;
}

interface Asked {
  readonly target: Target;
  /** Once it was called. */
  judged: Judged | undefined;
  /** There was no room for it; it is asked for again then. */
  refusedUntilMs: number;
}

export class OperationIntake {
  readonly #subjects: Subjects;
  readonly #targets: readonly { readonly target: Target; readonly test: ReturnType<typeof operationTest> }[];
  /** By the subject of `baseline`, which lives as long as its operation is watched. */
  readonly #asked = new WeakMap<Subject, readonly Asked[]>();
  /** Up to when each was counted. */
  readonly untilMs = new WeakMap<Judged, number>();

  constructor(config: TargetsConfig['operations'], subjects: Subjects) {
    this.#subjects = subjects;
    this.#targets = Object.entries(config)
      .filter(([, { enabled }]) => enabled)
      .map(([name, each]) => ({ target: operationTarget(name, each), test: operationTest(each) }));
  }

  get targets(): Target[] {
    return this.#targets.map(({ target }) => target);
  }

  take(subject: Subject, second: Second, nowMs: number): void {
    let asked = this.#asked.get(subject);
    if (asked === undefined) {
      const wanted = this.#targets.filter(({ test }) => test(subject.attributes));
      asked = wanted.map(({ target }) => ({ target, judged: undefined, refusedUntilMs: 0 }));
      this.#asked.set(subject, asked);
    }
    for (const each of asked) this.#count(each, subject, second, nowMs);
  }

  #count(asked: Asked, subject: Subject, second: Second, nowMs: number): void {
    const { calls, errors, timeMs } = second;
    const { target } = asked;
    if (asked.judged?.isForgotten !== false) {
      // What is not called is not judged, but for what was not called enough.
      if (calls === 0 || nowMs < asked.refusedUntilMs) return;
      asked.judged = this.#subjects.of(target, `${target.name} ${subject.key}`, () => subject);
      if (asked.judged === undefined) {
        asked.refusedUntilMs = nowMs + ASK_AGAIN_MS;
        return;
      }
    }
    const { judged } = asked;
    if (calls > 0) judged.heardMs = nowMs;
    this.untilMs.set(judged, timeMs);
    const { statistic } = target;
    if (statistic === 'rate') return judged.add(timeMs, { count: calls, seconds: 1 });
    if (calls === 0) return undefined;
    if (statistic === 'error_ratio') return judged.add(timeMs, { count: calls, part: errors });
    const distribution = second.durations();
    const sum = distribution.sum ?? NaN;
    return judged.add(
      timeMs,
      needsDistribution(statistic) ? { count: calls, sum, distribution } : { count: calls, sum },
    );
  }
}
