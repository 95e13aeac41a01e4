// An exponential histogram in the classic shape, for formats that know no other.
import type { Buckets, ExponentialHistogramValue } from '../model/data-point.ts';
import { bucketLowerBound, downscale } from '../model/exponential-merge.ts';
import type { ClassicHistogram } from '../model/metric-family.ts';

/** Bounds are powers of two where they are not more than this, else of four, sixteen and so on. */
const MAX_BOUNDS = 40;
/** Nothing is left to thin where one bucket holds all doubles above 1. */
const COARSEST_SCALE = -10;

/**
 * Thins the buckets to powers of two: bounds that stay the same from scrape to scrape, whatever the scale is then.
 * Counts at the bounds are exact, but for values that lie on a negative bound, which belong to the bucket above it here.
 */
export function classicOfExponential(value: ExponentialHistogramValue): ClassicHistogram {
  let { positive, negative, scale } = downscale(value, Math.min(value.scale, 0));
  while (positive.counts.length + negative.counts.length > MAX_BOUNDS && scale > COARSEST_SCALE)
    ({ positive, negative, scale } = downscale(value, scale - 1));
  const { count, sum = NaN, zeroCount, zeroThreshold } = value;
  const bounds: number[] = [];
  const counts: number[] = [];
  const add = (bound: number, held: number): void => {
    const last = bounds.at(-1);
    // Bounds ascend and are finite; what lies within the zero bucket's width is told by it.
    if (Number.isFinite(bound) && (last === undefined || bound > last)) {
      bounds.push(bound);
      counts.push(held);
    } else if (Number.isFinite(bound)) counts[counts.length - 1] = (counts.at(-1) ?? 0) + held;
  };
  // A bucket that reaches into the zero bucket ends where that begins.
  for (const [index, held] of indexed(negative).toReversed())
    add(-Math.max(bucketLowerBound(index, scale), zeroThreshold), held);
  if (zeroCount > 0 || bounds.length > 0) add(zeroThreshold, zeroCount);
  for (const [index, held] of indexed(positive)) add(bucketLowerBound(index + 1, scale), held);
  const told = counts.reduce((total, each) => total + each, 0);
  return { bounds, counts: [...counts, Math.max(0, count - told)], sum };
}

function indexed({ offset, counts }: Buckets): [index: number, count: number][] {
  return counts.map((count, i) => [offset + i, count]);
}
