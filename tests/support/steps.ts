// Seconds of one operation, made from a seed: what a watch is fed with.
import { binOf, BINS } from '../../collector/src/baseline/bins.ts';
import { addCall, clearStep, emptyStep, type Step } from '../../collector/src/baseline/step.ts';
import { type Random, seeded } from './random.ts';

/** How an operation behaves in a second. */
export interface Behaviour {
  /** Calls a second, by chance. */
  readonly rate: number;
  /** Median in milliseconds, and standard deviation of the logarithm. */
  readonly medianMs: number;
  readonly sigma: number;
  readonly errorRatio: number;
}

export const USUAL: Behaviour = { rate: 8, medianMs: 20, sigma: 0.4, errorRatio: 0 };

/** Makes seconds one after the other. */
export class Seconds {
  readonly #random: Random;
  readonly #step = emptyStep(BINS);
  /** End of the last second. */
  timeMs: number;

  constructor(seed: number, fromMs = 1_700_000_000_000) {
    this.#random = seeded(seed);
    this.timeMs = fromMs;
  }

  /** The next second. The same object each time. */
  next(behaviour: Partial<Behaviour> = {}): Step {
    const { rate, medianMs, sigma, errorRatio } = { ...USUAL, ...behaviour };
    clearStep(this.#step);
    this.timeMs += 1000;
    this.#step.timeMs = this.timeMs;
    for (let left = this.#gap(rate); left < 1; left += this.#gap(rate)) {
      const ms = medianMs * Math.exp(sigma * this.#normal());
      addCall(this.#step, binOf(ms / 1000), this.#random() < errorRatio);
    }
    return this.#step;
  }

  /** Many of them, each given to somebody. */
  run(seconds: number, behaviour: Partial<Behaviour>, take: (step: Step) => void): void {
    for (let s = 0; s < seconds; s++) take(this.next(behaviour));
  }

  #gap(rate: number): number {
    return rate === 0 ? Infinity : -Math.log(1 - this.#random()) / rate;
  }

  /** @see Box and Muller 1958 */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}
