// What both versions of remote write have in common on the wire.
// @see prometheus/prompb, types.proto, whose field numbers stand below; both versions number these alike
import type { Exemplar } from '../model/metric-family.ts';
import type { ProtobufWriter } from '../otlp/writer.ts';
import { exemplarLabels } from './exposition.ts';
import type { NativeBuckets, NativeHistogram } from './native-histogram.ts';
import type { Label } from './prometheus-naming.ts';
import type { Sample, WrittenMetric, WrittenSeries } from './written-series.ts';

/** The NaN by which a series ends. @see prometheus/model/value, StaleNaN */
const STALE_NAN = 0x7ff0000000000002n;

const TYPES: Readonly<Record<WrittenMetric['kind'], number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  summary: 5,
  info: 6,
};

export function metricType({ kind }: WrittenMetric): number {
  return TYPES[kind];
}

/** Samples of one series and one shape, in order. */
export interface SeriesSamples {
  readonly series: WrittenSeries;
  readonly samples: readonly Sample[];
  readonly isHistogram: boolean;
}

/** Groups samples by series in the order in which each comes first. */
export function bySeries(samples: readonly Sample[]): SeriesSamples[] {
  const groups: SeriesSamples[] = [];
  for (const [series, own] of Map.groupBy(samples, (sample) => sample.series))
    // A series of one shape cannot hold values of the other in one message.
    for (const [isHistogram, alike] of Map.groupBy(own, isHistogramSample))
      groups.push({ series, samples: alike, isHistogram });
  return groups;
}

export function isHistogramSample({ value }: Sample): boolean {
  return typeof value === 'object' || value === 'stale histogram';
}

/** Labels of an exemplar, sorted as those of series have to be. */
export function exampleLabels(exemplar: Exemplar): Label[] {
  return exemplarLabels(exemplar).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Writes the content of a Sample. */
export function writeNumberSample(out: ProtobufWriter, { value, timeMs }: Sample): void {
  if (typeof value === 'number') out.double(1, value);
  else out.fixed64(1, STALE_NAN);
  out.uint32(2, timeMs);
}

/** Writes the content of a Histogram. */
export function writeHistogramSample(out: ProtobufWriter, { value, timeMs }: Sample): void {
  if (typeof value === 'object') writeNative(out, value);
  else out.fixed64(3, STALE_NAN);
  out.uint32(15, timeMs);
}

function writeNative(out: ProtobufWriter, native: NativeHistogram): void {
  const { isWhole, count, zeroCount } = native;
  if (isWhole) out.uint32(1, count);
  else out.double(2, count);
  out.double(3, native.sum);
  out.uint32(4, zigzag(native.schema));
  out.double(5, native.zeroThreshold);
  if (isWhole) out.uint32(6, zeroCount);
  else out.double(7, zeroCount);
  writeBuckets(out, { spans: 8, deltas: 9, counts: 10 }, native.negative, isWhole);
  writeBuckets(out, { spans: 11, deltas: 12, counts: 13 }, native.positive, isWhole);
}

interface BucketFields {
  readonly spans: number;
  readonly deltas: number;
  readonly counts: number;
}

function writeBuckets(
  out: ProtobufWriter,
  fields: BucketFields,
  { spans, counts }: NativeBuckets,
  isWhole: boolean,
): void {
  for (const { offset, length } of spans) {
    const start = out.open(fields.spans);
    out.uint32(1, zigzag(offset));
    out.uint32(2, length);
    out.close(start);
  }
  if (counts.length === 0) return;
  if (!isWhole) {
    for (const count of counts) out.double(fields.counts, count);
    return;
  }
  const packed = out.open(fields.deltas);
  let before = 0;
  for (const count of counts) {
    out.varint(zigzag(count - before));
    before = count;
  }
  out.close(packed);
}

/** By arithmetic: shifts end at 32 bits. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}
