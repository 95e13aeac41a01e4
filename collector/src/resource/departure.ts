// When a series is said to have left its own normal: not for each event of its watch, of which a quiet host has dozens a
// week, but for what noise hardly ever says and that lasts.
import type { ResourceVerdict } from './watch.ts';

/** Of a watch's evidence at some step of it: an e-value of 150. Chosen on hosts on which nothing is wrong (bench/resources). */
const LEAST_NATS = 5;
/** Further out than so many spreads and this factor: apart. With the least change on both sides of the ratio. */
const LEAST_SPREADS = 3;
const LEAST_RATIO = 1.25;
/** So many steps back in a row end it; a single one is noise. */
const BACK_STEPS = 2;
/** Steps after which what it has become is its normal. */
const MOST_STEPS = 1440;

/** Which side counts, and what is nothing. */
export interface DepartureOptions {
  readonly direction: 'up' | 'down' | 'both';
  /** In the unit of the series; 0 leaves it to the ratio. */
  readonly leastChange: number;
  /** Steps that it has to last. */
  readonly leastSteps: number;
}

/** What is known, to be kept. */
export interface SavedDeparture {
  /** What was usual when nothing spoke against it, and how far off readings were. */
  usual: number;
  spread: number;
  /** Steps apart, those of them back in a row, and the most evidence among them. */
  apart: number;
  back: number;
  nats: number;
  sum: number;
  sinceMs: number;
  isSaid: number;
}
const AT_FIRST: SavedDeparture = { usual: NaN, spread: 0, apart: 0, back: 0, nats: 0, sum: 0, sinceMs: NaN, isSaid: 0 };

/** What is known of one that is said. */
export interface Departed {
  readonly onsetMs: number;
  /** What would be usual now, and the mean since it began. */
  readonly usual: number;
  readonly mean: number;
  /** How many times as much; above 1 also where it is less. Small values count less, by the least change. */
  readonly factor: number;
  readonly direction: 'up' | 'down';
  readonly nats: number;
  readonly steps: number;
  readonly spread: number;
}

export class Departure {
  readonly #options: DepartureOptions;
  #running: SavedDeparture = { ...AT_FIRST };

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  /** What is usual, and how far off readings usually are, whatever it does now. */
  get normal(): { readonly usual: number; readonly spread: number } {
    return this.#running;
  }

  /** What the season is to do with the next reading. */
  get season(): 'now' | 'later' | 'never' {
    return this.#running.isSaid === 1 ? 'never' : this.#running.apart > 0 ? 'later' : 'now';
  }

  snapshot(): SavedDeparture {
    return { ...this.#running };
  }

  restore(saved: SavedDeparture): void {
    this.#running = { ...saved };
  }

  /**
   * Takes what a watch said of a step.
   *
   * @param timeMs of the middle of the step
   * @param mayBegin whether enough is known for a departure to be said
   * @returns undefined while it is as usual, or not for long enough
   */
  take(timeMs: number, value: number, verdict: ResourceVerdict, mayBegin: boolean): Departed | undefined {
    const running = this.#running;
    const isQuiet = verdict.state === 'normal' || verdict.state === 'learning' || verdict.state === 'back';
    if (isQuiet && running.apart === 0) {
      running.usual = verdict.usual;
      running.spread = verdict.spread;
    }
    if (Number.isNaN(running.usual)) return undefined;
    const usual = verdict.isSeasonal ? verdict.usual : running.usual;
    if (this.#isApart(value, usual)) {
      if (running.apart === 0) running.sinceMs = timeMs;
      running.apart++;
      running.back = 0;
      running.sum += value;
      running.nats = Math.max(running.nats, verdict.nats);
    } else if (running.apart > 0) running.back++;
    if (running.back >= BACK_STEPS || running.apart > MOST_STEPS) {
      this.begin();
      return undefined;
    }
    const { apart, nats, sum, sinceMs, spread } = running;
    if (mayBegin && apart >= this.#options.leastSteps && nats >= LEAST_NATS) running.isSaid = 1;
    if (running.isSaid === 0) return undefined;
    const mean = sum / apart;
    const direction = mean >= usual ? 'up' : 'down';
    return {
      onsetMs: sinceMs, usual, mean, factor: this.#factor(mean, usual), direction, nats, steps: apart, spread,
    }; // prettier-ignore
  }

  #isApart(value: number, usual: number): boolean {
    const { direction } = this.#options;
    if (direction === 'up' ? value <= usual : direction === 'down' && value >= usual) return false;
    if (this.#factor(value, usual) < LEAST_RATIO) return false;
    return Math.abs(value - usual) > LEAST_SPREADS * this.#running.spread;
  }

  #factor(value: number, usual: number): number {
    const floor = this.#options.leastChange + Number.EPSILON;
    const ratio = (Math.max(0, value) + floor) / (Math.max(0, usual) + floor);
    return ratio >= 1 ? ratio : 1 / ratio;
  }

  /** Goes on as if nothing had been. */
  begin(): void {
    const { usual, spread } = this.#running;
    this.#running = { ...AT_FIRST, usual, spread };
  }
}
