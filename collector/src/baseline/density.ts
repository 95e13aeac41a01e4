// Smooth densities of durations over bins, as logarithms: what a baseline holds, and what a test compares.
import { BINS, spreadOf, totalOf } from './bins.ts';

/** Natural logarithm of the share of calls in each bin. */
export type LogDensity = Float32Array;

/** Calls that are assumed beside those seen, spread broadly: what was never seen may still come. */
const PRIOR_CALLS = 2;
/** The broad part falls by one nat within so many bins: a factor of e in duration. */
const BROAD_BINS = 11.5;
/** And nowhere below this share. */
const LEAST_SHARE = 1e-7;
const ASSUMED = Math.log(LEAST_SHARE) + 1e-3;
/** Kernel of the rest, of its spread, by the number of calls. @see Silverman 1986, Density estimation, equation 3.31 */
const KERNEL = 0.9;
const LEAST_KERNEL_BINS = 0.6;

/** Estimates a density. @param counts by bin; need not be whole */
export function densityOf(counts: ArrayLike<number>): LogDensity {
  const calls = totalOf(counts);
  const spread = spreadOf(counts);
  const width = Math.max(LEAST_KERNEL_BINS, KERNEL * Math.min(spread, 12) * calls ** -0.2 || LEAST_KERNEL_BINS);
  const near = convolved(counts, (distance) => Math.exp((-distance * distance) / (2 * width * width)));
  const broad = convolved(counts, (distance) => Math.exp(-distance / BROAD_BINS));
  const density = new Float32Array(BINS);
  for (let b = 0; b < BINS; b++) {
    const seen = (near[b] ?? 0) * calls + (broad[b] ?? 0) * PRIOR_CALLS;
    density[b] = Math.log(Math.max(LEAST_SHARE, seen / (calls + PRIOR_CALLS)));
  }
  return density;
}

/** Shares by bin of counts smeared by a kernel of the distance; they add up to 1. */
function convolved(counts: ArrayLike<number>, kernel: (distance: number) => number): Float64Array {
  const weights = Float64Array.from({ length: BINS }, (_, distance) => kernel(distance));
  const shares = new Float64Array(BINS);
  let total = 0;
  for (let from = 0; from < BINS; from++) {
    const count = counts[from] ?? 0;
    if (count === 0) continue;
    for (let to = 0; to < BINS; to++) {
      const weight = count * (weights[Math.abs(to - from)] ?? 0);
      shares[to] = (shares[to] ?? 0) + weight;
      total += weight;
    }
  }
  if (total > 0) for (let b = 0; b < BINS; b++) shares[b] = (shares[b] ?? 0) / total;
  return shares;
}

/** Shares by bin. Where nothing was seen the share is 0: at a quarter of an hour each, what is assumed there would outweigh all calls. */
export function sharesOf(density: LogDensity): Float64Array {
  return Float64Array.from(density, (log) => (log <= ASSUMED ? 0 : Math.exp(log)));
}

/** Logarithm at a place that need not be whole. Beyond the range it is that of the end. */
export function logShare(density: LogDensity, place: number): number {
  if (place <= 0) return density[0] ?? 0;
  if (place >= BINS - 1) return density[BINS - 1] ?? 0;
  const low = Math.floor(place);
  const part = place - low;
  return (density[low] ?? 0) * (1 - part) + (density[low + 1] ?? 0) * part;
}

/** One more way of taking time: a share of the calls, longer by some bins. */
export interface Part {
  readonly share: number;
  readonly by: number;
}

/** Of a density in which some calls take longer. */
export function withParts(density: LogDensity, parts: readonly Part[]): LogDensity {
  const rest = 1 - parts.reduce((sum, { share }) => sum + share, 0);
  const mixed = new Float32Array(BINS);
  for (let b = 0; b < BINS; b++) {
    let share = rest * Math.exp(density[b] ?? 0);
    for (const part of parts) share += part.share * Math.exp(logShare(density, b - part.by));
    mixed[b] = Math.log(Math.max(LEAST_SHARE, share));
  }
  return mixed;
}

/**
 * Of a density whose calls above a place are more: as when a cache answers fewer of them.
 *
 * @param above share of the calls that lie above it now, and `then` the share that would
 */
export function withUpper(density: LogDensity, above: number, then: number): LogDensity {
  const changed = new Float32Array(BINS);
  let below = 0;
  for (let b = 0; b < BINS; b++) {
    const share = Math.exp(density[b] ?? 0);
    // A bin that lies across the border is changed in part.
    const part = Math.max(0, Math.min(1, (below + share - (1 - above)) / share));
    below += share;
    changed[b] = Math.log(
      Math.max(LEAST_SHARE, share * (part * (then / above) + (1 - part) * ((1 - then) / (1 - above)))),
    );
  }
  return changed;
}
