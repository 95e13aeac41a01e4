// Failed calls of one operation against its baseline.
import type { Change } from './contract.ts';
import { ErrorTest } from './error-test.ts';
import { errorRatio } from './estimate.ts';
import type { Learned } from './learned.ts';
import { Recovery } from './recovery.ts';
import type { Step } from './step.ts';
import { type Known, ViolationState } from './violation-state.ts';

const SURPLUS_NATS = 16;
/** What is said is of about the last minutes of calls. */
const MEMORY_MS = 150_000;
/** One call says no more than this of recovery, nats. */
const CALL_CLIP = 3.5;
/** Calls since it was raised that tell how bad it is by themselves. */
const ENOUGH_CALLS = 40;

export class ErrorWatch {
  readonly #learned: Learned;
  readonly #test: ErrorTest;
  readonly #thresholdNats: number;
  /** Calls and errors since it seemed wrong, older ones fading. */
  #calls = 0;
  #errors = 0;
  /** What made it be raised, until enough has come since: chance has a part in that. */
  #early = { calls: 0, errors: 0 };
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
    const { nats, onsetMs } = this.#test.best();
    if (nats === 0) [this.#calls, this.#errors] = [0, 0];
    else this.#count(step, lengthMs);
    if (nats < this.#thresholdNats) return undefined;
    this.#violation = new ViolationState('error', onsetMs);
    this.#recovery = new Recovery(2);
    const change = this.#violation.update(step.timeMs, this.#state(nats));
    this.#early = { calls: this.#calls, errors: this.#errors };
    [this.#calls, this.#errors] = [0, 0];
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
      recovery: this.#recovery?.snapshot(),
    };
  }

  restore(saved: ReturnType<ErrorWatch['snapshot']>): void {
    if (saved === undefined) return;
    this.#violation = ViolationState.restored(saved.state);
    [this.#calls, this.#errors, this.#early] = [saved.calls, saved.errors, saved.early];
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
    this.#count(step, lengthMs);
    return violation.update(step.timeMs, this.#state(this.#thresholdNats));
  }

  #count({ calls, errors }: Step, lengthMs: number): void {
    const kept = 1 - lengthMs / MEMORY_MS;
    this.#calls = this.#calls * kept + calls;
    this.#errors = this.#errors * kept + errors;
  }

  #state(nats: number): Known {
    const { calls, errors } = this.#known();
    return { ratio: errorRatio(errors, calls, this.#learned), nats, calls: Math.round(calls) };
  }

  #known(): { readonly calls: number; readonly errors: number } {
    const own = { calls: this.#calls, errors: this.#errors };
    if (this.#violation === undefined || own.calls >= ENOUGH_CALLS) return own;
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
