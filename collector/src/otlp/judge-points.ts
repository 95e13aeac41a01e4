// Tells data points that contradict themselves: nobody could add them up, so they are left out and their sender is told.
import type {
  Buckets,
  ExponentialHistogramValue,
  HistogramValue,
  Metric,
  PointValue,
  SummaryValue,
} from '../model/data-point.ts';

/** What OpenTelemetry's SDKs stay within; beyond it a bucket is narrower than a double tells apart. */
const MIN_SCALE = -10;
const MAX_SCALE = 20;

/** Of finite doubles above 0, as exponents of 2: the smallest is 2^-1074. */
const MIN_EXPONENT = -1075;
const MAX_EXPONENT = 1024;

/** Says whether a value of a metric can be meant. */
export function isSound(metric: Pick<Metric, 'kind' | 'isMonotonic'>, value: PointValue): boolean {
  // A gauge may well read NaN, but what was counted is a number, and what only grows began at 0.
  if (value.type === 'number') return metric.kind === 'gauge' || isCount(value.value, metric.isMonotonic);
  if (value.type === 'summary') return isSummary(value);
  if (isNaNumber(value.sum) || isNaNumber(value.min) || isNaNumber(value.max)) return false;
  return value.type === 'histogram' ? isHistogram(value) : isExponentialHistogram(value);
}

function isCount(value: number, isMonotonic: boolean): boolean {
  return Number.isFinite(value) && !(isMonotonic && value < 0);
}

function isNaNumber(value: number | undefined): boolean {
  return value !== undefined && Number.isNaN(value);
}

function isHistogram({ bounds, counts, count }: HistogramValue): boolean {
  // One that only counts and sums has no buckets at all.
  if (counts.length === 0) return bounds.length === 0;
  if (counts.length !== bounds.length + 1 || !isTotal(count, counts)) return false;
  return bounds.every((bound, i) => (i === 0 ? !Number.isNaN(bound) : bound > (bounds[i - 1] ?? 0)));
}

function isExponentialHistogram(value: ExponentialHistogramValue): boolean {
  const { count, scale, zeroCount, zeroThreshold, positive, negative } = value;
  if (scale < MIN_SCALE || scale > MAX_SCALE) return false;
  if (!(zeroThreshold >= 0 && zeroThreshold < Infinity)) return false;
  if (!isWithinDoubles(positive, scale) || !isWithinDoubles(negative, scale)) return false;
  return isTotal(count, positive.counts, negative.counts, [zeroCount]);
}

/** A bucket of values that no double can have would make whoever merges it stretch to the end of the world. */
function isWithinDoubles({ offset, counts }: Buckets, scale: number): boolean {
  const first = counts.findIndex((each) => each > 0);
  if (first < 0) return true;
  const last = counts.findLastIndex((each) => each > 0);
  const perDoubling = 2 ** scale;
  return offset + first >= Math.floor(MIN_EXPONENT * perDoubling) && offset + last < MAX_EXPONENT * perDoubling;
}

function isSummary({ sum, quantiles }: SummaryValue): boolean {
  return !Number.isNaN(sum) && quantiles.every(({ quantile }) => quantile >= 0 && quantile <= 1);
}

/** Exact below 2^53, and beyond as far as doubles go. */
function isTotal(count: number, ...lists: readonly (readonly number[])[]): boolean {
  let total = 0;
  let terms = 0;
  for (const counts of lists) {
    for (const each of counts) total += each;
    terms += counts.length;
  }
  return total === count || Math.abs(total - count) <= (terms * count) / 2 ** 53;
}
