// Evidence that more calls fail: Bernoulli tests of several error ratios against a little more than the learned one.
import type { Learned } from './learned.ts';
import type { Step } from './step.ts';

/** What is within normal: a third more, and two in a thousand. */
const NULL_FACTOR = 1.3;
const NULL_PART = 0.002;
/** Ratios that are looked for, as factors of what is within normal; and one of a half. */
const FACTORS = [2.5, 6] as const;
const HALF = 0.5;
/** One call may say so much, and evidence may grow by so much at once and a second in the long run, nats. */
const CALL_CLIP = 3.5;
export const BURST = 3;
export const CAP = 0.9;

/** What is known of an operation's errors. */
type ErrorBaseline = Pick<Learned, 'errorRatio' | 'errorClusters' | 'calls'>;

/** What one call says for each alternative, nats, and the ratio that is within normal. */
export interface ErrorBank {
  readonly within: number;
  readonly gains: readonly { readonly failed: number; readonly good: number }[];
}

export function errorBankOf({ errorRatio, errorClusters, calls }: ErrorBaseline): ErrorBank {
  // A ratio learned from few calls is known only so well.
  const unsure = 1.5 * Math.sqrt((errorRatio * (1 - errorRatio) * errorClusters + 1 / calls) / calls);
  const within = Math.min(0.95, NULL_FACTOR * errorRatio + NULL_PART + unsure);
  const ratios = [...FACTORS.map((factor) => factor * within), HALF, 1 - (1 - within) / 4];
  const looked = ratios.filter((ratio) => ratio > 1.2 * within && ratio < 1);
  const gains = looked.map((ratio) => ({
    failed: Math.min(CALL_CLIP, Math.log(ratio / within)),
    good: Math.max(-CALL_CLIP, Math.log((1 - ratio) / (1 - within))),
  }));
  return { within, gains };
}

export class ErrorTest {
  readonly #within: number;
  /** Gain of a failed and of a good call, by alternative. */
  readonly #gains: ErrorBank['gains'];
  readonly #sums: Float64Array;
  readonly #onsets: Float64Array;
  readonly #rooms: Float64Array;
  readonly #clusters: number;

  constructor(learned: ErrorBaseline) {
    const { within, gains } = errorBankOf(learned);
    this.#within = within;
    this.#gains = gains;
    this.#sums = new Float64Array(gains.length);
    this.#onsets = new Float64Array(gains.length);
    this.#rooms = new Float64Array(gains.length).fill(BURST);
    this.#clusters = learned.errorClusters;
  }

  /** Takes a second. @param mostNats what evidence may grow to */
  take({ calls, errors, timeMs }: Step, lengthMs: number, mostNats: number): void {
    this.#rooms.forEach((room, a) => (this.#rooms[a] = Math.min(BURST, room + (CAP * lengthMs) / 1000)));
    if (calls === 0) return;
    this.#gains.forEach(({ failed, good }, a) => {
      const gain = Math.min(this.#rooms[a], (errors * failed + (calls - errors) * good) / this.#clusters);
      this.#rooms[a] -= Math.max(0, gain);
      const sum = Math.max(0, Math.min(mostNats, (this.#sums[a] ?? 0) + gain));
      this.#sums[a] = sum;
      if (sum === 0) this.#onsets[a] = timeMs;
      else if (this.#onsets[a] === 0) this.#onsets[a] = timeMs - lengthMs;
    });
  }

  /** The strongest evidence, in nats, and when it began. */
  best(): { readonly nats: number; readonly onsetMs: number } {
    let at = 0;
    for (let a = 1; a < this.#sums.length; a++) if ((this.#sums[a] ?? 0) > (this.#sums[at] ?? 0)) at = a;
    return { nats: this.#sums[at] ?? 0, onsetMs: this.#onsets[at] ?? 0 };
  }

  /** What is within normal. */
  get within(): number {
    return this.#within;
  }

  clear(): void {
    this.#sums.fill(0);
    this.#onsets.fill(0);
  }
}
