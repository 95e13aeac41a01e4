// Failed calls of one operation against its baseline.
import type { Change } from './contract.ts';
import { ErrorTest } from './error-test.ts';
import { errorRatio } from './estimate.ts';
import type { Learned } from './learned.ts';
import { Recovery } from './recovery.ts';
import type { Step } from './step.ts';
import { type Known, ViolationState } from './violation-state.ts';

const SURPLUS_NATS = 16;
/** Until it is raised, calls of about the last minutes count. */
const MEMORY_MS = 150_000;
/** What is said is of about the last quarter of an hour, unless the last minute says something else by so many deviations. */
const LONG_MEMORY_MS = 900_000;
const LATE_MEMORY_MS = 60_000;
const OTHERWISE_DEVIATIONS = 3;
/** One call says no more than this of recovery, nats. */
const CALL_CLIP = 3.5;
/** Failed calls since it was raised, as far as they come by themselves, that tell how bad it is without those before. */
const ENOUGH_ERRORS = 3;

/** Calls and errors of some time. */
export interface Counted {
  readonly calls: number;
  readonly errors: number;
}

/** Shared by all operations that are not in violation. */
const NONE: Counted = { calls: 0, errors: 0 };

export class ErrorWatch {
  readonly #learned: Learned;
  readonly #test: ErrorTest;
  readonly #thresholdNats: number;
  /** Calls and errors since it seemed wrong, older ones fading. */
  #calls = 0;
  #errors = 0;
  /** Those of late, by which it is seen that it got better or worse. */
  #late = NONE;
  /** What made it be raised, until enough has come since: chance has a part in that. */
  #early = NONE;
  #violation: ViolationState | undefined;
  #recovery: Recovery | undefined;

  constructor(learned: Learned, thresholdNats: number) {
    this.#learned = learned;
    this.#test = new ErrorTest(learned);
    this.#thresholdNats = thresholdNats;
  }

  /** Takes a second. @returns what changed */
  take(step: Step, lengthMs: number): Change | undefined {
    if (this.#violation !== undefined) return this.#follow(this.#violation, step, lengthMs);
    this.#test.take(step, lengthMs, this.#thresholdNats + SURPLUS_NATS);
    const { nats } = this.#test;
    if (nats === 0) [this.#calls, this.#errors] = [0, 0];
    else this.#count(step, lengthMs / MEMORY_MS);
    if (nats < this.#thresholdNats) return undefined;
    this.#violation = new ViolationState('error', this.#test.onsetMs);
    this.#recovery = new Recovery(2);
    const change = this.#violation.update(step.timeMs, this.#state(nats));
    this.#early = { calls: this.#calls, errors: this.#errors };
    [this.#calls, this.#errors] = [0, 0];
    this.#late = NONE;
    return change;
  }

  /** Ends what is open. @returns what was open, as it ends */
  end(timeMs: number): Change | undefined {
    const change = this.#violation?.end(timeMs);
    this.#violation = this.#recovery = undefined;
    return change;
  }

  /** All but evidence that is no violation yet. */
  snapshot() {
    if (this.#violation === undefined) return undefined;
    return {
      state: this.#violation.snapshot(),
      calls: this.#calls,
      errors: this.#errors,
      early: this.#early,
      late: this.#late,
      recovery: this.#recovery?.snapshot(),
    };
  }

  restore(saved: ReturnType<ErrorWatch['snapshot']>): void {
    if (saved === undefined) return;
    this.#violation = ViolationState.restored(saved.state);
    [this.#calls, this.#errors] = [saved.calls, saved.errors];
    [this.#early, this.#late] = [saved.early, saved.late];
    this.#recovery = new Recovery(2);
    if (saved.recovery !== undefined) this.#recovery.restore(saved.recovery);
  }

  get isViolated(): boolean {
    return this.#violation !== undefined;
  }

  #follow(violation: ViolationState, step: Step, lengthMs: number): Change | undefined {
    if (step.calls === 0) return undefined;
    this.#recover(step);
    if (this.#recovery?.isOver === true) {
      this.#violation = this.#recovery = undefined;
      [this.#calls, this.#errors] = [0, 0];
      this.#test.clear();
      return violation.end(step.timeMs);
    }
    if (this.#recovery?.isDoubtful === true) return undefined;
    this.#count(step, lengthMs / LONG_MEMORY_MS);
    this.#countLate(step, lengthMs);
    return violation.update(step.timeMs, this.#state(this.#thresholdNats));
  }

  /** @param faded share of what was counted that is forgotten */
  #count({ calls, errors }: Step, faded: number): void {
    this.#calls = this.#calls * (1 - faded) + calls;
    this.#errors = this.#errors * (1 - faded) + errors;
  }

  #countLate({ calls, errors }: Step, lengthMs: number): void {
    const kept = 1 - lengthMs / LATE_MEMORY_MS;
    this.#late = { calls: this.#late.calls * kept + calls, errors: this.#late.errors * kept + errors };
    const ratio = this.#errors / Math.max(1, this.#calls);
    const expected = ratio * this.#late.calls;
    const deviation = Math.sqrt(Math.max(1, expected * (1 - ratio)) * this.#learned.errorClusters);
    if (Math.abs(this.#late.errors - expected) < OTHERWISE_DEVIATIONS * deviation) return;
    [this.#calls, this.#errors] = [this.#late.calls, this.#late.errors];
  }

  #state(nats: number): Known {
    const { calls, errors } = this.#known();
    return { ratio: errorRatio(errors, calls, this.#learned), nats, calls: Math.round(calls) };
  }

  #known(): Counted {
    const own = { calls: this.#calls, errors: this.#errors };
    const enough = ENOUGH_ERRORS * this.#learned.errorClusters;
    if (this.#violation === undefined || own.errors >= enough) return own;
    return { calls: own.calls + this.#early.calls, errors: own.errors + this.#early.errors };
  }

  /** Weighs what is normal, as learned or a little more, against what it had become. */
  #recover({ calls, errors }: Step): void {
    const { within } = this.#test;
    const known = this.#known();
    const now = Math.max(1.3 * within, Math.min(0.98, known.errors / Math.max(1, known.calls)));
    [within, Math.max(this.#learned.errorRatio, 0.0005)].forEach((normal, which) => {
      const failed = Math.max(-CALL_CLIP, Math.log(normal / now));
      const good = Math.min(CALL_CLIP, Math.log((1 - normal) / (1 - now)));
      this.#recovery?.take(which, (errors * failed + (calls - errors) * good) / this.#learned.errorClusters);
    });
  }
}
