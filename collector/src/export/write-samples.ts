// What one point is in samples of Prometheus: one value, or several series that belong together.
import type { ClassicHistogram, Exemplar, MetricFamily, MetricPoint } from '../model/metric-family.ts';
import { boundText } from './bound-text.ts';
import { classicOfExponential } from './classic-of-exponential.ts';
import { type NativeHistogram, nativeHistogram } from './native-histogram.ts';
import type { Label } from './prometheus-naming.ts';

/** A value of one of the series that make up a point. */
export interface PartValue {
  /** Behind the name of the metric. */
  readonly suffix: string;
  /** `le` or `quantile`, which its other labels lack. */
  readonly label: Label | undefined;
  readonly value: number | NativeHistogram;
  readonly exemplars: readonly Exemplar[];
}

/** How points are taken apart. */
export interface PartOptions {
  readonly hasNative: boolean;
  readonly hasExemplars: boolean;
}

/** Takes a point apart; the parts of one series are always in the same order. */
export function partsOf(kind: MetricFamily['kind'], point: MetricPoint, options: PartOptions): PartValue[] {
  const { value, histogram, exponential, summary } = point;
  const exemplars = options.hasExemplars ? (point.exemplars ?? []) : [];
  if (exponential !== undefined) {
    const native = options.hasNative ? nativeHistogram(exponential) : undefined;
    if (native === undefined) return classicParts(classicOfExponential(exponential), exemplars);
    return [{ suffix: '', label: undefined, value: native, exemplars }];
  }
  if (histogram !== undefined) return classicParts(histogram, exemplars);
  if (summary !== undefined) {
    const quantiles = summary.quantiles.map(({ quantile, value: at }) =>
      part('', at, ['quantile', boundText(quantile)]),
    );
    return [...quantiles, part('_sum', summary.sum), part('_count', summary.count)];
  }
  const suffix = kind === 'counter' ? '_total' : kind === 'info' ? '_info' : '';
  return [{ ...part(suffix, value ?? 0), exemplars }];
}

/** Whether a point has counted nothing yet. */
export function isEmpty({ value, histogram, exponential, summary }: MetricPoint): boolean {
  if (exponential !== undefined) return exponential.count === 0;
  if (histogram !== undefined) return histogram.counts.every((count) => count === 0);
  return summary === undefined ? value === 0 : summary.count === 0;
}

function classicParts({ bounds, counts, sum }: ClassicHistogram, exemplars: readonly Exemplar[]): PartValue[] {
  const byBucket = Map.groupBy(exemplars, ({ value }) => bucketOf(bounds, value));
  let cumulative = 0;
  const buckets = counts.map((count, i): PartValue => {
    cumulative += count;
    const bound = boundText(i < bounds.length ? (bounds[i] ?? 0) : Infinity);
    return { ...part('_bucket', cumulative, ['le', bound]), exemplars: byBucket.get(i) ?? [] };
  });
  return [...buckets, part('_sum', sum), part('_count', cumulative)];
}

function part(suffix: string, value: number, label?: Label): PartValue {
  return { suffix, label, value, exemplars: [] };
}

function bucketOf(bounds: readonly number[], value: number): number {
  const place = bounds.findIndex((bound) => value <= bound);
  return place < 0 ? bounds.length : place;
}
