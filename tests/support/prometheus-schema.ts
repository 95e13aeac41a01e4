// The messages of io.prometheus.client as a protobufjs descriptor, written by hand, and the page in them read back.
// Real Prometheus reads the same page in tests/real/metrics-page.real.test.ts.
import protobuf from 'protobufjs';

type Field = readonly [id: number, type: string, rule?: 'repeated'];

const MESSAGES: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  LabelPair: { name: [1, 'string'], value: [2, 'string'] },
  Timestamp: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  Exemplar: { label: [1, 'LabelPair', 'repeated'], value: [2, 'double'], timestamp: [3, 'Timestamp'] },
  Gauge: { value: [1, 'double'] },
  Untyped: { value: [1, 'double'] },
  Counter: { value: [1, 'double'], exemplar: [2, 'Exemplar'], createdTimestamp: [3, 'Timestamp'] },
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
  Histogram: {
    sampleCount: [1, 'uint64'],
    sampleSum: [2, 'double'],
    bucket: [3, 'Bucket', 'repeated'],
    sampleCountFloat: [4, 'double'],
    schema: [5, 'sint32'],
    zeroThreshold: [6, 'double'],
    zeroCount: [7, 'uint64'],
    zeroCountFloat: [8, 'double'],
    negativeSpan: [9, 'BucketSpan', 'repeated'],
    negativeDelta: [10, 'sint64', 'repeated'],
    negativeCount: [11, 'double', 'repeated'],
    positiveSpan: [12, 'BucketSpan', 'repeated'],
    positiveDelta: [13, 'sint64', 'repeated'],
    positiveCount: [14, 'double', 'repeated'],
    createdTimestamp: [15, 'Timestamp'],
    exemplars: [16, 'Exemplar', 'repeated'],
  },
  Metric: {
    label: [1, 'LabelPair', 'repeated'],
    gauge: [2, 'Gauge'],
    counter: [3, 'Counter'],
    summary: [4, 'Summary'],
    untyped: [5, 'Untyped'],
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

export const METRIC_TYPES = ['COUNTER', 'GAUGE', 'SUMMARY', 'UNTYPED', 'HISTOGRAM'] as const;

export interface ReadExemplar {
  readonly label: readonly { readonly name: string; readonly value: string }[];
  readonly value: number;
  readonly timestamp?: { readonly seconds: number; readonly nanos: number };
}

export interface ReadHistogram {
  readonly sampleCount: number;
  readonly sampleSum: number;
  readonly sampleCountFloat: number;
  readonly bucket: readonly {
    readonly cumulativeCount: number;
    readonly cumulativeCountFloat: number;
    readonly upperBound: number;
    readonly exemplar?: ReadExemplar;
  }[];
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly zeroCountFloat: number;
  readonly negativeSpan: readonly { readonly offset: number; readonly length: number }[];
  readonly negativeDelta: readonly number[];
  readonly negativeCount: readonly number[];
  readonly positiveSpan: readonly { readonly offset: number; readonly length: number }[];
  readonly positiveDelta: readonly number[];
  readonly positiveCount: readonly number[];
  readonly createdTimestamp?: { readonly seconds: number };
  readonly exemplars: readonly ReadExemplar[];
}

export interface ReadMetric {
  readonly label: readonly { readonly name: string; readonly value: string }[];
  readonly gauge?: { readonly value: number };
  readonly counter?: {
    readonly value: number;
    readonly exemplar?: ReadExemplar;
    readonly createdTimestamp?: { readonly seconds: number };
  };
  readonly untyped?: { readonly value: number };
  readonly summary?: {
    readonly sampleCount: number;
    readonly sampleSum: number;
    readonly quantile: readonly { readonly quantile: number; readonly value: number }[];
  };
  readonly histogram?: ReadHistogram;
}

export interface ReadFamily {
  readonly name: string;
  readonly help: string;
  readonly type: number;
  readonly unit: string;
  readonly metric: readonly ReadMetric[];
}

/**
 * MetricFamily with all that it holds.
 *
 * @param packed whether repeated numbers are written as one field; proto2, which Prometheus has, writes them one by one
 */
export function familyType(packed: boolean): protobuf.Type {
  const root = new protobuf.Root();
  for (const [name, fields] of Object.entries(MESSAGES)) {
    const message = new protobuf.Type(name);
    for (const [field, [id, type, rule]] of Object.entries(fields))
      message.add(new protobuf.Field(field, id, type, rule, undefined, { packed }));
    root.add(message);
  }
  return root.lookupType('MetricFamily');
}

const MetricFamily = familyType(false);

/** Reads every message of a page. @throws where one is cut off */
export function readFamilies(page: Uint8Array): ReadFamily[] {
  const reader = protobuf.Reader.create(page);
  const families: ReadFamily[] = [];
  while (reader.pos < reader.len) {
    const decoded = MetricFamily.decodeDelimited(reader);
    families.push(MetricFamily.toObject(decoded, { longs: Number, defaults: false, arrays: true }) as ReadFamily);
  }
  return families;
}
