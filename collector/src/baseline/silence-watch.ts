// Calls of one operation that have stopped, and come again.
import { SilenceTest } from './silence-test.ts';
import type { Step } from './step.ts';
import { type Change, ViolationState } from './violation-state.ts';

/** It is over when so much of what is surely expected comes again, for so long. */
const BACK_SHARE = 0.4;
const BACK_MS = 6_000;

export class SilenceWatch {
  readonly #test: SilenceTest;
  readonly #thresholdNats: number;
  #violation: ViolationState | undefined;
  #backMs = NaN;
  #backCalls = 0;

  /** @param lastMs when it was last called */
  constructor(
    rate: { readonly callsPerSecond: number; readonly longestGapMs: number },
    lastMs: number,
    thresholdNats: number,
  ) {
    this.#test = new SilenceTest(rate, lastMs);
    this.#thresholdNats = thresholdNats;
  }

  /** Takes a second. @returns what changed */
  take({ timeMs, calls }: Step, lengthMs: number): Change | undefined {
    if (this.#violation !== undefined) return this.#follow(this.#violation, timeMs, calls, lengthMs);
    this.#test.take(timeMs, calls, lengthMs);
    const nats = this.#test.nats(timeMs);
    if (nats < this.#thresholdNats) return undefined;
    this.#violation = new ViolationState('throughput', this.#test.lastMs);
    this.#backMs = NaN;
    return this.#violation.update(timeMs, { value: 0, low: 0, high: 3 / nats }, nats, 'emergency');
  }

  get isViolated(): boolean {
    return this.#violation !== undefined;
  }

  #follow(violation: ViolationState, timeMs: number, calls: number, lengthMs: number): Change | undefined {
    if (calls > 0 && Number.isNaN(this.#backMs)) [this.#backMs, this.#backCalls] = [timeMs - lengthMs, 0];
    if (Number.isNaN(this.#backMs)) return undefined;
    this.#backCalls += calls;
    const forMs = timeMs - this.#backMs;
    const expected = (BACK_SHARE * this.#test.surePerS * forMs) / 1000;
    if (this.#backCalls < expected) this.#backMs = NaN;
    if (!(forMs >= BACK_MS)) return undefined;
    this.#violation = undefined;
    this.#test.resume(timeMs);
    return violation.end(timeMs);
  }
}
