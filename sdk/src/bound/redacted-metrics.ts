// Takes secrets out of metrics as they are collected, for whoever reads them. Measurements are left alone, because recording
// is hot: series that are one without their secrets are joined here.
import type { HrTime } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type IMetricReader,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Redaction } from './redaction.ts';

type Point = DataPoint<unknown>;
type Buckets = ExponentialHistogram['positive'];

/** Buckets of an exponential histogram, as OpenTelemetry's SDK has them at most. */
const MAX_BUCKETS = 160;

/** A reader, which may be one that can be read without waiting. */
interface RedactableReader extends IMetricReader {
  collectNow?(): ResourceMetrics | undefined;
}

/** Has a reader collect nothing but redacted metrics. @returns the same reader */
export function redactReader(reader: RedactableReader, redaction: Redaction): IMetricReader {
  const collect = reader.collect.bind(reader);
  reader.collect = async (options) => {
    const collected = await collect(options);
    return { ...collected, resourceMetrics: redactedMetrics(collected.resourceMetrics, redaction) };
  };
  const collectNow = reader.collectNow?.bind(reader);
  if (collectNow !== undefined)
    reader.collectNow = () => {
      const collected = collectNow();
      return collected && redactedMetrics(collected, redaction);
    };
  return reader;
}

/** Gives metrics redacted. Points are changed in place, the attributes they share with the SDK are not. */
export function redactedMetrics({ resource, scopeMetrics }: ResourceMetrics, redaction: Redaction): ResourceMetrics {
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope: redaction.scope(scope),
      metrics: metrics.map((metric) => redactedMetric(metric, redaction)),
    })),
  };
}

function redactedMetric(metric: MetricData, redaction: Redaction): MetricData {
  const { descriptor } = metric;
  const [name, description] = [redaction.name(descriptor.name), redaction.name(descriptor.description)];
  const isSame = name === descriptor.name && description === descriptor.description;
  let isChanged = false;
  const points: readonly Point[] = metric.dataPoints;
  for (const point of points) {
    const attributes = redaction.cleaned(point.attributes);
    if (attributes === point.attributes) continue;
    isChanged = true;
    (point as { attributes: Point['attributes'] }).attributes = attributes;
  }
  const clean = isSame ? metric : { ...metric, descriptor: { ...descriptor, name, description } };
  // Values are of the kind that the metric says.
  return isChanged ? ({ ...clean, dataPoints: joined(points, metric.dataPointType) } as MetricData) : clean;
}

/** Joins points of equal attributes into the first of them, which may be known to whoever made it. */
function joined(points: readonly Point[], type: DataPointType): Point[] {
  const byAttributes = new Map<string, Point>();
  for (const point of points) {
    const key = JSON.stringify(Object.entries(point.attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = byAttributes.get(key);
    if (known === undefined) byAttributes.set(key, point);
    else Object.assign(known, joinedPoint(known, point, type));
  }
  return [...byAttributes.values()];
}

function joinedPoint(one: Point, other: Point, type: DataPointType): Point {
  const startTime = isBefore(one.startTime, other.startTime) ? one.startTime : other.startTime;
  const endTime = isBefore(one.endTime, other.endTime) ? other.endTime : one.endTime;
  return { attributes: one.attributes, startTime, endTime, value: joinedValue(one.value, other.value, type) };
}

function joinedValue(one: unknown, other: unknown, type: DataPointType): unknown {
  if (type === DataPointType.SUM) return (one as number) + (other as number);
  if (type === DataPointType.HISTOGRAM) return joinedHistogram(one as Histogram, other as Histogram);
  if (type === DataPointType.EXPONENTIAL_HISTOGRAM)
    return joinedExponential(one as ExponentialHistogram, other as ExponentialHistogram);
  // Of a gauge one value is as true as the other.
  return other;
}

/** Of one metric, so both have the same boundaries. */
function joinedHistogram(one: Histogram, other: Histogram): Histogram {
  const counts = one.buckets.counts.map((count, i) => count + (other.buckets.counts[i] ?? 0));
  return { ...joinedTotals(one, other), buckets: { boundaries: one.buckets.boundaries, counts } };
}

/** @see OpenTelemetry data model, exponential histogram: merge without error by the coarser scale */
function joinedExponential(one: ExponentialHistogram, other: ExponentialHistogram): ExponentialHistogram {
  let scale = Math.min(one.scale, other.scale);
  const widthAt = (sign: 'positive' | 'negative'): number => {
    const ends = [one, other].flatMap((each) => endsOf(each[sign]).map((end) => end >> (each.scale - scale)));
    return ends.length === 0 ? 0 : Math.max(...ends) - Math.min(...ends) + 1;
  };
  // Before anything is made: what is far apart at a fine scale would take a billion buckets.
  while (Math.max(widthAt('positive'), widthAt('negative')) > MAX_BUCKETS) scale--;
  const at = (sign: 'positive' | 'negative'): Buckets =>
    joinedBuckets(coarser(one[sign], one.scale - scale), coarser(other[sign], other.scale - scale));
  const zeroCount = one.zeroCount + other.zeroCount;
  return { ...joinedTotals(one, other), scale, zeroCount, positive: at('positive'), negative: at('negative') };
}

/** Indices of the first and the last bucket. */
function endsOf({ offset, bucketCounts }: Buckets): number[] {
  return bucketCounts.length === 0 ? [] : [offset, offset + bucketCounts.length - 1];
}

/** @param steps by how much the scale is lowered: each joins two neighbours */
function coarser({ offset, bucketCounts }: Buckets, steps: number): Buckets {
  const first = offset >> steps;
  const counts: number[] = [];
  bucketCounts.forEach((count, i) => {
    const place = ((offset + i) >> steps) - first;
    counts[place] = (counts[place] ?? 0) + count;
  });
  return { offset: first, bucketCounts: counts };
}

function joinedBuckets(one: Buckets, other: Buckets): Buckets {
  if (one.bucketCounts.length === 0) return other;
  if (other.bucketCounts.length === 0) return one;
  const offset = Math.min(one.offset, other.offset);
  const end = Math.max(one.offset + one.bucketCounts.length, other.offset + other.bucketCounts.length);
  const of = (buckets: Buckets, index: number): number => buckets.bucketCounts[index - buckets.offset] ?? 0;
  const bucketCounts = Array.from({ length: end - offset }, (_, i) => of(one, offset + i) + of(other, offset + i));
  return { offset, bucketCounts };
}

interface Totals {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

/** What is not known of one is not known of both. */
function joinedTotals(one: Totals, other: Totals): Totals {
  const both = (a: number | undefined, b: number | undefined, join: (a: number, b: number) => number) =>
    a === undefined || b === undefined ? undefined : join(a, b);
  const [sum, min, max] = [
    both(one.sum, other.sum, (a, b) => a + b),
    both(one.min, other.min, Math.min),
    both(one.max, other.max, Math.max),
  ];
  return {
    count: one.count + other.count,
    ...(sum !== undefined && { sum }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  };
}

function isBefore([seconds, nanoseconds]: HrTime, [otherSeconds, otherNanoseconds]: HrTime): boolean {
  return seconds === otherSeconds ? nanoseconds < otherNanoseconds : seconds < otherSeconds;
}
