// What is known of every series that came in: its newest cumulative value, for the metrics page and for what is pushed.
import type { DataPoint } from '../model/data-point.ts';
import type { MetricFamily } from '../model/metric-family.ts';

/** The newest value of every series. */
export class SeriesTable {
  readonly #last = new Map<string, DataPoint>();

  /** Takes points in the order they came. */
  take(points: readonly DataPoint[]): readonly DataPoint[] {
    for (const point of points) this.#last.set(point.metric.key, point);
    return points;
  }

  /** Everything known at this moment, as the page shows it. */
  *families(): Generator<MetricFamily> {}
}
