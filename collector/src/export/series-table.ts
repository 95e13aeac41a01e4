// What is known of every series that came in: its newest cumulative value, for the metrics page and for what is pushed.
import { type DataPoint, seriesKey } from '../model/data-point.ts';
import type { MetricFamily } from '../model/metric-family.ts';

/** The newest value of every series. */
export class SeriesTable {
  readonly #last = new Map<string, DataPoint>();

  /** Takes points in the order they came. */
  take(points: readonly DataPoint[]): void {
    for (const point of points) this.#last.set(seriesKey(point.metric, point.attributes), point);
  }

  /** The newest points of a metric, of all sources. @param name OpenTelemetry's */
  *of(name: string): Generator<DataPoint> {
    for (const point of this.#last.values()) if (point.metric.name === name) yield point;
  }

  /** Everything known at this moment, as the page shows it. */
  *families(): Generator<MetricFamily> {}
}
