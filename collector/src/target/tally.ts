// What was counted in some stretch of time, and the statistics of it. Pure.
import type { ExponentialHistogramValue, HistogramValue } from '../model/data-point.ts';
import { exponentialQuantile, mergeExponential } from '../model/exponential-merge.ts';
import { histogramQuantile, mergeHistograms } from '../model/histogram-merge.ts';
import type { Statistic } from './defaults.ts';

export type Distribution = HistogramValue | ExponentialHistogramValue;

/** What is added at once; what is left out is 0. */
export interface Counted {
  /** Calls, measurements, or readings of levels. */
  readonly count?: number;
  readonly sum?: number;
  /** Of a ratio; of operations the calls that failed. */
  readonly part?: number;
  readonly whole?: number;
  /** Time that is known of. */
  readonly seconds?: number;
  readonly distribution?: Distribution | undefined;
}

export class Tally {
  count = 0;
  sum = 0;
  part = 0;
  whole = 0;
  seconds = 0;
  distribution: Distribution | undefined;

  add({ count = 0, sum = 0, part = 0, whole = 0, seconds = 0, distribution }: Counted): void {
    this.count += count;
    this.sum += sum;
    this.part += part;
    this.whole += whole;
    this.seconds += seconds;
    if (distribution !== undefined) this.distribution = together(this.distribution, distribution);
  }
}

/** Tells whether a statistic needs to know how what was measured is distributed. */
export function needsDistribution(statistic: Statistic): boolean {
  return QUANTILES[statistic] !== undefined;
}

const QUANTILES: Readonly<Partial<Record<Statistic, number>>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** How much has to be known for a statistic to be read. */
export interface Least {
  /** Calls, measurements or the whole of a ratio. */
  readonly count: number;
  /** For a rate. */
  readonly seconds: number;
}

/** Reads a statistic. @returns undefined where too little is known */
export function read(statistic: Statistic, tally: Tally, least: Least): number | undefined {
  const { count, sum, part, whole, seconds, distribution } = tally;
  const quantile = QUANTILES[statistic];
  if (statistic === 'rate') return seconds > 0 && seconds >= least.seconds ? count / seconds : undefined;
  if (statistic === 'ratio' || statistic === 'burn_rate')
    return whole > 0 && whole >= least.count ? part / whole : undefined;
  if (count === 0 || count < least.count) return undefined;
  if (statistic === 'error_ratio') return part / count;
  // Where one histogram does not know its sum, the mean is not known.
  if (quantile === undefined) return Number.isNaN(sum) ? undefined : sum / count;
  return distribution && quantileOf(distribution, quantile);
}

function quantileOf(distribution: Distribution, q: number): number | undefined {
  return distribution.type === 'histogram' ? histogramQuantile(distribution, q) : exponentialQuantile(distribution, q);
}

/** Of what cannot be added the later one stays. */
function together(one: Distribution | undefined, other: Distribution): Distribution {
  if (one?.type === 'histogram' && other.type === 'histogram') return mergeHistograms(one, other) ?? other;
  if (one?.type === 'exponential_histogram' && other.type === 'exponential_histogram')
    return mergeExponential(one, other);
  return other;
}
