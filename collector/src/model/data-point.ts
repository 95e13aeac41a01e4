// The model of metrics between receivers and exporters: data points of OpenTelemetry's five kinds, whatever door they came by.
// Plain immutable values: a stage that changes a point makes another, and anyone may keep one.
import { hash } from 'node:crypto';
import type { Attributes } from './attributes.ts';
import { attributesKey } from './attributes.ts';

/** What sends. Points of one batch share theirs, and equal ones have equal keys. */
export interface Resource {
  readonly attributes: Attributes;
  readonly schemaUrl: string;
  /** Equal exactly where attributes and schema URL are. */
  readonly key: string;
}

/** The library that measured. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
  readonly schemaUrl: string;
  readonly key: string;
}

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';
export type Temporality = 'delta' | 'cumulative';

/** A named stream of points from one scope of one resource. */
export interface Metric {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly kind: MetricKind;
  /** `cumulative` for gauges and summaries, where it says nothing. */
  readonly temporality: Temporality;
  /** Sums only; histograms are monotonic by nature and say true, gauges and summaries false. */
  readonly isMonotonic: boolean;
  /** Attributes of OTLP's `metadata`; of no identity. */
  readonly metadata: Attributes;
  /** Identity: resource, scope, name, unit, kind, temporality, monotonicity. Descriptions may differ. */
  readonly key: string;
}

/** Gauge and sum. */
export interface NumberValue {
  readonly type: 'number';
  /** Integers are exact below 2^53. */
  readonly value: number;
  /** Came as an integer, and leaves as one. */
  readonly isInteger: boolean;
}

/** Counts in (bounds[i-1], bounds[i]]; one more count than bounds, or none at all of either. */
export interface HistogramValue {
  readonly type: 'histogram';
  readonly count: number;
  /** Absent where values may be negative and the sum would not be monotonic. */
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Bucket i of `counts` holds absolute values in (base^(offset+i), base^(offset+i+1)] with base = 2^(2^-scale). */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface ExponentialHistogramValue {
  readonly type: 'exponential_histogram';
  readonly count: number;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** -10..20. */
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

export interface SummaryValue {
  readonly type: 'summary';
  readonly count: number;
  readonly sum: number;
  /** In ascending order of quantile, 0..1. */
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export type PointValue = NumberValue | HistogramValue | ExponentialHistogramValue | SummaryValue;

/** A single measurement that was counted in a point. */
export interface PointExemplar {
  readonly value: number;
  readonly isInteger: boolean;
  /** Unix milliseconds. */
  readonly timeMs: number;
  /** Lower-case hexadecimal digits, 32 and 16; empty where it was measured outside of any trace. */
  readonly traceId: string;
  readonly spanId: string;
  /** What the point's attributes leave out. */
  readonly attributes: Attributes;
}

/** One data point. */
export interface DataPoint {
  readonly metric: Metric;
  readonly attributes: Attributes;
  /** Unix milliseconds with fractions, to 0.25 µs; since when the value counts, 0 where nobody said. */
  readonly startMs: number;
  /** Unix milliseconds with fractions, to 0.25 µs. */
  readonly timeMs: number;
  /** The stream says that it has no value any more; `value` then is to be ignored. */
  readonly hasNoValue: boolean;
  readonly value: PointValue;
  readonly exemplars: readonly PointExemplar[];
}

/** What flows between stages. */
export interface MetricBatch {
  readonly signal: 'metrics';
  readonly points: readonly DataPoint[];
}

/** Makes a resource with its key. @param attributes canonical */
export function resourceOf(attributes: Attributes, schemaUrl = ''): Resource {
  return { attributes, schemaUrl, key: shortened(joined([attributesKey(attributes), schemaUrl])) };
}

/** Makes a scope with its key. */
export function scopeOf({ name, version, attributes, schemaUrl }: Omit<Scope, 'key'>): Scope {
  const key = shortened(joined([name, version, attributesKey(attributes), schemaUrl]));
  return { name, version, attributes, schemaUrl, key };
}

/** Makes a metric with its key. */
export function metricOf(described: Omit<Metric, 'key'>): Metric {
  const { resource, scope, name, unit, kind, temporality, isMonotonic } = described;
  const key = joined([resource.key, scope.key, name, unit, kind, temporality, isMonotonic ? 'monotonic' : '']);
  return { ...described, key };
}

/** Names the series a point belongs to: equal exactly where metric and attributes are. */
export function seriesKey(metric: Metric, attributes: Attributes): string {
  return metric.key + attributesKey(attributes);
}

const LONGEST_KEY = 64;

/** Each metric's key holds those of its resource and scope: a long one would be copied for each metric and kept for each series. */
function shortened(key: string): string {
  return key.length <= LONGEST_KEY ? key : hash('sha256', key, 'base64');
}

/** Lengths in front, so that no part can pass for the end of another. */
function joined(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}
