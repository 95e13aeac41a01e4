// Prometheus' protobuf exposition as a protobufjs descriptor, written by hand: an encoder that is not ours.
// @see prometheus/client_model, io/prometheus/client/metrics.proto
import protobuf from 'protobufjs';

type Field = readonly [id: number, type: string, rule?: 'repeated'];

const MESSAGES: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  LabelPair: { name: [1, 'string'], value: [2, 'string'] },
  Timestamp: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  Number: { value: [1, 'double'], exemplar: [2, 'Exemplar'], createdTimestamp: [3, 'Timestamp'] },
  Quantile: { quantile: [1, 'double'], value: [2, 'double'] },
  Summary: {
    sampleCount: [1, 'uint64'],
    sampleSum: [2, 'double'],
    quantile: [3, 'Quantile', 'repeated'],
    createdTimestamp: [4, 'Timestamp'],
  },
  Bucket: {
    cumulativeCount: [1, 'uint64'],
    upperBound: [2, 'double'],
    exemplar: [3, 'Exemplar'],
    cumulativeCountFloat: [4, 'double'],
  },
  BucketSpan: { offset: [1, 'sint32'], length: [2, 'uint32'] },
  Exemplar: { label: [1, 'LabelPair', 'repeated'], value: [2, 'double'], timestamp: [3, 'Timestamp'] },
  Histogram: {
    sampleCount: [1, 'uint64'],
    sampleSum: [2, 'double'],
    bucket: [3, 'Bucket', 'repeated'],
    sampleCountFloat: [4, 'double'],
    schema: [5, 'sint32'],
    zeroThreshold: [6, 'double'],
    zeroCount: [7, 'uint64'],
    negativeSpan: [9, 'BucketSpan', 'repeated'],
    negativeDelta: [10, 'sint64', 'repeated'],
    positiveSpan: [12, 'BucketSpan', 'repeated'],
    positiveDelta: [13, 'sint64', 'repeated'],
    positiveCount: [14, 'double', 'repeated'],
    createdTimestamp: [15, 'Timestamp'],
    exemplars: [16, 'Exemplar', 'repeated'],
  },
  Metric: {
    label: [1, 'LabelPair', 'repeated'],
    gauge: [2, 'Number'],
    counter: [3, 'Number'],
    summary: [4, 'Summary'],
    untyped: [5, 'Number'],
    timestampMs: [6, 'int64'],
    histogram: [7, 'Histogram'],
  },
  MetricFamily: {
    name: [1, 'string'],
    help: [2, 'string'],
    type: [3, 'int32'],
    metric: [4, 'Metric', 'repeated'],
    unit: [5, 'string'],
  },
};

const root = new protobuf.Root();
for (const [name, fields] of Object.entries(MESSAGES)) {
  const type = new protobuf.Type(name);
  for (const [field, [id, kind, rule]] of Object.entries(fields)) type.add(new protobuf.Field(field, id, kind, rule));
  root.add(type);
}
const Family = root.lookupType('MetricFamily');

export const COUNTER = 0;
export const GAUGE = 1;
export const SUMMARY = 2;
export const UNTYPED = 3;
export const HISTOGRAM = 4;
export const GAUGE_HISTOGRAM = 5;

/** Families, each after its length. */
export function delimited(...families: readonly Record<string, unknown>[]): Buffer {
  return Buffer.concat(families.map((family) => Family.encodeDelimited(Family.fromObject(family)).finish()));
}
