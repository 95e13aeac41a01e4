// Whether durations are longer than a baseline allows: a rank test on the ratio of the two, with an interval. Ranks, because
// a few calls that something interrupted must not decide. Pure.
import { BIN_OCTAVES, type Baseline, binPlaceOf, BINS, durationAt } from './baseline-file.ts';

export interface Bounds {
  /** What may be without being a regression: 0.5 allows for 1.5 times as long. */
  readonly tolerance: number;
  /** Chance of calling durations longer that are not, beyond the tolerance; 0..0.5. */
  readonly falseAlarms: number;
  /** Whether the slowest calls are judged as well, and which: 0.95 judges the slowest twentieth. */
  readonly quantile?: number | undefined;
}

/** What was found. */
export interface Judgement {
  readonly isSlower: boolean;
  /** Only the slowest calls are longer. */
  readonly isTailOnly: boolean;
  /** How many times as long a typical call takes, and where that lies in all but 5 %. */
  readonly ratio: { readonly value: number; readonly low: number; readonly high: number };
  readonly quantiles: readonly { readonly quantile: number; readonly baselineMs: number; readonly runMs: number }[];
  readonly calls: { readonly baseline: number; readonly run: number };
}

/** With fewer calls nothing is judged: one interruption would be a large share of them. */
export const LEAST_CALLS = 20;

const QUANTILES = [0.5, 0.95, 0.99] as const;
/** Each side of a 95 % interval. */
const SIDE = 0.025;
/** Ratios further off than this are shown as this. */
const FAR_OCTAVES = 20;
/** Halvings of that range: to a hundred-thousandth of an octave. */
const STEPS = 22;
/** Of independent values: a twelfth is the variance of ranks between 0 and 1. */
const RANK_VARIANCE = 1 / 12;
/** Tails differ more from run to run than the middle. */
const TAIL_TOLERANCE = 1.5;
/** More are no surer, and the sum of chances would underflow. */
const MAX_TAIL_CALLS = 5000;

/**
 * Holds durations against a baseline.
 *
 * @param durationsMs at least {@link LEAST_CALLS}, in the order in which they were measured
 * @see Brunner and Munzel 2000, The nonparametric Behrens-Fisher problem; inverted for an interval of the ratio
 */
export function judge(durationsMs: readonly number[], baseline: Baseline, bounds: Bounds): Judgement {
  const comparison = new Comparison(durationsMs, baseline);
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const ratioAt = (direction: -1 | 0 | 1): number => 2 ** comparison.octavesAt(direction);
  return {
    ...decide(comparison, bounds),
    ratio: { value: ratioAt(0), low: ratioAt(1), high: ratioAt(-1) },
    quantiles: QUANTILES.map((quantile) => ({
      quantile,
      baselineMs: durationAt(comparison.baselinePlace(quantile)),
      runMs: sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0,
    })),
    calls: { baseline: baseline.calls, run: durationsMs.length },
  };
}

/** The decision of {@link judge} without its figures, for a tenth of the cost. */
export function isSlower(durationsMs: readonly number[], baseline: Baseline, bounds: Bounds): boolean {
  return decide(new Comparison(durationsMs, baseline), bounds).isSlower;
}

function decide(comparison: Comparison, bounds: Bounds): Pick<Judgement, 'isSlower' | 'isTailOnly'> {
  const octaves = Math.log2(1 + bounds.tolerance);
  const alpha = bounds.quantile === undefined ? bounds.falseAlarms : bounds.falseAlarms / 2;
  const isMiddleSlower = comparison.excess(octaves, alpha) > 0;
  const isTailSlower = bounds.quantile !== undefined && comparison.isTailLonger(bounds.quantile, octaves, alpha);
  return { isSlower: isMiddleSlower || isTailSlower, isTailOnly: isTailSlower && !isMiddleSlower };
}

class Comparison {
  readonly #places: readonly number[];
  readonly #sorted: readonly number[];
  readonly #baseline: Baseline;
  /** Share of the baseline's calls below each bin. */
  readonly #below = new Float64Array(BINS + 1);
  /** Calls that are as good as independent ones. */
  readonly #effective: { readonly run: number; readonly baseline: number };

  constructor(durationsMs: readonly number[], baseline: Baseline) {
    this.#places = durationsMs.map(binPlaceOf);
    this.#sorted = this.#places.toSorted((a, b) => a - b);
    this.#baseline = baseline;
    for (let b = 0; b < BINS; b++)
      this.#below[b + 1] = (this.#below[b] ?? 0) + (baseline.counts[b] ?? 0) / baseline.calls;
    const middle = this.#solve((octaves) => this.#ranks(octaves).mean - 0.5);
    this.#effective = {
      run: Math.max(2, durationsMs.length / clusterOf(this.#ranks(middle).all)),
      baseline: Math.max(2, baseline.calls / baseline.cluster),
    };
  }

  /**
   * By how much the run's ranks among the baseline's lie above one half, beyond chance, once the run is made shorter.
   *
   * @param alpha chance that it is above 0 though the run is no more than so many octaves above the baseline
   */
  excess(octaves: number, alpha: number): number {
    const shift = octaves / BIN_OCTAVES;
    // Nothing tells in what order the baseline's calls of one bin were: half of them count as longer.
    const ranks = this.#places.map((place) => this.#rankOf(Math.floor(place - shift) + 0.5));
    return meanOf(ranks) - 0.5 - this.#chance(octaves, alpha);
  }

  /** Octaves by which the run lies above the baseline: the best guess, or a limit of it. */
  octavesAt(direction: -1 | 0 | 1): number {
    return this.#solve((octaves) => this.#ranks(octaves).mean - 0.5 - direction * this.#chance(octaves, SIDE));
  }

  baselinePlace(share: number): number {
    for (let b = 0; b < BINS; b++) {
      const [low, high] = [this.#below[b] ?? 0, this.#below[b + 1] ?? 0];
      if (high >= share && high > low) return b + (share - low) / (high - low);
    }
    return BINS;
  }

  /** Whether too many calls are beyond a quantile of the baseline, by an exact sum of chances. */
  isTailLonger(quantile: number, octaves: number, alpha: number): boolean {
    // All of its calls may lie below the quantile, which it then does not know.
    if (quantile ** this.#effective.baseline > alpha) return false;
    // Where the quantile is at most, as far as the baseline knows.
    const error = Math.sqrt((quantile * (1 - quantile)) / this.#effective.baseline);
    const share = Math.min(1, quantile + deviationsOf(alpha) * error);
    const bound = this.baselinePlace(share) + (TAIL_TOLERANCE * octaves) / BIN_OCTAVES;
    const beyond = this.#places.filter((place) => place > bound).length / this.#places.length;
    const trials = Math.min(MAX_TAIL_CALLS, Math.floor(this.#effective.run));
    return chanceOfAtLeast(Math.floor(beyond * trials), trials, 1 - quantile) < alpha;
  }

  /** Where the run's calls lie among the baseline's, 0..1. @param octaves taken off the run */
  #ranks(octaves: number): { readonly all: readonly number[]; readonly mean: number } {
    const shift = octaves / BIN_OCTAVES;
    const all = this.#places.map((place) => this.#rankOf(place - shift));
    return { all, mean: meanOf(all) };
  }

  #rankOf(place: number): number {
    if (place <= 0) return 0;
    if (place >= BINS) return 1;
    const bin = Math.floor(place);
    const [low, high] = [this.#below[bin] ?? 0, this.#below[bin + 1] ?? 1];
    return low + (place - bin) * (high - low);
  }

  /** What chance may add to the mean rank. Never less than it would be for two runs that are alike. */
  #chance(octaves: number, alpha: number): number {
    const { run, baseline } = this.#effective;
    const ofRun = Math.max(RANK_VARIANCE, varianceOf(this.#ranks(octaves).all)) / run;
    const ofBaseline = Math.max(RANK_VARIANCE, this.#baselineVariance(octaves)) / baseline;
    return quantileOfT(alpha, Math.min(run, baseline) - 1) * Math.sqrt(ofRun + ofBaseline);
  }

  /** Of where the baseline's calls lie among the run's. */
  #baselineVariance(octaves: number): number {
    const shift = octaves / BIN_OCTAVES;
    let [sum, squares, below] = [0, 0, 0];
    for (let b = 0; b < BINS; b++) {
      const share = (this.#baseline.counts[b] ?? 0) / this.#baseline.calls;
      while (below < this.#sorted.length && (this.#sorted[below] ?? 0) - shift < b + 0.5) below++;
      const rank = below / this.#sorted.length;
      sum += share * rank;
      squares += share * rank ** 2;
    }
    return squares - sum ** 2;
  }

  /** Where a function that falls as more is taken off passes zero. */
  #solve(falling: (octaves: number) => number): number {
    let [low, high] = [-FAR_OCTAVES, FAR_OCTAVES];
    for (let i = 0; i < STEPS; i++) {
      const middle = (low + high) / 2;
      if (falling(middle) > 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }
}

/** By how much less values say than if each were by itself: neighbours in time are alike. @see Kish 1965, section 5.4 */
function clusterOf(values: readonly number[]): number {
  const size = Math.max(2, Math.floor(Math.sqrt(values.length)));
  const variance = varianceOf(values);
  if (variance === 0) return 1;
  const means: number[] = [];
  for (let at = 0; at + size <= values.length; at += size) means.push(meanOf(values.slice(at, at + size)));
  return Math.max(1, (size * varianceOf(means)) / variance);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
}

/** @returns what a binomial number reaches at least with this chance @param share 0.01 and above */
function chanceOfAtLeast(least: number, trials: number, share: number): number {
  let chance = (1 - share) ** trials;
  let below = 0;
  for (let k = 0; k < least; k++) {
    below += chance;
    chance *= ((trials - k) / (k + 1)) * (share / (1 - share));
  }
  return Math.max(0, 1 - below);
}

/** What a number of Student's t passes with a chance. @see Abramowitz and Stegun 1964, 26.7.5 */
function quantileOfT(alpha: number, freedom: number): number {
  const z = deviationsOf(alpha);
  const n = Math.max(1, freedom);
  return (
    z +
    (z ** 3 + z) / (4 * n) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * n ** 3)
  );
}

/** What a standard normal number passes with a chance. @see Abramowitz and Stegun 1964, 26.2.23; off by less than 4.5e-4 */
function deviationsOf(alpha: number): number {
  const t = Math.sqrt(-2 * Math.log(alpha));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t ** 2) / (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3);
}
