// Writes the data points of OTLP's five kinds of metric.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import type {
  Buckets,
  DataPoint,
  ExponentialHistogramValue,
  HistogramValue,
  NumberValue,
  PointExemplar,
  SummaryValue,
} from '../model/data-point.ts';
import { writeAttributes } from './write-attributes.ts';
import type { ProtobufWriter } from './writer.ts';

const NO_RECORDED_VALUE = 1;

/** Where each kind of point has what all have. */
interface Places {
  readonly attributes: number;
  readonly exemplars: number;
  readonly flags: number;
}

const PLACES = {
  number: { attributes: 7, exemplars: 5, flags: 8 },
  histogram: { attributes: 9, exemplars: 8, flags: 10 },
  exponential_histogram: { attributes: 1, exemplars: 11, flags: 10 },
  // Field 0 there is none: summaries have no exemplars.
  summary: { attributes: 7, exemplars: 0, flags: 8 },
} as const satisfies Record<DataPoint['value']['type'], Places>;

/** Writes the content of one point. */
export function encodePoint(out: ProtobufWriter, point: DataPoint): void {
  const { value, attributes, exemplars, startMs, timeMs, hasNoValue } = point;
  const places: Places = PLACES[value.type];
  if (startMs !== 0) out.nanoseconds(2, startMs);
  out.nanoseconds(3, timeMs);
  if (!hasNoValue) writeValue(out, value);
  writeAttributes(out, places.attributes, attributes);
  if (places.exemplars !== 0) for (const exemplar of exemplars) writeExemplar(out, places.exemplars, exemplar);
  if (hasNoValue) out.uint32(places.flags, NO_RECORDED_VALUE);
}

function writeValue(out: ProtobufWriter, value: DataPoint['value']): void {
  if (value.type === 'number') writeNumber(out, value, 4, 6);
  else if (value.type === 'histogram') writeHistogram(out, value);
  else if (value.type === 'exponential_histogram') writeExponentialHistogram(out, value);
  else writeSummary(out, value);
}

function writeNumber(
  out: ProtobufWriter,
  { value, isInteger }: Pick<NumberValue, 'value' | 'isInteger'>,
  asDouble: number,
  asInteger: number,
): void {
  // A fraction, or what is no number, would not survive as an integer.
  if (isInteger && Number.isInteger(value)) out.sfixed64(asInteger, value);
  else out.double(asDouble, value);
}

function writeHistogram(out: ProtobufWriter, { count, sum, min, max, bounds, counts }: HistogramValue): void {
  out.unsigned64(4, count);
  if (sum !== undefined) out.double(5, sum);
  if (counts.length > 0) out.fixed64s(6, counts);
  if (bounds.length > 0) out.doubles(7, bounds);
  if (min !== undefined) out.double(11, min);
  if (max !== undefined) out.double(12, max);
}

function writeExponentialHistogram(out: ProtobufWriter, value: ExponentialHistogramValue): void {
  const { count, sum, min, max, scale, zeroCount, zeroThreshold, positive, negative } = value;
  out.unsigned64(4, count);
  if (sum !== undefined) out.double(5, sum);
  if (scale !== 0) out.uint32(6, zigzag(scale));
  if (zeroCount !== 0) out.unsigned64(7, zeroCount);
  writeBuckets(out, 8, positive);
  writeBuckets(out, 9, negative);
  if (min !== undefined) out.double(12, min);
  if (max !== undefined) out.double(13, max);
  if (zeroThreshold !== 0) out.double(14, zeroThreshold);
}

function writeBuckets(out: ProtobufWriter, field: number, { offset, counts }: Buckets): void {
  const start = out.open(field);
  if (offset !== 0) out.uint32(1, zigzag(offset));
  if (counts.length > 0) out.varints(2, counts);
  out.close(start);
}

function writeSummary(out: ProtobufWriter, { count, sum, quantiles }: SummaryValue): void {
  out.unsigned64(4, count);
  out.double(5, sum);
  for (const { quantile, value } of quantiles) {
    const start = out.open(6);
    out.double(1, quantile);
    out.double(2, value);
    out.close(start);
  }
}

function writeExemplar(out: ProtobufWriter, field: number, exemplar: PointExemplar): void {
  const start = out.open(field);
  out.nanoseconds(2, exemplar.timeMs);
  writeNumber(out, exemplar, 3, 6);
  if (exemplar.spanId !== '') out.content(4, Buffer.from(exemplar.spanId, 'hex'));
  if (exemplar.traceId !== '') out.content(5, Buffer.from(exemplar.traceId, 'hex'));
  writeAttributes(out, 7, exemplar.attributes);
  out.close(start);
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
