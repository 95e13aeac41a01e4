// Readings as data points.
import {
  type DataPoint,
  type HistogramValue,
  type Metric,
  metricOf,
  type PointValue,
  type Resource,
} from '../model/data-point.ts';
import { OWN_SCOPE } from '../model/family-points.ts';
import type { Described, HistogramReading } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

/** Unix milliseconds since when counters count. */
export type Began = Readonly<Record<SeriesSpec['since'], number>>;

/** Makes points of one resource; the metric of a spec is made once. */
export class PointMaker {
  readonly #resource: Resource;
  readonly #began: Began;
  readonly #metrics = new Map<SeriesSpec, Metric>();

  constructor(resource: Resource, began: Began) {
    this.#resource = resource;
    this.#began = began;
  }

  /** @param sinceMs where a counter began anew; by default as its spec says */
  point({ spec, attributes, histogram }: Described, value: number, timeMs: number, sinceMs?: number): DataPoint {
    return {
      metric: this.#metric(spec),
      attributes,
      startMs: spec.kind === 'gauge' ? 0 : (sinceMs ?? this.#began[spec.since]),
      timeMs,
      hasNoValue: false,
      value: histogram === undefined ? numberOf(spec, value) : histogramOf(histogram()),
      exemplars: [],
    };
  }

  /** Says that a series has ended. */
  end(described: Described, timeMs: number): DataPoint {
    return { ...this.point(described, 0, timeMs), hasNoValue: true };
  }

  #metric(spec: SeriesSpec): Metric {
    let metric = this.#metrics.get(spec);
    if (metric === undefined) this.#metrics.set(spec, (metric = this.#describe(spec)));
    return metric;
  }

  #describe({ name, unit, description, kind }: SeriesSpec): Metric {
    return metricOf({
      resource: this.#resource,
      scope: OWN_SCOPE,
      name,
      unit,
      description,
      kind: kind === 'counter' || kind === 'up_down' ? 'sum' : kind,
      isMonotonic: kind === 'counter' || kind === 'histogram',
      temporality: 'cumulative',
      metadata: [],
    });
  }
}

/** Of an integer a mean or an interpolated value may have a fraction, which is not shown. */
function numberOf({ isInteger }: SeriesSpec, value: number): PointValue {
  return { type: 'number', value: isInteger ? Math.round(value) : value, isInteger };
}

function histogramOf({ bounds, counts, sum }: HistogramReading): HistogramValue {
  const count = counts.reduce((all, each) => all + each, 0);
  return { type: 'histogram', count, sum, min: undefined, max: undefined, bounds, counts };
}
