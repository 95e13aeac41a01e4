// Follows what moves slowly: a baseline that rises or falls a few percent an hour is no violation, and stays the measure.
import { BIN_WIDTH } from './bins.ts';
import type { Learned } from './learned.ts';
import type { Step } from './step.ts';

/** Half a minute is one look; what it says counts with this time constant. */
const LOOK_MS = 30_000;
const TIME_CONSTANT_MS = 1_200_000;
/** A baseline follows no further up than this without being learned anew, and further down. */
const MOST_UP = Math.log(1.35) / BIN_WIDTH;
const MOST_DOWN = Math.log(0.4) / BIN_WIDTH;
/** A look counts as if it were no further out than this; standard deviations. */
const DRAWN_IN = 2.5;
/** Calls are drawn in to so many spreads of the baseline. */
const CALL_SPREADS = 3;

export class Drift {
  /** How far the centre lies from the learned one; bins. */
  bins: number;
  readonly #centre: number;
  readonly #spread: number;
  readonly #noise: number;
  /** Where it may lie, from the centre. */
  readonly #places: readonly number[];
  #calls = 0;
  #sum = 0;
  #fromMs = NaN;

  constructor({ centre, spread, noise, latest, levels }: Learned) {
    this.#places = [0, ...levels.map(({ from }) => from)];
    this.#centre = centre;
    this.#spread = spread;
    this.#noise = noise / BIN_WIDTH;
    this.bins = Math.max(MOST_DOWN, Math.min(MOST_UP, latest));
  }

  /** Takes a second. @param season of that time; @param isSuspect there is evidence that it is not normal */
  take(step: Step, season: number, isSuspect: boolean): void {
    if (isSuspect) {
      this.#begin(step.timeMs);
      return;
    }
    if (Number.isNaN(this.#fromMs)) this.#begin(step.timeMs);
    const most = CALL_SPREADS * this.#spread;
    const expected = this.#centre + season + this.bins;
    for (let k = 0; k < step.kinds; k++) {
      const off = Math.max(-most, Math.min(most, (step.bins[k] ?? 0) - expected));
      this.#sum += (step.counts[k] ?? 0) * off;
    }
    this.#calls += step.calls;
    if (step.timeMs - this.#fromMs < LOOK_MS || this.#calls === 0) return;
    const chance = this.#spread ** 2 / this.#calls;
    const deviation = Math.sqrt(chance + this.#noise ** 2);
    const mean = this.#sum / this.#calls;
    const nearest = this.#places.reduce((best, place) =>
      Math.abs(mean - place) < Math.abs(mean - best) ? place : best,
    );
    const off = Math.max(-DRAWN_IN * deviation, Math.min(DRAWN_IN * deviation, mean - nearest));
    const trust = (this.#noise ** 2 + 1e-3) / (this.#noise ** 2 + 1e-3 + chance);
    const share = 1 - Math.exp(-(step.timeMs - this.#fromMs) / TIME_CONSTANT_MS);
    // Noise itself is no drift: what one look says of few calls counts little, but never nothing.
    this.bins = Math.max(MOST_DOWN, Math.min(MOST_UP, this.bins + share * Math.max(0.3, trust) * off));
    this.#begin(step.timeMs);
  }

  /** Passes over a time of which nothing is known. */
  pass(pauseMs: number): void {
    this.#fromMs += pauseMs;
  }

  snapshot() {
    return { bins: this.bins, calls: this.#calls, sum: this.#sum, fromMs: this.#fromMs };
  }

  restore({ bins, calls, sum, fromMs }: ReturnType<Drift['snapshot']>): void {
    this.bins = bins;
    [this.#calls, this.#sum, this.#fromMs] = [calls, sum, fromMs];
  }

  #begin(timeMs: number): void {
    this.#fromMs = timeMs;
    this.#calls = 0;
    this.#sum = 0;
  }
}
