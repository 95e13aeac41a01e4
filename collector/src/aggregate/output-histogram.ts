// `histogram`: histograms added up, as they are of one kind; readings become an exponential histogram.
import type { PointValue } from '../model/data-point.ts';
import { exponentialOfOne, mergeExponential } from '../model/exponential-merge.ts';
import { mergeHistograms } from '../model/histogram-merge.ts';
import { HISTOGRAMS, type Output, READINGS, type Tally } from './output.ts';

export const histogram: Output = {
  name: 'histogram',
  classes: [...READINGS, ...HISTOGRAMS],
  shape(pointClass, { unit }) {
    const kind = pointClass === 'histogram' ? 'histogram' : 'exponential_histogram';
    return { kind, isMonotonic: true, unit, says: 'window' };
  },
  tally: () => mergedTally((merged) => (merged === undefined ? [] : [{ value: merged }])),
};

/** Merges whatever comes, and has the whole read. */
export function mergedTally(
  read: (merged: Exclude<PointValue, { type: 'number' | 'summary' }> | undefined) => ReturnType<Tally['read']>,
): Tally {
  let merged: PointValue | undefined;
  return {
    add({ value }) {
      if (value === undefined) return;
      const own = value.type === 'number' ? exponentialOfOne(value.value) : value;
      merged = merged === undefined ? own : added(merged, own);
    },
    read: () => read(merged?.type === 'histogram' || merged?.type === 'exponential_histogram' ? merged : undefined),
  };
}

/**
 * Adds a value to another of its kind, in windows and from window to window.
 *
 * @param total numbers and histograms of equal bounds; where kinds or bounds differ it stays as it is, and whoever calls
 * has seen to it that they do not
 */
export function added(total: PointValue, value: PointValue): PointValue {
  if (total.type === 'number' && value.type === 'number') {
    const sum = total.value + value.value;
    return { type: 'number', value: sum, isInteger: total.isInteger && value.isInteger && Number.isSafeInteger(sum) };
  }
  if (total.type === 'histogram' && value.type === 'histogram') return mergeHistograms(total, value) ?? total;
  if (total.type === 'exponential_histogram' && value.type === 'exponential_histogram')
    return mergeExponential(total, value);
  return total;
}
