// Calls of one operation that have stopped, and come again. Evidence is how unlikely the gap is at the rate there was.
import type { CallRate } from './call-rate.ts';
import type { Change } from './contract.ts';
import type { Learned } from './learned.ts';
import type { Step } from './step.ts';
import { ViolationState } from './violation-state.ts';

/** Rates fall without anything being wrong; this share of what is expected is still expected. */
const SURE_SHARE = 0.6;
/** And a gap is none that was seen before, with so much on top: more where calls come in bursts. */
const GAP_FACTOR = 1.6;
const BURSTY_GAP_FACTOR = 2.5;
/** The longest gap of independent calls is the logarithm of their number; one so much longer tells of bursts. */
const BURSTY = 1.4;
/** A process that is held up for a second or two, as by its garbage, has not stopped, however often it is called. */
const LEAST_SILENT_MS = 3000;
/** It is over when so much of what is surely expected comes again, for so long. */
const BACK_SHARE = 0.4;
const BACK_MS = 6000;

export class SilenceWatch {
  readonly #rate: CallRate;
  readonly #learnedPerS: number;
  readonly #thresholdNats: number;
  /** Calls missed in the longest gap that was normal. */
  readonly #usualMissed: number;
  readonly #leastMissed: number;
  #violation: ViolationState | undefined;
  #backMs = NaN;
  #backCalls = 0;

  /** @param rate of late; kept by this watch from now on; @param usualMissed calls missed in the longest normal gap */
  constructor(
    rate: CallRate,
    { callsPerSecond, calls }: Pick<Learned, 'callsPerSecond' | 'calls'>,
    thresholdNats: number,
    usualMissed = rate.longestMissed,
  ) {
    this.#rate = rate;
    this.#learnedPerS = callsPerSecond;
    this.#usualMissed = usualMissed;
    const isBursty = usualMissed > BURSTY * Math.log(calls);
    this.#leastMissed = usualMissed * (isBursty ? BURSTY_GAP_FACTOR : GAP_FACTOR);
    this.#thresholdNats = thresholdNats;
  }

  /** Takes a second. @returns what changed */
  take({ timeMs, calls }: Step, lengthMs: number): Change | undefined {
    if (this.#violation !== undefined) return this.#follow(this.#violation, timeMs, calls, lengthMs);
    const missed = this.#rate.missed(timeMs);
    const isJudged = calls === 0 && missed > this.#usualMissed && this.#rate.isSettled(timeMs);
    this.#rate.take(timeMs, calls, lengthMs, isJudged);
    if (!isJudged || missed < this.#leastMissed) return undefined;
    const silentMs = timeMs - this.#rate.lastMs;
    const nats = (this.#surePerS * silentMs) / 1000;
    if (nats < this.#thresholdNats || silentMs < LEAST_SILENT_MS) return undefined;
    this.#violation = new ViolationState('throughput', this.#rate.lastMs);
    this.#backMs = NaN;
    const ratio = { value: 0, low: 0, high: 3 / nats };
    return this.#violation.update(timeMs, { ratio, nats, calls: Math.round(missed), severity: 'emergency' });
  }

  /** Ends what is open. @returns what was open, as it ends */
  end(timeMs: number): Change | undefined {
    const change = this.#violation?.end(timeMs);
    if (change !== undefined) this.#rate.lastMs = timeMs;
    this.#violation = undefined;
    return change;
  }

  /** All but calls that have come again and may end a violation. */
  snapshot() {
    return { usualMissed: this.#usualMissed, state: this.#violation?.snapshot() };
  }

  restore({ state }: ReturnType<SilenceWatch['snapshot']>): void {
    this.#violation = state === undefined ? undefined : ViolationState.restored(state);
  }

  /** How long after the last call a stop is said at the earliest, as calls come now. */
  get silentMs(): number {
    const { expectedPerS } = this.#rate;
    const seconds = Math.max(this.#leastMissed / expectedPerS, this.#thresholdNats / this.#surePerS);
    return Math.max(LEAST_SILENT_MS, 1000 * seconds);
  }

  get isViolated(): boolean {
    return this.#violation !== undefined;
  }

  get #surePerS(): number {
    return SURE_SHARE * Math.min(this.#learnedPerS, this.#rate.expectedPerS);
  }

  #follow(violation: ViolationState, timeMs: number, calls: number, lengthMs: number): Change | undefined {
    if (calls > 0 && Number.isNaN(this.#backMs)) [this.#backMs, this.#backCalls] = [timeMs - lengthMs, 0];
    if (Number.isNaN(this.#backMs)) return undefined;
    this.#backCalls += calls;
    const forMs = timeMs - this.#backMs;
    if (this.#backCalls < (BACK_SHARE * this.#surePerS * forMs) / 1000) this.#backMs = NaN;
    if (!(forMs >= BACK_MS)) return undefined;
    this.#violation = undefined;
    this.#rate.lastMs = timeMs;
    return violation.end(timeMs);
  }
}
