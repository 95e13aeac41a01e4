// Bins of durations: eight an octave, each two buckets of the span metrics' histograms.
import { bucketOf } from '../model/exponential-histogram.ts';

/** From a quarter of a microsecond to 17 minutes; what is outside counts in the first or the last. */
export const BINS = 256;
/** Bins are buckets of an exponential histogram of this scale, the first one of this index. */
export const SCALE = 3;
const PER_OCTAVE = 2 ** SCALE;
/** Width of a bin in nats of duration. */
export const BIN_WIDTH = Math.LN2 / PER_OCTAVE;
/** Octaves of the histogram below the first bin: it begins at 2^-30 s. */
const OCTAVES_BELOW = 8;
const LOWEST_EXPONENT = -30 + OCTAVES_BELOW;
export const LOWEST_INDEX = LOWEST_EXPONENT * PER_OCTAVE;

/** Finds the bin of a duration. @param seconds 0 and above */
export function binOf(seconds: number): number {
  return seconds > 0 ? binOfBucket(bucketOf(seconds)) : 0;
}

/** Finds the bin of a bucket of span metrics; below 0 a duration is 0. */
export function binOfBucket(bucket: number): number {
  if (bucket < 0) return 0;
  const bin = (bucket >> 1) - OCTAVES_BELOW * PER_OCTAVE;
  return bin < 0 ? 0 : bin < BINS ? bin : BINS - 1;
}

/** Logarithm of the duration, in seconds, at a place among bins; the middle of bin b is at b. */
export function logAt(place: number): number {
  return LOWEST_EXPONENT * Math.LN2 + (place + 0.5) * BIN_WIDTH;
}

/** Place among bins of a logarithm of seconds. */
export function placeOf(log: number): number {
  return (log - LOWEST_EXPONENT * Math.LN2) / BIN_WIDTH - 0.5;
}

/** Sum of counts. */
export function totalOf(counts: ArrayLike<number>): number {
  let total = 0;
  for (let b = 0; b < counts.length; b++) total += counts[b] ?? 0;
  return total;
}

/** Mean place of counts; NaN without any. */
export function meanPlace(counts: ArrayLike<number>): number {
  let total = 0;
  let sum = 0;
  for (let b = 0; b < counts.length; b++) {
    const count = counts[b] ?? 0;
    total += count;
    sum += count * b;
  }
  return sum / total;
}

/** Standard deviation of places about their mean; NaN without any. */
export function spreadOf(counts: ArrayLike<number>): number {
  const mean = meanPlace(counts);
  let total = 0;
  let sum = 0;
  for (let b = 0; b < counts.length; b++) {
    const count = counts[b] ?? 0;
    total += count;
    sum += count * (b - mean) ** 2;
  }
  return Math.sqrt(sum / total);
}

/** Place below which a share of the counts lies, interpolated within its bin. @param share 0..1 */
export function quantilePlace(counts: ArrayLike<number>, share: number): number {
  const rank = share * totalOf(counts);
  let below = 0;
  for (let b = 0; b < counts.length; b++) {
    const count = counts[b] ?? 0;
    if (count > 0 && below + count >= rank) return b - 0.5 + (rank - below) / count;
    below += count;
  }
  return NaN;
}

/**
 * Adds counts to others, moved by a number of places that need not be whole; what leaves the range stays in its end.
 *
 * @param into changed
 */
export function addShifted(into: Float64Array, counts: ArrayLike<number>, by: number): void {
  const whole = Math.floor(by);
  const part = by - whole;
  for (let b = 0; b < counts.length; b++) {
    const count = counts[b] ?? 0;
    if (count === 0) continue;
    const low = Math.max(0, Math.min(BINS - 1, b + whole));
    const high = Math.max(0, Math.min(BINS - 1, b + whole + 1));
    into[low] = (into[low] ?? 0) + count * (1 - part);
    into[high] = (into[high] ?? 0) + count * part;
  }
}
