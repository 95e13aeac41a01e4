// Families, as stages expose them, as the data points in which they are pushed.
import { canonical } from './attributes.ts';
import {
  type DataPoint,
  type ExponentialHistogramValue,
  type Metric,
  metricOf,
  type PointExemplar,
  type PointValue,
  type Resource,
  type Scope,
  scopeOf,
} from './data-point.ts';
import type { ClassicHistogram, Exemplar, MetricFamily, MetricPoint } from './metric-family.ts';

/** The library that measured, of everything the sidecar makes. */
export const OWN_SCOPE: Scope = scopeOf({ name: 'evenkeel', version: '', attributes: [], schemaUrl: '' });

/** When families are read. */
export interface ReadAt {
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** Unix milliseconds since when everything counts that does not say otherwise. */
  readonly startedMs: number;
}

/** Makes a data point of each point of families; a histogram that is both classic and native becomes the native one. */
export function* pointsOfFamilies(
  families: Iterable<MetricFamily>,
  resource: Resource,
  { nowMs, monotonicMs, startedMs }: ReadAt,
): Generator<DataPoint> {
  for (const family of families) {
    const metrics = new Map<Metric['kind'], Metric>();
    for (const point of family.points) {
      const value = valueOf(point);
      const kind = value.type === 'number' ? (family.kind === 'counter' ? 'sum' : 'gauge') : value.type;
      let metric = metrics.get(kind);
      if (metric === undefined) metrics.set(kind, (metric = describe(family, kind, resource)));
      const beganMs =
        point.createdMs ?? (point.startMs === undefined ? startedMs : nowMs - monotonicMs + point.startMs);
      yield {
        metric,
        attributes: canonical(Object.entries(point.attributes)),
        startMs: kind === 'gauge' ? 0 : beganMs,
        timeMs: point.timeMs ?? nowMs,
        hasNoValue: false,
        value,
        exemplars: (point.exemplars ?? []).map(exemplarOf),
      };
    }
  }
}

function describe({ name, unit, description }: MetricFamily, kind: Metric['kind'], resource: Resource): Metric {
  const isMonotonic = kind !== 'gauge' && kind !== 'summary';
  return metricOf({
    resource,
    scope: OWN_SCOPE,
    name,
    unit,
    description,
    kind,
    isMonotonic,
    temporality: 'cumulative',
    metadata: [],
  });
}

function valueOf({ value = 0, histogram, exponential, summary }: MetricPoint): PointValue {
  if (exponential !== undefined) return exponential satisfies ExponentialHistogramValue;
  if (histogram !== undefined) return classic(histogram);
  return summary ?? { type: 'number', value, isInteger: Number.isSafeInteger(value) };
}

function classic({ bounds, counts, sum }: ClassicHistogram): PointValue {
  const count = counts.reduce((total, each) => total + each, 0);
  return { type: 'histogram', count, sum, min: undefined, max: undefined, bounds, counts };
}

function exemplarOf({ traceId, spanId, value, timestampMs, attributes = {} }: Exemplar): PointExemplar {
  const isInteger = Number.isSafeInteger(value);
  return { traceId, spanId, value, isInteger, timeMs: timestampMs, attributes: canonical(Object.entries(attributes)) };
}
