// Histograms and summaries from the samples they are written as. Pure.
import type { HistogramValue, SummaryValue } from '../model/data-point.ts';
import type { Mended } from './instruments.ts';

/** What was read of one series in one scrape. Arrays go together; in the order read. */
export interface Parts {
  /** Upper bounds of buckets, or quantiles. */
  readonly bounds: readonly number[];
  /** What was counted up to each bound, or the value of each quantile. */
  readonly values: readonly number[];
  readonly sum: number | undefined;
  readonly count: number | undefined;
}

/** A value, and what it lacked. */
export interface Assembled<V> {
  readonly value: V;
  readonly missing: readonly Mended[];
}

/**
 * Makes a histogram of cumulative buckets. Of bucket +Inf and `_count`, which say the same, one is enough: OpenMetrics
 * leaves `_count` out with `_sum`. Where they differ, as when they were read one after the other, the bucket is taken.
 *
 * @returns undefined where counts are none, or fall from one bound to the next
 */
export function histogramOf({ bounds, values, sum, count }: Parts): Assembled<HistogramValue> | undefined {
  const missing: Mended[] = [];
  const [finite, upTo] = isAscending(bounds) ? [[...bounds], [...values]] : sorted(bounds, values);
  if (finite.at(-1) === Infinity) finite.pop();
  else if (count === undefined) return undefined;
  else {
    missing.push('no_infinite_bucket');
    upTo.push(count);
  }
  if (count === undefined) missing.push('no_count');
  if (sum === undefined) missing.push('no_sum');
  const counts: number[] = [];
  let before = 0;
  for (const each of upTo) {
    if (!Number.isInteger(each) || each < before) return undefined;
    counts.push(each - before);
    before = each;
  }
  const extremes = { min: undefined, max: undefined };
  return { value: { type: 'histogram', count: before, sum, ...extremes, bounds: finite, counts }, missing };
}

/** Makes a summary; undefined where it has no count. A sum that is not given is 0, as the specification has it. */
export function summaryOf({ bounds, values, sum, count }: Parts): Assembled<SummaryValue> | undefined {
  if (count === undefined || !Number.isInteger(count) || count < 0) return undefined;
  const [ordered, at] = isAscending(bounds) ? [bounds, values] : sorted(bounds, values);
  if (ordered.some((quantile) => quantile < 0 || quantile > 1)) return undefined;
  const quantiles = ordered.map((quantile, i) => ({ quantile, value: at[i] ?? NaN }));
  return { value: { type: 'summary', count, sum: sum ?? 0, quantiles }, missing: sum === undefined ? ['no_sum'] : [] };
}

function isAscending(bounds: readonly number[]): boolean {
  return bounds.every((bound, i) => i === 0 || (bounds[i - 1] ?? 0) < bound);
}

function sorted(bounds: readonly number[], values: readonly number[]): [number[], number[]] {
  const order = bounds.map((_, i) => i).sort((a, b) => (bounds[a] ?? 0) - (bounds[b] ?? 0));
  return [order.map((i) => bounds[i] ?? 0), order.map((i) => values[i] ?? 0)];
}
