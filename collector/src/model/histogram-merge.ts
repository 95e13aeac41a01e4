// Algebra of histograms with explicit bounds: merge and subtract where bounds are equal, quantiles. Pure.
import type { HistogramValue } from './data-point.ts';

/** Tells whether two histograms may be added. */
export function haveSameBounds(one: HistogramValue, other: HistogramValue): boolean {
  if (one.bounds === other.bounds) return one.counts.length === other.counts.length;
  return (
    one.counts.length === other.counts.length &&
    one.bounds.length === other.bounds.length &&
    one.bounds.every((bound, i) => bound === other.bounds[i])
  );
}

/** Adds two histograms. @returns undefined where their bounds differ */
export function mergeHistograms(one: HistogramValue, other: HistogramValue): HistogramValue | undefined {
  if (!haveSameBounds(one, other)) return undefined;
  const knows = (key: 'min' | 'max', choose: (a: number, b: number) => number): number | undefined => {
    if (one.count === 0) return other[key];
    if (other.count === 0) return one[key];
    const [a, b] = [one[key], other[key]];
    return a === undefined || b === undefined ? undefined : choose(a, b);
  };
  return {
    type: 'histogram',
    count: one.count + other.count,
    sum: one.sum === undefined || other.sum === undefined ? undefined : one.sum + other.sum,
    min: knows('min', Math.min),
    max: knows('max', Math.max),
    bounds: one.bounds,
    counts: one.counts.map((count, i) => count + (other.counts[i] ?? 0)),
  };
}

/**
 * Takes an earlier reading of a cumulative histogram from a later one of the same bounds.
 *
 * @returns what was measured in between, without `min` and `max`; undefined where some count went back or bounds differ,
 * so that the later one must have begun anew
 */
export function subtractHistograms(later: HistogramValue, earlier: HistogramValue): HistogramValue | undefined {
  if (!haveSameBounds(later, earlier) || later.count < earlier.count) return undefined;
  const counts = later.counts.map((count, i) => count - (earlier.counts[i] ?? 0));
  if (counts.some((count) => count < 0)) return undefined;
  return {
    type: 'histogram',
    count: later.count - earlier.count,
    sum: later.sum === undefined || earlier.sum === undefined ? undefined : later.sum - earlier.sum,
    min: undefined,
    max: undefined,
    bounds: later.bounds,
    counts,
  };
}

/**
 * Estimates a quantile.
 *
 * @param q 0..1
 * @returns interpolated within its bucket as Prometheus does, but never beyond `min` and `max` where they are known;
 * undefined without buckets or measurements
 */
export function histogramQuantile({ bounds, counts, min, max }: HistogramValue, q: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || bounds.length === 0) return undefined;
  const within = (value: number): number => Math.min(Math.max(value, min ?? -Infinity), max ?? Infinity);
  const rank = q * total;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const upper = bounds[i];
      // Above the last bound there is nothing to interpolate to.
      if (upper === undefined) return within(max ?? bounds[i - 1] ?? 0);
      const lower = bounds[i - 1] ?? (upper > 0 ? Math.min(min ?? 0, upper) : upper);
      return within(lower + ((upper - lower) * (rank - below)) / count);
    }
    below += count;
  }
  return within(bounds[bounds.length - 1] ?? 0);
}
