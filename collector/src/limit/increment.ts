// What a cumulative stream counted between two of its points. Pure.
import type { DataPoint, HistogramValue, PointValue } from '../model/data-point.ts';
import { subtractExponential } from '../model/exponential-merge.ts';
import { haveSameBounds, subtractHistograms } from '../model/histogram-merge.ts';
import { withoutBuckets } from './stream-record.ts';
import type { StreamState } from './stream-store.ts';

/** What became of a stream since its last point. */
export type Step =
  /** `increment` is what it counted since. */
  | { readonly isReset: false; readonly increment: PointValue }
  /** It began anew, and counted all that it says since then. */
  | { readonly isReset: true; readonly increment: PointValue };

/**
 * Compares a point with the last one of its stream.
 *
 * @returns undefined for a point that is older than the last, or repeats its time with less: it says nothing new
 */
export function stepOf(
  last: Pick<StreamState, 'timeMs' | 'startMs' | 'value'>,
  { startMs, timeMs, value }: DataPoint,
): Step | undefined {
  // A stream begins anew after its last point; a start before the last one is of a late point of an earlier life.
  if (startMs > 0 && startMs < last.startMs) return undefined;
  if (startMs > last.startMs && (last.startMs > 0 || startMs >= last.timeMs))
    return { isReset: true, increment: value };
  if (timeMs < last.timeMs) return undefined;
  const increment = difference(value, last.value);
  if (increment !== undefined) return { isReset: false, increment };
  return timeMs === last.timeMs ? undefined : { isReset: true, increment: value };
}

/** Takes one value from another of its kind. @returns undefined where some count went back */
export function difference(later: PointValue, earlier: PointValue): PointValue | undefined {
  if (later.type === 'number' && earlier.type === 'number')
    return later.value < earlier.value ? undefined : { ...later, value: later.value - earlier.value };
  if (later.type === 'histogram' && earlier.type === 'histogram') return histogramDifference(later, earlier);
  if (later.type === 'exponential_histogram' && earlier.type === 'exponential_histogram')
    return subtractExponential(later, earlier);
  if (later.type === 'summary' && earlier.type === 'summary')
    return later.count < earlier.count
      ? undefined
      : { type: 'summary', count: later.count - earlier.count, sum: later.sum - earlier.sum, quantiles: [] };
  return undefined;
}

function histogramDifference(later: HistogramValue, earlier: HistogramValue): PointValue | undefined {
  if (haveSameBounds(later, earlier)) return subtractHistograms(later, earlier);
  // Other bounds from one point to the next: which buckets the new counts are in, nobody can tell.
  return subtractHistograms(withoutBuckets(later), withoutBuckets(earlier));
}

/** Tells whether a value can be added to a total without spoiling it. */
export function soundness(value: PointValue): 'sound' | 'not_finite' | 'invalid' {
  switch (value.type) {
    case 'number':
      return Number.isFinite(value.value) ? 'sound' : 'not_finite';
    case 'histogram':
      if (value.counts.length !== (value.bounds.length === 0 ? value.counts.length : value.bounds.length + 1))
        return 'invalid';
      if (value.bounds.length === 0 && value.counts.length > 1) return 'invalid';
      return value.sum === undefined || Number.isFinite(value.sum) ? 'sound' : 'not_finite';
    case 'exponential_histogram':
      return value.sum === undefined || Number.isFinite(value.sum) ? 'sound' : 'not_finite';
    case 'summary':
      return Number.isFinite(value.sum) ? 'sound' : 'not_finite';
  }
}
