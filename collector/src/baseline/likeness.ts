// How much calls that are near in time resemble each other, beyond chance: those of one second, and those of one minute.
import type { Step } from './step.ts';

/** Windows of fewer seconds, or calls beyond the first of each, do not tell what is typical. */
const LEAST_FREE = 10;
/** And in none seconds differ more than so many times as much as in the typical one. */
const MOST_TYPICAL = 2.5;

/**
 * How much calls of one second resemble each other, beyond what their window has in common: many at once may be one event.
 *
 * @see Kish 1965, Survey sampling, section 5.4: design effect of clusters
 */
export class SecondClusters {
  /** Sums of squares between and within seconds, and their degrees of freedom. */
  #between = 0;
  #within = 0;
  #betweenFree = 0;
  #withinFree = 0;
  /** Of the open window. */
  #calls = 0;
  #seconds = 0;
  #sum = 0;
  #squares = 0;
  #meanSquares = 0;
  #sizes = 0;
  /** Sum over windows of the mean size of a second, weighted as the analysis of variance asks. */
  #size = 0;
  /** How much more seconds of a window differ than chance makes them, typically; and windows it is known from. */
  #typical = 1;
  #windows = 0;

  add(step: Step): void {
    if (step.calls === 0) return;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < step.kinds; i++) {
      const [bin, count] = [step.bins[i] ?? 0, step.counts[i] ?? 0];
      sum += bin * count;
      squares += bin * bin * count;
    }
    this.#calls += step.calls;
    this.#seconds++;
    this.#sum += sum;
    this.#squares += squares;
    this.#meanSquares += (sum * sum) / step.calls;
    this.#sizes += step.calls * step.calls;
  }

  closeWindow(): void {
    if (this.#seconds > 1 && this.#calls > this.#seconds) {
      const within = this.#squares - this.#meanSquares;
      const [betweenFree, withinFree] = [this.#seconds - 1, this.#calls - this.#seconds];
      this.#between += this.#usual(this.#meanSquares - this.#sum ** 2 / this.#calls, within, betweenFree, withinFree);
      this.#within += within;
      this.#betweenFree += betweenFree;
      this.#withinFree += withinFree;
      this.#size += this.#calls - this.#sizes / this.#calls;
    }
    [this.#calls, this.#seconds, this.#sum, this.#squares, this.#meanSquares, this.#sizes] = [0, 0, 0, 0, 0, 0];
  }

  /**
   * Sum of squares between seconds, or as much as is usual: a pause or a blip makes the calls of its seconds alike, and of
   * the others it says nothing.
   */
  #usual(between: number, within: number, betweenFree: number, withinFree: number): number {
    if (betweenFree < LEAST_FREE || withinFree < LEAST_FREE || within === 0) return between;
    const chance = (within / withinFree) * betweenFree;
    const off = Math.log(Math.max(1e-9, between / (chance * this.#typical)));
    // A median that needs no memory: each window draws it by one step, later ones by less.
    this.#typical = Math.max(1, this.#typical * Math.exp(Math.max(-1, Math.min(1, off)) / Math.sqrt(++this.#windows)));
    return Math.min(between, MOST_TYPICAL * this.#typical * chance);
  }

  /** Correlation of two calls of one second, 0..1; 0 where too little is known. */
  correlation(): number {
    if (this.#betweenFree < 20 || this.#withinFree < 20) return 0;
    const between = this.#between / this.#betweenFree;
    const within = this.#within / this.#withinFree;
    const size = this.#size / this.#betweenFree;
    const correlation = (between - within) / (between + (size - 1) * within);
    return Number.isFinite(correlation) ? Math.max(0, Math.min(1, correlation)) : 0;
  }

  snapshot() {
    return {
      between: this.#between,
      within: this.#within,
      betweenFree: this.#betweenFree,
      withinFree: this.#withinFree,
      size: this.#size,
      typical: this.#typical,
      windows: this.#windows,
      calls: this.#calls,
      seconds: this.#seconds,
      sum: this.#sum,
      squares: this.#squares,
      meanSquares: this.#meanSquares,
      sizes: this.#sizes,
    };
  }

  restore(saved: ReturnType<SecondClusters['snapshot']>): void {
    [this.#between, this.#within, this.#size] = [saved.between, saved.within, saved.size];
    [this.#typical, this.#windows] = [saved.typical, saved.windows];
    [this.#betweenFree, this.#withinFree] = [saved.betweenFree, saved.withinFree];
    [this.#calls, this.#seconds, this.#sum] = [saved.calls, saved.seconds, saved.sum];
    [this.#squares, this.#meanSquares, this.#sizes] = [saved.squares, saved.meanSquares, saved.sizes];
  }
}

const MINUTE_MS = 60_000;
/** Minutes that are remembered. */
const MINUTES = 90;
/** Median of the square of a standard normal number. */
const MEDIAN_SQUARE = 0.455;

/**
 * By how much neighbouring minutes differ: robust against the minutes in which something happened, blind to what moves
 * over hours.
 */
export class MinuteNoise {
  /** Half the squared differences of means, and what chance alone makes of them; bins squared. */
  readonly #squares = new Float32Array(MINUTES);
  readonly #chances = new Float32Array(MINUTES);
  #count = 0;
  #fromMs = NaN;
  #calls = 0;
  #sum = 0;
  #sumSquares = 0;
  #beforeMean = NaN;
  #beforeChance = NaN;

  add(step: Step): void {
    if (Number.isNaN(this.#fromMs)) this.#fromMs = step.timeMs;
    for (let i = 0; i < step.kinds; i++) {
      this.#sum += step.bins[i] * step.counts[i];
      this.#sumSquares += step.bins[i] ** 2 * step.counts[i];
    }
    this.#calls += step.calls;
    if (step.timeMs - this.#fromMs < MINUTE_MS || this.#calls < 2) return;
    const mean = this.#sum / this.#calls;
    const chance = Math.max(0, this.#sumSquares / this.#calls - mean * mean) / (this.#calls - 1);
    if (!Number.isNaN(this.#beforeMean)) {
      this.#squares[this.#count % MINUTES] = (mean - this.#beforeMean) ** 2 / 2;
      this.#chances[this.#count++ % MINUTES] = (chance + this.#beforeChance) / 2;
    }
    [this.#beforeMean, this.#beforeChance] = [mean, chance];
    [this.#fromMs, this.#calls, this.#sum, this.#sumSquares] = [step.timeMs, 0, 0, 0];
  }

  /** Standard deviation, bins; 0 where too little is known. */
  noise(): number {
    const count = Math.min(MINUTES, this.#count);
    if (count < 10) return 0;
    const middle = (values: Float32Array): number => values.slice(0, count).sort()[Math.floor(count / 2)];
    return Math.sqrt(Math.max(0, middle(this.#squares) / MEDIAN_SQUARE - middle(this.#chances)));
  }

  /** Passes over a time of which nothing is known. */
  pass(pauseMs: number): void {
    this.#fromMs += pauseMs;
  }

  snapshot() {
    const count = Math.min(MINUTES, this.#count);
    return {
      squares: this.#squares.slice(0, count),
      chances: this.#chances.slice(0, count),
      count: this.#count,
      fromMs: this.#fromMs,
      calls: this.#calls,
      sum: this.#sum,
      sumSquares: this.#sumSquares,
      beforeMean: this.#beforeMean,
      beforeChance: this.#beforeChance,
    };
  }

  restore(saved: ReturnType<MinuteNoise['snapshot']>): void {
    this.#squares.set(saved.squares);
    this.#chances.set(saved.chances);
    [this.#count, this.#fromMs] = [saved.count, saved.fromMs];
    [this.#calls, this.#sum, this.#sumSquares] = [saved.calls, saved.sum, saved.sumSquares];
    [this.#beforeMean, this.#beforeChance] = [saved.beforeMean, saved.beforeChance];
  }
}
