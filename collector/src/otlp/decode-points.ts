// Reads the data points of OTLP's five kinds of metric. A point that contradicts itself is left out, its neighbours stay.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import { type Attribute, canonical } from '../model/attributes.ts';
import type {
  Buckets,
  DataPoint,
  ExponentialHistogramValue,
  HistogramValue,
  Metric,
  MetricKind,
  PointExemplar,
  PointValue,
} from '../model/data-point.ts';
import type { MessageReader } from './message-reader.ts';
import { readAttribute } from './read-attributes.ts';

/** What OpenTelemetry's SDKs stay within; beyond it a bucket is narrower than a double tells apart. */
const MIN_SCALE = -10;
const MAX_SCALE = 20;
const NO_RECORDED_VALUE = 1;

/** What every kind of point has, gathered as its fields come. */
class PointDraft {
  readonly attributes: Attribute[] = [];
  readonly exemplars: PointExemplar[] = [];
  startMs = 0;
  timeMs = 0;
  flags = 0;
}

/** Reads one point of a kind; undefined where the point contradicts itself. @param nowMs stands for a missing time */
export function readPoint(metric: Metric, message: MessageReader, nowMs: number): DataPoint | undefined {
  const draft = new PointDraft();
  const value = READERS[metric.kind](message, draft);
  const hasNoValue = (draft.flags & NO_RECORDED_VALUE) !== 0;
  if (value === undefined && !hasNoValue) return undefined;
  return {
    metric,
    attributes: canonical(draft.attributes),
    startMs: draft.startMs,
    timeMs: draft.timeMs === 0 ? nowMs : draft.timeMs,
    hasNoValue,
    value: value ?? EMPTY[metric.kind],
    exemplars: draft.exemplars,
  };
}

type ReadValue = (message: MessageReader, draft: PointDraft) => PointValue | undefined;

const READERS: Readonly<Record<MetricKind, ReadValue>> = {
  gauge: readNumber,
  sum: readNumber,
  histogram: readHistogram,
  exponential_histogram: readExponentialHistogram,
  summary: readSummary,
};

const NOTHING = { count: 0, sum: undefined, min: undefined, max: undefined } as const;
const NO_BUCKETS: Buckets = { offset: 0, counts: [] };
const NUMBER = { type: 'number', value: 0, isInteger: false } as const;

/** Stands where a point says that it has no value. */
const EMPTY: Readonly<Record<MetricKind, PointValue>> = {
  gauge: NUMBER,
  sum: NUMBER,
  histogram: { type: 'histogram', ...NOTHING, bounds: [], counts: [] },
  exponential_histogram: {
    type: 'exponential_histogram',
    ...NOTHING,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
  },
  summary: { type: 'summary', count: 0, sum: 0, quantiles: [] },
};

function readNumber(message: MessageReader, draft: PointDraft): PointValue | undefined {
  let value: PointValue | undefined;
  while (message.next()) {
    if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) value = { type: 'number', value: message.double(), isInteger: false };
    else if (message.field === 5) draft.exemplars.push(readExemplar(message.message()));
    else if (message.field === 6) value = { type: 'number', value: message.sfixed64(), isInteger: true };
    else if (message.field === 7) draft.attributes.push(readAttribute(message.message()));
    else if (message.field === 8) draft.flags = message.varint32();
  }
  return value;
}

function readHistogram(message: MessageReader, draft: PointDraft): HistogramValue | undefined {
  let count = 0;
  let sum: number | undefined;
  let min: number | undefined;
  let max: number | undefined;
  const bounds: number[] = [];
  const counts: number[] = [];
  while (message.next()) {
    if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) count = message.fixed64();
    else if (message.field === 5) sum = message.double();
    else if (message.field === 6) message.fixed64s(counts);
    else if (message.field === 7) message.doubles(bounds);
    else if (message.field === 8) draft.exemplars.push(readExemplar(message.message()));
    else if (message.field === 9) draft.attributes.push(readAttribute(message.message()));
    else if (message.field === 10) draft.flags = message.varint32();
    else if (message.field === 11) min = message.double();
    else if (message.field === 12) max = message.double();
  }
  if (!areBuckets(bounds, counts, count)) return undefined;
  return { type: 'histogram', count, sum, min, max, bounds, counts };
}

function areBuckets(bounds: readonly number[], counts: readonly number[], count: number): boolean {
  // One that only counts and sums has no buckets at all.
  if (counts.length === 0) return bounds.length === 0;
  if (counts.length !== bounds.length + 1 || total(counts) !== count) return false;
  return bounds.every((bound, i) => (i === 0 ? !Number.isNaN(bound) : bound > (bounds[i - 1] ?? 0)));
}

function readExponentialHistogram(message: MessageReader, draft: PointDraft): ExponentialHistogramValue | undefined {
  const value = { ...NOTHING, scale: 0, zeroCount: 0, zeroThreshold: 0, positive: NO_BUCKETS, negative: NO_BUCKETS };
  const read: { -readonly [Key in keyof typeof value]: Omit<ExponentialHistogramValue, 'type'>[Key] } = value;
  while (message.next()) {
    if (message.field === 1) draft.attributes.push(readAttribute(message.message()));
    else if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) read.count = message.fixed64();
    else if (message.field === 5) read.sum = message.double();
    else if (message.field === 6) read.scale = message.sint32();
    else if (message.field === 7) read.zeroCount = message.fixed64();
    else if (message.field === 8) read.positive = readBuckets(message.message());
    else if (message.field === 9) read.negative = readBuckets(message.message());
    else if (message.field === 10) draft.flags = message.varint32();
    else if (message.field === 11) draft.exemplars.push(readExemplar(message.message()));
    else if (message.field === 12) read.min = message.double();
    else if (message.field === 13) read.max = message.double();
    else if (message.field === 14) read.zeroThreshold = message.double();
  }
  const { count, scale, zeroCount, zeroThreshold, positive, negative } = read;
  if (scale < MIN_SCALE || scale > MAX_SCALE || !(zeroThreshold >= 0)) return undefined;
  if (zeroCount + total(positive.counts) + total(negative.counts) !== count) return undefined;
  return { type: 'exponential_histogram', ...read };
}

function readBuckets(message: MessageReader): Buckets {
  let offset = 0;
  const counts: number[] = [];
  while (message.next()) {
    if (message.field === 1) offset = message.sint32();
    else if (message.field === 2) message.varints(counts);
  }
  return { offset, counts };
}

function readSummary(message: MessageReader, draft: PointDraft): PointValue | undefined {
  let count = 0;
  let sum = 0;
  const quantiles: { quantile: number; value: number }[] = [];
  while (message.next()) {
    if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) count = message.fixed64();
    else if (message.field === 5) sum = message.double();
    else if (message.field === 6) quantiles.push(readQuantile(message.message()));
    else if (message.field === 7) draft.attributes.push(readAttribute(message.message()));
    else if (message.field === 8) draft.flags = message.varint32();
  }
  if (!quantiles.every(({ quantile }) => quantile >= 0 && quantile <= 1)) return undefined;
  return { type: 'summary', count, sum, quantiles: quantiles.sort((a, b) => a.quantile - b.quantile) };
}

function readQuantile(message: MessageReader): { quantile: number; value: number } {
  let quantile = 0;
  let value = 0;
  while (message.next()) {
    if (message.field === 1) quantile = message.double();
    else if (message.field === 2) value = message.double();
  }
  return { quantile, value };
}

function readExemplar(message: MessageReader): PointExemplar {
  const attributes: Attribute[] = [];
  let value = 0;
  let isInteger = false;
  let timeMs = 0;
  let traceId = '';
  let spanId = '';
  while (message.next()) {
    if (message.field === 2) timeMs = message.milliseconds();
    else if (message.field === 3) [value, isInteger] = [message.double(), false];
    else if (message.field === 4) spanId = idOf(message.hex(), 16);
    else if (message.field === 5) traceId = idOf(message.hex(), 32);
    else if (message.field === 6) [value, isInteger] = [message.sfixed64(), true];
    else if (message.field === 7) attributes.push(readAttribute(message.message()));
  }
  return { value, isInteger, timeMs, traceId, spanId, attributes: canonical(attributes) };
}

/** An id of the wrong length, or of zeros only, names nothing. */
function idOf(hex: string, digits: number): string {
  return hex.length === digits && !/^0*$/.test(hex) ? hex : '';
}

function total(counts: readonly number[]): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
