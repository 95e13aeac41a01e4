// Adds a delta value to the cumulative one of its series. Makes a new value; neither is changed.
import type { PointValue } from '../model/data-point.ts';
import { mergeExponential } from '../model/exponential-merge.ts';
import { mergeHistograms } from '../model/histogram-merge.ts';

/**
 * Adds what was counted in one interval to what was counted before.
 *
 * @returns the sum; undefined where the two cannot be added, as histograms with other bounds: the series then begins anew
 */
export function addDelta(total: PointValue, delta: PointValue): PointValue | undefined {
  if (total.type === 'number' && delta.type === 'number')
    return { type: 'number', value: total.value + delta.value, isInteger: total.isInteger && delta.isInteger };
  if (total.type === 'histogram' && delta.type === 'histogram') return mergeHistograms(total, delta);
  if (total.type === 'exponential_histogram' && delta.type === 'exponential_histogram')
    return mergeExponential(total, delta);
  return undefined;
}
