// What kinds of streams there are for aggregation: by what adding up two of their points means.
import type { DataPoint, Metric, NumberValue } from '../model/data-point.ts';

/**
 * `gauge`: readings. `up_down`: cumulative sums that may fall, whose value is what counts. `change`: delta sums that may
 * be negative. `counter`: monotonic sums of either temporality. Histograms are like counters, of many measurements each.
 */
export type PointClass = 'gauge' | 'up_down' | 'change' | 'counter' | 'histogram' | 'exponential_histogram';

/** Tells the class of a metric's points; undefined for summaries, which cannot be aggregated. */
export function classOf({ kind, isMonotonic, temporality }: Metric): PointClass | undefined {
  if (kind === 'summary') return undefined;
  if (kind !== 'sum') return kind;
  if (isMonotonic) return 'counter';
  return temporality === 'delta' ? 'change' : 'up_down';
}

/** Tells whether points of a class and temporality count by how much they grew. */
export function countsGrowth(pointClass: PointClass, { temporality }: Metric): boolean {
  return temporality === 'cumulative' && pointClass !== 'gauge' && pointClass !== 'up_down';
}

/** The number of a point that is one; undefined for histograms. */
export function numberOf(value: DataPoint['value'] | undefined): NumberValue | undefined {
  return value?.type === 'number' ? value : undefined;
}
