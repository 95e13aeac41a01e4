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

/** Places of what is held of an alternative. */
const [FAILED, GOOD, SUM, ONSET, ROOM, FIELDS] = [0, 1, 2, 3, 4, 5] as const;

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
  /** What is within normal. */
  readonly within: number;
  /**
   * By alternative what a failed call says, then what a good one says, evidence, when it began, and what it may still grow
   * by. One array, since there are ten thousand operations.
   */
  readonly #numbers: Float64Array;
  readonly #clusters: number;

  constructor(learned: ErrorBaseline) {
    const { within, gains } = errorBankOf(learned);
    this.within = within;
    this.#numbers = new Float64Array(FIELDS * gains.length);
    gains.forEach(({ failed, good }, a) => this.#numbers.set([failed, good, 0, 0, BURST], FIELDS * a));
    this.#clusters = learned.errorClusters;
  }

  /** Takes a second. @param mostNats what evidence may grow to */
  take({ calls, errors, timeMs }: Step, lengthMs: number, mostNats: number): void {
    const numbers = this.#numbers;
    for (let at = 0; at < numbers.length; at += FIELDS) {
      const room = Math.min(BURST, numbers[at + ROOM] + (CAP * lengthMs) / 1000);
      numbers[at + ROOM] = room;
      if (calls === 0) continue;
      const said = (errors * numbers[at + FAILED] + (calls - errors) * numbers[at + GOOD]) / this.#clusters;
      const gain = Math.min(room, said);
      numbers[at + ROOM] = room - Math.max(0, gain);
      const sum = Math.max(0, Math.min(mostNats, numbers[at + SUM] + gain));
      numbers[at + SUM] = sum;
      if (sum === 0) numbers[at + ONSET] = timeMs;
      else if (numbers[at + ONSET] === 0) numbers[at + ONSET] = timeMs - lengthMs;
    }
  }

  /** The strongest evidence, nats. */
  get nats(): number {
    return this.#numbers[this.#best + SUM] ?? 0;
  }

  /** When it began. */
  get onsetMs(): number {
    return this.#numbers[this.#best + ONSET] ?? 0;
  }

  clear(): void {
    for (let at = 0; at < this.#numbers.length; at += FIELDS) this.#numbers.fill(0, at + SUM, at + ONSET + 1);
  }

  get #best(): number {
    const numbers = this.#numbers;
    let best = 0;
    for (let at = FIELDS; at < numbers.length; at += FIELDS) if (numbers[at + SUM] > numbers[best + SUM]) best = at;
    return best;
  }
}
