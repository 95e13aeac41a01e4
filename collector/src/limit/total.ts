// What folded points add up to, by kind. Pure: each total is a value of its own.
import type { HistogramValue, PointValue } from '../model/data-point.ts';
import { mergeExponential } from '../model/exponential-merge.ts';
import { mergeHistograms } from '../model/histogram-merge.ts';

/** Adds what was counted to a total of the same kind (and bounds). */
export function sum(total: PointValue, increment: PointValue): PointValue {
  if (total.type === 'number' && increment.type === 'number')
    return {
      type: 'number',
      value: total.value + increment.value,
      isInteger: total.isInteger && increment.isInteger,
    };
  if (total.type === 'histogram' && increment.type === 'histogram') return mergeHistograms(total, increment) ?? total;
  if (total.type === 'exponential_histogram' && increment.type === 'exponential_histogram')
    return mergeExponential(total, increment);
  if (total.type === 'summary' && increment.type === 'summary')
    return { type: 'summary', count: total.count + increment.count, sum: total.sum + increment.sum, quantiles: [] };
  return total;
}

/** Nothing, in the form of a value: its bounds, its scale. */
export function zeroOf(value: PointValue): PointValue {
  switch (value.type) {
    case 'number':
      return { type: 'number', value: 0, isInteger: value.isInteger };
    case 'histogram':
      return emptyHistogram(value);
    case 'exponential_histogram': {
      const empty = { offset: 0, counts: [] };
      return { ...value, ...NOTHING, zeroCount: 0, positive: empty, negative: empty };
    }
    case 'summary':
      return { type: 'summary', count: 0, sum: 0, quantiles: [] };
  }
}

/** The same without extremes: of what came between two points nobody knows them. */
export function withoutExtremes(value: PointValue): PointValue {
  if (value.type !== 'histogram' && value.type !== 'exponential_histogram') return value;
  return value.min === undefined && value.max === undefined ? value : { ...value, min: undefined, max: undefined };
}

const NOTHING = { count: 0, sum: 0, min: undefined, max: undefined } as const;

function emptyHistogram(value: HistogramValue): HistogramValue {
  // Without bounds there may be no count or one, which says the same.
  const counts = value.bounds.length === 0 ? [] : value.counts.map(() => 0);
  return { ...value, ...NOTHING, counts };
}
