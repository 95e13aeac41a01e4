// How far from its baseline an operation is, with an interval: of the geometric mean where all calls are slower, of the
// 98.5th percentile where few are, of the mean where a slower kind of call has become more frequent.
import { BIN_WIDTH, BINS, logAt, meanPlace, quantilePlace, spreadOf, totalOf } from './bins.ts';
import type { Ratio } from './contract.ts';
import { type LogDensity, logShare, sharesOf, withParts } from './density.ts';
import type { Alternative, Shape } from './hypotheses.ts';
import type { Learned } from './learned.ts';

/** Two-sided 95 %. */
const Z = 1.96;
/** Noise is itself known from some dozens of minutes, and what is said is said when it is far off: errors are so much larger. */
const UNKNOWN = 1.25;
const TAIL_QUANTILE = 0.985;
const QUANTILES = [0.5, 0.95, 0.99];
/** Calls above a quantile without which it says nothing. */
const LEAST_ABOVE = 3;
/** Less than this share of errors is nothing to be compared with. */
const LEAST_ERROR_RATIO = 0.005;

/** What fits calls best. */
export interface Fit {
  readonly shape: Shape;
  readonly density: LogDensity;
  /** Bins it is moved by. */
  readonly by: number;
}

/** Finds what explains counts best: the baseline moved by any distance, or one of the other alternatives. */
export function fitOf(counts: Uint32Array, learned: Learned, alternatives: readonly Alternative[]): Fit {
  // What could not be told from normal is not what it had become: no less than the least that is looked for.
  const by = Math.max(meanPlace(counts) - learned.centre, alternatives[0].by);
  let best: Fit = { shape: 'scale', density: learned.density, by };
  let most = likelihood(counts, best);
  for (const other of alternatives) {
    // Every scale is tried by its distance above; those listed make up for a mean that a tail has drawn away.
    const value = likelihood(counts, other) - (other.shape === 'scale' ? 0.5 : 0);
    if (value > most) [best, most] = [other, value];
  }
  return best;
}

function likelihood(counts: Uint32Array, { density, by }: Pick<Fit, 'density' | 'by'>): number {
  let sum = 0;
  for (let b = 0; b < BINS; b++) {
    const count = counts[b] ?? 0;
    if (count > 0) sum += count * logShare(density, b - by);
  }
  return sum;
}

/** Ratio of what calls take to what they took, at the highest of levels. @param counts about the same centre as the baseline */
export function durationRatio(counts: Uint32Array, shape: Shape, learned: Learned, seconds: number): Ratio {
  const calls = totalOf(counts);
  const clusters = 1 + Math.max(0, calls / Math.max(1, seconds) - 1) * learned.correlation;
  const independent = Math.max(1, calls / clusters);
  // Neighbouring minutes are alike: noise does not average out over two of them.
  const noise = learned.noise ** 2 + learned.centreError ** 2;
  const highest = Math.max(0, ...learned.levels.map(({ from }) => from)) * BIN_WIDTH;
  if (shape === 'tail') return lowered(tailRatio(counts, learned, calls, independent, noise), highest);
  if (shape === 'upper') return lowered(meanRatio(counts, sharesOf(learned.density), independent, noise), highest);
  const log = (meanPlace(counts) - learned.centre) * BIN_WIDTH - highest;
  const spread = (calls > 1 ? Math.max(spreadOf(counts), learned.spread / 2) : learned.spread) * BIN_WIDTH;
  return around(log, Math.sqrt(spread ** 2 / independent + noise));
}

/** p50, p95 and p99 against those of the baseline; a quantile that too few calls lie above is left out. */
export function quantileRatios(counts: Uint32Array, { density }: Learned): { quantile: number; ratio: number }[] {
  const calls = totalOf(counts);
  const shares = sharesOf(density);
  return QUANTILES.filter((quantile) => calls * (1 - quantile) >= LEAST_ABOVE).map((quantile) => {
    const moved = quantilePlace(counts, quantile) - quantilePlace(shares, quantile);
    return { quantile, ratio: Math.exp(moved * BIN_WIDTH) };
  });
}

/** The same against something higher. @param nats by how much it is */
function lowered({ value, low, high }: Ratio, nats: number): Ratio {
  const factor = Math.exp(-nats);
  return { value: value * factor, low: low * factor, high: high * factor };
}

/** @param error standard error of a logarithm, as far as it is known */
function around(log: number, error: number): Ratio {
  const off = Z * UNKNOWN * error;
  return { value: Math.exp(log), low: Math.exp(log - off), high: Math.exp(log + off) };
}

/** Shares of calls, and how many times as long they may take, that a tail is looked for among. */
const TAIL_SHARES = [0.01, 0.015, 0.02, 0.03, 0.04, 0.055, 0.075, 0.1, 0.15, 0.22] as const;
const TAIL_FACTORS = [2.5, 3.5, 5, 6.5, 8.5, 11, 15, 20, 30] as const;

/** Of the percentile, by what shares and factors explain the calls, each as much as it does. */
function tailRatio(counts: Uint32Array, learned: Learned, calls: number, independent: number, noise: number): Ratio {
  const normal = quantilePlace(sharesOf(learned.density), TAIL_QUANTILE);
  const models = TAIL_SHARES.flatMap((share) =>
    TAIL_FACTORS.map((factor) => {
      const density = withParts(learned.density, [{ share, by: Math.log(factor) / BIN_WIDTH }]);
      const place = quantilePlace(sharesOf(density), TAIL_QUANTILE);
      return {
        log: (place - normal) * BIN_WIDTH,
        weight: likelihood(counts, { density, by: 0 }) * (independent / calls),
      };
    }),
  );
  const most = Math.max(...models.map(({ weight }) => weight));
  const total = models.reduce((sum, { weight }) => sum + Math.exp(weight - most), 0);
  const mean = models.reduce((sum, { log, weight }) => sum + log * Math.exp(weight - most), 0) / total;
  const squares = models.reduce((sum, { log, weight }) => sum + (log - mean) ** 2 * Math.exp(weight - most), 0) / total;
  return around(mean, Math.sqrt(squares + noise));
}

function meanRatio(counts: Uint32Array, shares: Float64Array, independent: number, noise: number): Ratio {
  const now = momentsOf(counts);
  const normal = momentsOf(shares);
  const relative = now.deviation / now.mean / Math.sqrt(independent);
  return around(Math.log(now.mean / normal.mean), Math.sqrt(relative ** 2 + noise));
}

function momentsOf(counts: ArrayLike<number>): { mean: number; deviation: number } {
  let [total, sum, squares] = [0, 0, 0];
  for (let b = 0; b < BINS; b++) {
    const count = counts[b] ?? 0;
    if (count === 0) continue;
    const seconds = Math.exp(logAt(b));
    total += count;
    sum += count * seconds;
    squares += count * seconds * seconds;
  }
  const mean = sum / total;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / total - mean * mean)) };
}

/** Ratio of error ratios, over half a percent at least. @see Wilson 1927, Probable inference */
export function errorRatio(errors: number, calls: number, learned: Learned): Ratio {
  const n = Math.max(1, calls / learned.errorClusters);
  // None at all is as likely as half an error.
  const p = Math.max(errors, 0.5) / Math.max(1, calls);
  const middle = (p + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n * n));
  // The normal ratio is known only so well, and matters only above its floor.
  const normal = Math.max(learned.errorRatio, LEAST_ERROR_RATIO);
  const unsure = Z * Math.sqrt(learned.errorClusters / Math.max(1, learned.errorRatio * learned.calls));
  const above = Math.hypot(Math.log((middle + half) / p || 1), normalUp(learned, -unsure));
  const below = Math.hypot(Math.log(p / Math.max(1e-9, middle - half) || 1), normalUp(learned, unsure));
  return { value: p / normal, low: (p / normal) * Math.exp(-below), high: (p / normal) * Math.exp(above) };
}

/** How far the normal ratio may be from what is used of it, nats. */
function normalUp({ errorRatio: ratio }: Learned, nats: number): number {
  const normal = Math.max(ratio, LEAST_ERROR_RATIO);
  return Math.log(Math.max(LEAST_ERROR_RATIO, ratio * Math.exp(nats)) / normal);
}
