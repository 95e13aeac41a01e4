// Bodies of remote write, read by protobufjs from the published fields of both versions.
import { snappy } from '../../collector/src/export/snappy.ts';
import protobuf from 'protobufjs';
import type { SunkRequest } from './sink.ts';

const HISTOGRAM = `
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message Histogram {
    uint64 count_int = 1; double count_float = 2; double sum = 3; sint32 schema = 4; double zero_threshold = 5;
    uint64 zero_count_int = 6; double zero_count_float = 7;
    repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9; repeated double negative_counts = 10;
    repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
    int32 reset_hint = 14; int64 timestamp = 15; int64 start_timestamp = 17;
  }`;

const V1 = protobuf
  .parse(`
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
  message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message TimeSeries {
    repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4;
  }
  ${HISTOGRAM}`)
  .root.lookupType('WriteRequest');

const V2 = protobuf
  .parse(`
  syntax = "proto3";
  message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
  message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
  message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
  message Exemplar { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
  message TimeSeries {
    repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
    repeated Exemplar exemplars = 4; Metadata metadata = 5; int64 created_timestamp = 6;
  }
  ${HISTOGRAM}`)
  .root.lookupType('Request');

/** `name{label="value",…}`, labels in the order in which they were sent. */
export type SeriesName = string;

export interface DecodedHistogram {
  readonly count: number;
  readonly sum: number;
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** Counts by index; bucket i ends at 2^(2^-schema)^i. */
  readonly positive: Readonly<Record<number, number>>;
  readonly negative: Readonly<Record<number, number>>;
}

export interface DecodedSample {
  readonly timeMs: number;
  readonly value: number | DecodedHistogram;
  /** 2.0 only; 0 where none was told. */
  readonly startMs: number;
}

export interface DecodedSeries {
  readonly name: SeriesName;
  readonly samples: readonly DecodedSample[];
  readonly exemplars: readonly { readonly labels: string; readonly value: number; readonly timeMs: number }[];
  /** 2.0 only. */
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string };
  readonly createdMs: number;
}

export interface DecodedWrite {
  readonly version: '1.0' | '2.0';
  readonly series: readonly DecodedSeries[];
  /** 1.0 only. */
  readonly metadata: readonly {
    readonly type: number;
    readonly name: string;
    readonly help: string;
    readonly unit: string;
  }[];
}

interface RawSeries {
  labels?: { name: string; value: string }[];
  labelsRefs?: number[];
  samples: { value: number; timestamp: number; startTimestamp?: number }[];
  histograms: RawHistogram[];
  exemplars: { labels?: { name: string; value: string }[]; labelsRefs?: number[]; value: number; timestamp: number }[];
  metadata?: { type: number; helpRef: number; unitRef: number };
  createdTimestamp?: number;
}

interface RawHistogram {
  countInt: number;
  countFloat: number;
  sum: number;
  schema: number;
  zeroThreshold: number;
  zeroCountInt: number;
  zeroCountFloat: number;
  negativeSpans: { offset: number; length: number }[];
  negativeDeltas: number[];
  negativeCounts: number[];
  positiveSpans: { offset: number; length: number }[];
  positiveDeltas: number[];
  positiveCounts: number[];
  timestamp: number;
  startTimestamp: number;
}

/** Reads a request by what its content type says. */
export function decodeWrite({ headers, raw }: Pick<SunkRequest, 'headers' | 'raw'>): DecodedWrite {
  const version = headers['content-type']?.includes('io.prometheus.write.v2.Request') === true ? '2.0' : '1.0';
  const type = version === '2.0' ? V2 : V1;
  const plain = type.toObject(type.decode(snappy.uncompress(raw)), { longs: Number, defaults: true }) as {
    symbols?: string[];
    timeseries: RawSeries[];
    metadata?: { type: number; metricFamilyName: string; help: string; unit: string }[];
  };
  const { symbols = [], timeseries, metadata = [] } = plain;
  return {
    version,
    series: timeseries.map((series) => decodeSeries(series, symbols)),
    metadata: metadata.map(({ type: kind, metricFamilyName: name, help, unit }) => ({ type: kind, name, help, unit })),
  };
}

function decodeSeries(series: RawSeries, symbols: readonly string[]): DecodedSeries {
  const labels = labelsOf(series, symbols);
  const values = series.samples.map(({ value, timestamp, startTimestamp }) => {
    return { timeMs: timestamp, value, startMs: startTimestamp ?? 0 };
  });
  const histograms = series.histograms.map((each) => {
    return { timeMs: each.timestamp, value: decodeHistogram(each), startMs: each.startTimestamp };
  });
  const { metadata } = series;
  return {
    name: nameOf(labels),
    samples: [...values, ...histograms],
    exemplars: series.exemplars.map((exemplar) => {
      const own = labelsOf(exemplar, symbols).map(([name, value]) => `${name}=${value}`);
      return { labels: own.join(), value: exemplar.value, timeMs: exemplar.timestamp };
    }),
    ...(metadata && {
      metadata: { type: metadata.type, help: symbols[metadata.helpRef] ?? '?', unit: symbols[metadata.unitRef] ?? '?' },
    }),
    createdMs: series.createdTimestamp ?? 0,
  };
}

function labelsOf(
  { labels = [], labelsRefs = [] }: Pick<RawSeries, 'labels' | 'labelsRefs'>,
  symbols: readonly string[],
): [string, string][] {
  if (labels.length > 0) return labels.map(({ name, value }) => [name, value]);
  const texts = labelsRefs.map((ref) => symbols[ref] ?? '?');
  return texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1] ?? '?'] as [string, string]] : []));
}

/** Names a series as its labels say. */
export function nameOf(labels: readonly (readonly [string, string])[]): SeriesName {
  const name = labels.find(([key]) => key === '__name__')?.[1] ?? '';
  const others = labels.filter(([key]) => key !== '__name__').map(([key, value]) => `${key}="${value}"`);
  return `${name}{${others.join()}}`;
}

function decodeHistogram(raw: RawHistogram): DecodedHistogram {
  return {
    count: raw.countInt + raw.countFloat,
    sum: raw.sum,
    schema: raw.schema,
    zeroThreshold: raw.zeroThreshold,
    zeroCount: raw.zeroCountInt + raw.zeroCountFloat,
    positive: bucketsOf(raw.positiveSpans, raw.positiveDeltas, raw.positiveCounts),
    negative: bucketsOf(raw.negativeSpans, raw.negativeDeltas, raw.negativeCounts),
  };
}

function bucketsOf(
  spans: readonly { offset: number; length: number }[],
  deltas: readonly number[],
  counts: readonly number[],
): Record<number, number> {
  const buckets: Record<number, number> = {};
  let index = 0;
  let place = 0;
  let count = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let i = 0; i < length; i++, index++, place++) {
      count = counts.length > 0 ? (counts[place] ?? 0) : count + (deltas[place] ?? 0);
      if (count !== 0) buckets[index] = count;
    }
  }
  return buckets;
}
