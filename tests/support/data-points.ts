// Data points for tests that care about a few of their properties only.
import { type Attribute, type AttributeValue, canonical } from '../../collector/src/model/attributes.ts';
import {
  type DataPoint,
  type ExponentialHistogramValue,
  type HistogramValue,
  type Metric,
  metricOf,
  type NumberValue,
  type PointExemplar,
  type PointValue,
  resourceOf,
  scopeOf,
} from '../../collector/src/model/data-point.ts';

/** What a test may say of a point; the rest is plain: a cumulative, monotonic sum of service `shop`. */
export interface PointShape extends Partial<Omit<Metric, 'resource' | 'scope' | 'key' | 'metadata'>> {
  readonly service?: string;
  readonly instance?: string;
  /** Further attributes of the resource. */
  readonly resource?: Readonly<Record<string, AttributeValue>>;
  readonly scopeName?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly startMs?: number;
  readonly timeMs?: number;
  readonly hasNoValue?: boolean;
  /** A number is an integer where it is whole. */
  readonly value?: number | PointValue;
  readonly exemplars?: readonly PointExemplar[];
}

/** A quarter past some full hour. */
export const POINTS_BEGAN_MS = 1_800_000_900_000;

/** One point. */
export function dataPoint(shape: PointShape = {}): DataPoint {
  const { service = 'shop', instance, resource = {}, scopeName = '', value = 1, attributes = {} } = shape;
  const pointValue = typeof value === 'number' ? numberValue(value) : value;
  const kind = shape.kind ?? (pointValue.type === 'number' ? 'sum' : pointValue.type);
  const own: Attribute[] = [['service.name', service]];
  if (instance !== undefined) own.push(['service.instance.id', instance]);
  return {
    metric: metricOf({
      resource: resourceOf(canonical([...own, ...Object.entries(resource)])),
      scope: scopeOf({ name: scopeName, version: '', attributes: [], schemaUrl: '' }),
      name: shape.name ?? 'requests',
      unit: shape.unit ?? '',
      description: shape.description ?? '',
      kind,
      temporality: shape.temporality ?? 'cumulative',
      isMonotonic: shape.isMonotonic ?? (kind !== 'gauge' && kind !== 'summary'),
      metadata: [],
    }),
    attributes: canonical(Object.entries(attributes)),
    startMs: shape.startMs ?? POINTS_BEGAN_MS,
    timeMs: shape.timeMs ?? POINTS_BEGAN_MS + 10_000,
    hasNoValue: shape.hasNoValue ?? false,
    value: pointValue,
    exemplars: shape.exemplars ?? [],
  };
}

export function numberValue(value: number, isInteger = Number.isInteger(value)): NumberValue {
  return { type: 'number', value, isInteger };
}

/** A classic histogram of these values. */
export function histogramOf(values: readonly number[], bounds: readonly number[]): HistogramValue {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  for (const value of values) {
    const place = bounds.findIndex((bound) => value <= bound);
    const bucket = place < 0 ? bounds.length : place;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { type: 'histogram', ...extremes(values), bounds, counts };
}

/** An exponential histogram of these values, by the definition of its buckets. */
export function exponentialOf(values: readonly number[], scale: number, zeroThreshold = 0): ExponentialHistogramValue {
  const zero = values.filter((value) => Math.abs(value) <= zeroThreshold).length;
  const side = (kept: readonly number[]): { offset: number; counts: number[] } => {
    const indexes = kept.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
    if (indexes.length === 0) return { offset: 0, counts: [] };
    const offset = Math.min(...indexes);
    const counts = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0);
    for (const index of indexes) counts[index - offset] = (counts[index - offset] ?? 0) + 1;
    return { offset, counts };
  };
  return {
    type: 'exponential_histogram',
    ...extremes(values),
    scale,
    zeroCount: zero,
    zeroThreshold,
    positive: side(values.filter((value) => value > zeroThreshold)),
    negative: side(values.filter((value) => value < -zeroThreshold).map((value) => -value)),
  };
}

function extremes(values: readonly number[]): {
  count: number;
  sum: number;
  min: number | undefined;
  max: number | undefined;
} {
  const isEmpty = values.length === 0;
  return {
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    min: isEmpty ? undefined : Math.min(...values),
    max: isEmpty ? undefined : Math.max(...values),
  };
}
