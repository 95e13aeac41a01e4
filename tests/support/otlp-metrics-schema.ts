// The OTLP metrics messages as a protobufjs descriptor, written by hand like those of traces in otlp-schema.ts.
// Checked against the Python SDK's own descriptors in tests/real/otlp-schema.real.test.ts.
import { type Message, OTLP_TRACE_MESSAGES, schemaOf } from './otlp-schema.ts';

const POINT_TIMES = { startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'] } as const satisfies Message;

/** Messages that traces have none of, and their fields: name to [number, type, rule, oneof]. */
const OWN_MESSAGES: Readonly<Record<string, Message>> = {
  ExportMetricsServiceRequest: { resourceMetrics: [1, 'ResourceMetrics', 'repeated'] },
  ExportMetricsServiceResponse: { partialSuccess: [1, 'ExportMetricsPartialSuccess'] },
  ExportMetricsPartialSuccess: { rejectedDataPoints: [1, 'int64'], errorMessage: [2, 'string'] },
  ResourceMetrics: {
    resource: [1, 'Resource'],
    scopeMetrics: [2, 'ScopeMetrics', 'repeated'],
    schemaUrl: [3, 'string'],
  },
  ScopeMetrics: { scope: [1, 'InstrumentationScope'], metrics: [2, 'Metric', 'repeated'], schemaUrl: [3, 'string'] },
  Metric: {
    name: [1, 'string'],
    description: [2, 'string'],
    unit: [3, 'string'],
    gauge: [5, 'Gauge', undefined, 'data'],
    sum: [7, 'Sum', undefined, 'data'],
    histogram: [9, 'Histogram', undefined, 'data'],
    exponentialHistogram: [10, 'ExponentialHistogram', undefined, 'data'],
    summary: [11, 'Summary', undefined, 'data'],
    metadata: [12, 'KeyValue', 'repeated'],
  },
  Gauge: { dataPoints: [1, 'NumberDataPoint', 'repeated'] },
  Sum: {
    dataPoints: [1, 'NumberDataPoint', 'repeated'],
    aggregationTemporality: [2, 'int32'],
    isMonotonic: [3, 'bool'],
  },
  Histogram: { dataPoints: [1, 'HistogramDataPoint', 'repeated'], aggregationTemporality: [2, 'int32'] },
  ExponentialHistogram: {
    dataPoints: [1, 'ExponentialHistogramDataPoint', 'repeated'],
    aggregationTemporality: [2, 'int32'],
  },
  Summary: { dataPoints: [1, 'SummaryDataPoint', 'repeated'] },
  NumberDataPoint: {
    ...POINT_TIMES,
    asDouble: [4, 'double', undefined, 'value'],
    exemplars: [5, 'Exemplar', 'repeated'],
    asInt: [6, 'sfixed64', undefined, 'value'],
    attributes: [7, 'KeyValue', 'repeated'],
    flags: [8, 'uint32'],
  },
  HistogramDataPoint: {
    ...POINT_TIMES,
    count: [4, 'fixed64'],
    sum: [5, 'double', undefined, '_sum'],
    bucketCounts: [6, 'fixed64', 'repeated'],
    explicitBounds: [7, 'double', 'repeated'],
    exemplars: [8, 'Exemplar', 'repeated'],
    attributes: [9, 'KeyValue', 'repeated'],
    flags: [10, 'uint32'],
    min: [11, 'double', undefined, '_min'],
    max: [12, 'double', undefined, '_max'],
  },
  ExponentialHistogramDataPoint: {
    attributes: [1, 'KeyValue', 'repeated'],
    ...POINT_TIMES,
    count: [4, 'fixed64'],
    sum: [5, 'double', undefined, '_sum'],
    scale: [6, 'sint32'],
    zeroCount: [7, 'fixed64'],
    positive: [8, 'Buckets'],
    negative: [9, 'Buckets'],
    flags: [10, 'uint32'],
    exemplars: [11, 'Exemplar', 'repeated'],
    min: [12, 'double', undefined, '_min'],
    max: [13, 'double', undefined, '_max'],
    zeroThreshold: [14, 'double'],
  },
  Buckets: { offset: [1, 'sint32'], bucketCounts: [2, 'uint64', 'repeated'] },
  SummaryDataPoint: {
    ...POINT_TIMES,
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    quantileValues: [6, 'ValueAtQuantile', 'repeated'],
    attributes: [7, 'KeyValue', 'repeated'],
    flags: [8, 'uint32'],
  },
  ValueAtQuantile: { quantile: [1, 'double'], value: [2, 'double'] },
  Exemplar: {
    timeUnixNano: [2, 'fixed64'],
    asDouble: [3, 'double', undefined, 'value'],
    spanId: [4, 'bytes'],
    traceId: [5, 'bytes'],
    asInt: [6, 'sfixed64', undefined, 'value'],
    filteredAttributes: [7, 'KeyValue', 'repeated'],
  },
};

const SHARED = ['Resource', 'EntityRef', 'InstrumentationScope', 'KeyValue', 'AnyValue', 'ArrayValue', 'KeyValueList'];

/** All that a metrics request and its response are made of. */
export const OTLP_METRICS_MESSAGES: Readonly<Record<string, Message>> = {
  ...OWN_MESSAGES,
  ...Object.fromEntries(SHARED.map((name) => [name, OTLP_TRACE_MESSAGES[name] ?? {}])),
};

const schema = schemaOf(OTLP_METRICS_MESSAGES);

/** The request message under protobufjs 8. */
export const MetricsRequest8 = schema.lookupType('ExportMetricsServiceRequest');

/** Its response. */
export const MetricsResponse8 = schema.lookupType('ExportMetricsServiceResponse');
