// Algebra of exponential histograms by OpenTelemetry's data model: merge, subtract, downscale, widen the zero bucket, quantiles.
// Pure: answers are new values, without empty buckets at their ends. Recording of durations is in exponential-histogram.ts.
import type { Buckets, ExponentialHistogramValue } from './data-point.ts';

/** Buckets of each sign a merged histogram has at most, as OpenTelemetry's SDKs have it by default. */
export const MAX_BUCKETS = 160;
/** The finest scale of the data model: neighbouring bounds differ by less than a millionth. */
export const MAX_SCALE = 20;

const SMALLEST_NORMAL = 2 ** -1022;
const NO_BUCKETS: Buckets = Object.freeze({ offset: 0, counts: Object.freeze([]) });

/** Lower bound of a bucket, exclusive; 0 or Infinity where that is beyond doubles. */
export function bucketLowerBound(index: number, scale: number): number {
  return 2 ** (index / 2 ** scale);
}

/**
 * Finds the bucket of an absolute value.
 *
 * @param value above 0; Infinity is in the bucket of the largest double
 * @returns i with base^i < value <= base^(i+1), by the bounds as doubles have them
 * @see OpenTelemetry data model, exponential histogram, mapping
 */
export function bucketIndex(value: number, scale: number): number {
  const index = Math.ceil(Math.log2(Math.min(value, Number.MAX_VALUE)) * 2 ** scale) - 1;
  // Bounds among subnormal numbers are rounded so coarsely that they prove nothing.
  if (value < SMALLEST_NORMAL) return index;
  // The logarithm is rounded in its last bit, so a neighbour may be the right one.
  if (value <= bucketLowerBound(index, scale)) return index - 1;
  return value > bucketLowerBound(index + 1, scale) ? index + 1 : index;
}

/** An exponential histogram of one measurement, at the finest scale. @param value finite */
export function exponentialOfOne(value: number): ExponentialHistogramValue {
  const buckets = value === 0 ? NO_BUCKETS : { offset: bucketIndex(Math.abs(value), MAX_SCALE), counts: [1] };
  return {
    type: 'exponential_histogram',
    count: 1,
    sum: value,
    min: value,
    max: value,
    scale: MAX_SCALE,
    zeroCount: value === 0 ? 1 : 0,
    zeroThreshold: 0,
    positive: value > 0 ? buckets : NO_BUCKETS,
    negative: value < 0 ? buckets : NO_BUCKETS,
  };
}

/** Makes buckets wider without moving a count over a bound. @param scale at most that of the histogram */
export function downscale(histogram: ExponentialHistogramValue, scale: number): ExponentialHistogramValue {
  const divisor = 2 ** (histogram.scale - scale);
  const { positive, negative } = histogram;
  return { ...histogram, scale, positive: widened(positive, divisor), negative: widened(negative, divisor) };
}

/** Downscales as far as needed. @param maxBuckets of each sign, at least 2 */
export function limitBuckets(
  histogram: ExponentialHistogramValue,
  maxBuckets = MAX_BUCKETS,
): ExponentialHistogramValue {
  return downscale(histogram, fittingScale([histogram], maxBuckets));
}

/**
 * Adds two histograms. The answer is the histogram of all their measurements at its own scale and zero threshold.
 *
 * @param maxBuckets of each sign, at least 2; the scale becomes as coarse as that needs
 * @returns `sum`, `min` and `max` only where both say them (an empty one need not)
 * @see OpenTelemetry data model, exponential histogram, merging and zero count
 */
export function mergeExponential(
  one: ExponentialHistogramValue,
  other: ExponentialHistogramValue,
  maxBuckets = MAX_BUCKETS,
): ExponentialHistogramValue {
  // Most are of one sender, and fit as they are.
  if (fitEachOther(one, other, maxBuckets)) return added(one, other);
  const scale = fittingScale([one, other], maxBuckets);
  const [a, b] = atOneThreshold(downscale(one, scale), downscale(other, scale));
  return added(a, b);
}

function fitEachOther(one: ExponentialHistogramValue, other: ExponentialHistogramValue, maxBuckets: number): boolean {
  if (one.scale !== other.scale || one.zeroThreshold !== other.zeroThreshold) return false;
  if (one.negative.counts.length > 0 || other.negative.counts.length > 0) return false;
  const [a, b] = [one.positive, other.positive];
  if (a.counts.length === 0 || b.counts.length === 0) return false;
  return Math.max(a.offset + a.counts.length, b.offset + b.counts.length) - Math.min(a.offset, b.offset) <= maxBuckets;
}

/** Of one scale and one zero threshold. */
function added(a: ExponentialHistogramValue, b: ExponentialHistogramValue): ExponentialHistogramValue {
  return {
    ...a,
    count: a.count + b.count,
    sum: a.sum === undefined || b.sum === undefined ? undefined : a.sum + b.sum,
    min: extreme(a, b, Math.min, 'min'),
    max: extreme(a, b, Math.max, 'max'),
    zeroCount: a.zeroCount + b.zeroCount,
    positive: combined(a.positive, b.positive, 1),
    negative: combined(a.negative, b.negative, 1),
  };
}

/**
 * Takes an earlier reading of a cumulative histogram from a later one.
 *
 * @returns what was measured in between, without `min` and `max`, which nobody knows; undefined where some count went
 * back, so that the later one must have begun anew
 */
export function subtractExponential(
  later: ExponentialHistogramValue,
  earlier: ExponentialHistogramValue,
): ExponentialHistogramValue | undefined {
  const scale = Math.min(later.scale, earlier.scale);
  const [a, b] = atOneThreshold(downscale(later, scale), downscale(earlier, scale));
  if (a.count < b.count || a.zeroCount < b.zeroCount) return undefined;
  const positive = combined(a.positive, b.positive, -1);
  const negative = combined(a.negative, b.negative, -1);
  if (positive.counts.some(isNegative) || negative.counts.some(isNegative)) return undefined;
  return {
    ...a,
    count: a.count - b.count,
    sum: a.sum === undefined || b.sum === undefined ? undefined : a.sum - b.sum,
    min: undefined,
    max: undefined,
    zeroCount: a.zeroCount - b.zeroCount,
    positive,
    negative,
  };
}

/**
 * Estimates a quantile.
 *
 * @param q 0..1
 * @returns interpolated geometrically within its bucket, 0 in the zero bucket, never beyond `min` and `max` where they
 * are known; undefined without measurements
 */
export function exponentialQuantile(histogram: ExponentialHistogramValue, q: number): number | undefined {
  const { scale, positive, negative, zeroCount, min = -Infinity, max = Infinity } = histogram;
  const total = totalOf(negative) + zeroCount + totalOf(positive);
  if (total <= 0) return undefined;
  const rank = q * total;
  const within = (value: number): number => Math.min(Math.max(value, min), max);
  let below = 0;
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    const count = negative.counts[i] ?? 0;
    if (count > 0 && below + count >= rank)
      return within(-bound(negative.offset + i + 1 - (rank - below) / count, scale));
    below += count;
  }
  below += zeroCount;
  if (zeroCount > 0 && below >= rank) return within(0);
  for (const [i, count] of positive.counts.entries()) {
    if (count > 0 && below + count >= rank) return within(bound(positive.offset + i + (rank - below) / count, scale));
    below += count;
  }
  return within(bound(positive.offset + positive.counts.length, scale));
}

/** A bound that is a number: the last bucket of doubles ends beyond them. */
function bound(index: number, scale: number): number {
  return Math.min(bucketLowerBound(index, scale), Number.MAX_VALUE);
}

/** The finest scale at which the buckets of all of them together are few enough. */
function fittingScale(histograms: readonly ExponentialHistogramValue[], maxBuckets: number): number {
  let scale = Math.min(...histograms.map((each) => each.scale));
  for (const sign of ['positive', 'negative'] as const) {
    let low = Infinity;
    let high = -Infinity;
    for (const each of histograms) {
      const { offset, counts } = trimmed(each[sign]);
      if (counts.length === 0) continue;
      low = Math.min(low, Math.floor(offset / 2 ** (each.scale - scale)));
      high = Math.max(high, Math.floor((offset + counts.length - 1) / 2 ** (each.scale - scale)));
    }
    while (high - low >= maxBuckets) {
      low = Math.floor(low / 2);
      high = Math.floor(high / 2);
      scale--;
    }
  }
  return scale;
}

/** Brings two histograms of one scale to one zero threshold: the larger one, or the next bound above it that cuts no bucket. */
function atOneThreshold(
  a: ExponentialHistogramValue,
  b: ExponentialHistogramValue,
): [ExponentialHistogramValue, ExponentialHistogramValue] {
  if (a.zeroThreshold === b.zeroThreshold) return [a, b];
  const threshold = Math.max(a.zeroThreshold, b.zeroThreshold);
  const index = bucketIndex(threshold, a.scale);
  // Only one that had a smaller threshold may have counts on both sides of this one in its bucket.
  const isCut = [a, b].some(
    (each) =>
      each.zeroThreshold < threshold &&
      threshold < bucketLowerBound(index + 1, a.scale) &&
      (countAt(each.positive, index) > 0 || countAt(each.negative, index) > 0),
  );
  const widest = isCut ? bound(index + 1, a.scale) : threshold;
  // A bucket that ends at the threshold is within it; one that begins below and ends above it is of the one that had it already.
  const first = isCut || threshold === bucketLowerBound(index + 1, a.scale) ? index + 1 : index;
  return [withZeroBelow(a, first, widest), withZeroBelow(b, first, widest)];
}

/** Moves buckets below one into the zero bucket. */
function withZeroBelow(
  histogram: ExponentialHistogramValue,
  first: number,
  zeroThreshold: number,
): ExponentialHistogramValue {
  const { positive, negative, zeroCount } = histogram;
  const [positiveLeft, positiveMoved] = split(positive, first);
  const [negativeLeft, negativeMoved] = split(negative, first);
  return {
    ...histogram,
    zeroThreshold,
    zeroCount: zeroCount + positiveMoved + negativeMoved,
    positive: positiveLeft,
    negative: negativeLeft,
  };
}

function split({ offset, counts }: Buckets, first: number): [left: Buckets, moved: number] {
  const moved = Math.min(Math.max(first - offset, 0), counts.length);
  if (moved === 0) return [{ offset, counts }, 0];
  const left = trimmed({ offset: offset + moved, counts: counts.slice(moved) });
  return [left, counts.slice(0, moved).reduce((sum, count) => sum + count, 0)];
}

function countAt({ offset, counts }: Buckets, index: number): number {
  return counts[index - offset] ?? 0;
}

function widened(buckets: Buckets, divisor: number): Buckets {
  const { offset, counts } = trimmed(buckets);
  if (divisor === 1 || counts.length === 0) return { offset, counts };
  const first = Math.floor(offset / divisor);
  const last = Math.floor((offset + counts.length - 1) / divisor);
  const wide = zeros(last - first + 1);
  counts.forEach((count, i) => {
    wide[Math.floor((offset + i) / divisor) - first] += count;
  });
  return { offset: first, counts: wide };
}

function combined(a: Buckets, b: Buckets, sign: 1 | -1): Buckets {
  if (b.counts.length === 0) return trimmed(a);
  if (a.counts.length === 0 && sign === 1) return trimmed(b);
  const first = a.counts.length === 0 ? b.offset : Math.min(a.offset, b.offset);
  const end = Math.max(a.counts.length === 0 ? first : a.offset + a.counts.length, b.offset + b.counts.length);
  const counts = zeros(end - first);
  for (let i = 0; i < a.counts.length; i++) counts[a.offset + i - first] = a.counts[i] ?? 0;
  for (let i = 0; i < b.counts.length; i++) counts[b.offset + i - first] += sign * (b.counts[i] ?? 0);
  return trimmed({ offset: first, counts });
}

function zeros(length: number): number[] {
  const counts: number[] = [];
  // Faster than filling an array from a function, several times.
  for (let i = 0; i < length; i++) counts.push(0);
  return counts;
}

function isNegative(count: number): boolean {
  return count < 0;
}

/** Without the empty buckets at both ends. */
function trimmed(buckets: Buckets): Buckets {
  const { offset, counts } = buckets;
  let first = 0;
  let end = counts.length;
  while (end > 0 && (counts[end - 1] ?? 0) === 0) end--;
  while (first < end && (counts[first] ?? 0) === 0) first++;
  if (first === end) return NO_BUCKETS;
  return first === 0 && end === counts.length ? buckets : { offset: offset + first, counts: counts.slice(first, end) };
}

function totalOf({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function extreme(
  a: ExponentialHistogramValue,
  b: ExponentialHistogramValue,
  choose: (a: number, b: number) => number,
  key: 'min' | 'max',
): number | undefined {
  if (a.count === 0) return b[key];
  if (b.count === 0) return a[key];
  const one = a[key];
  const other = b[key];
  return one === undefined || other === undefined ? undefined : choose(one, other);
}
