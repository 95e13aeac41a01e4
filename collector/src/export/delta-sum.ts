// Adds a delta value to the cumulative one of its series. Makes a new value; neither is changed.
import type { HistogramValue, NumberValue, PointValue } from '../model/data-point.ts';

/**
 * Adds what was counted in one interval to what was counted before.
 *
 * @returns the sum; undefined where the two cannot be added, as histograms with other bounds: the series then begins anew
 */
export function addDelta(total: PointValue, delta: PointValue): PointValue | undefined {
  if (total.type === 'number' && delta.type === 'number') return addNumbers(total, delta);
  if (total.type === 'histogram' && delta.type === 'histogram') return addHistograms(total, delta);
  return undefined;
}

function addNumbers(total: NumberValue, delta: NumberValue): NumberValue {
  return { type: 'number', value: total.value + delta.value, isInteger: total.isInteger && delta.isInteger };
}

function addHistograms(total: HistogramValue, delta: HistogramValue): HistogramValue | undefined {
  const { bounds, counts } = total;
  if (bounds.length !== delta.bounds.length || counts.length !== delta.counts.length) return undefined;
  if (bounds.some((bound, i) => bound !== delta.bounds[i])) return undefined;
  return {
    type: 'histogram',
    count: total.count + delta.count,
    sum: bothOf(total.sum, delta.sum, (a, b) => a + b),
    min: bothOf(total.min, delta.min, Math.min),
    max: bothOf(total.max, delta.max, Math.max),
    bounds,
    counts: counts.map((count, i) => count + (delta.counts[i] ?? 0)),
  };
}

/** What one interval does not say is not known of the whole either. */
function bothOf(
  a: number | undefined,
  b: number | undefined,
  joined: (a: number, b: number) => number,
): number | undefined {
  return a === undefined || b === undefined ? undefined : joined(a, b);
}
