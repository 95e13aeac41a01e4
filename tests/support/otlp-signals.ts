// Metrics and logs of OTLP for tests, as protobufjs messages. Numbers and names as in opentelemetry-proto 1.10; of what
// redaction never looks at, only enough to see that it stays.
import protobuf from 'protobufjs-8';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
  message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
  message Metric {
    string name = 1; string description = 2; string unit = 3;
    oneof data {
      Points gauge = 5; Points sum = 7; HistogramPoints histogram = 9;
      ExponentialPoints exponential_histogram = 10; SummaryPoints summary = 11;
    }
    repeated KeyValue metadata = 12;
  }
  message Points { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
  message HistogramPoints { repeated HistogramDataPoint data_points = 1; }
  message ExponentialPoints { repeated ExponentialHistogramDataPoint data_points = 1; }
  message SummaryPoints { repeated SummaryDataPoint data_points = 1; }
  message NumberDataPoint {
    repeated KeyValue attributes = 7; fixed64 time_unix_nano = 3; double as_double = 4; repeated Exemplar exemplars = 5;
    sfixed64 as_int = 6;
  }
  message HistogramDataPoint {
    repeated KeyValue attributes = 9; fixed64 count = 4; repeated fixed64 bucket_counts = 6; repeated Exemplar exemplars = 8;
  }
  message ExponentialHistogramDataPoint {
    repeated KeyValue attributes = 1; fixed64 count = 4; sint32 scale = 6; repeated Exemplar exemplars = 11;
  }
  message SummaryDataPoint { repeated KeyValue attributes = 7; fixed64 count = 4; }
  message Exemplar { repeated KeyValue filtered_attributes = 7; double as_double = 3; bytes span_id = 4; bytes trace_id = 5; }
  message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
  message LogRecord {
    fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
    repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9;
    bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12;
  }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
`);

const REQUESTS = {
  metrics: root.lookupType('ExportMetricsServiceRequest'),
  logs: root.lookupType('ExportLogsServiceRequest'),
} as const;

export type OtherSignal = keyof typeof REQUESTS;

/** A plain request as protobuf bytes. */
export function signalBody(signal: OtherSignal, request: object): Buffer {
  const type = REQUESTS[signal];
  return Buffer.from(type.encode(type.fromObject(request as Record<string, unknown>)).finish());
}

/** What an independent decoder reads of such bytes, as plain data. @throws what protobufjs throws */
export function decodeSignal(signal: OtherSignal, body: Uint8Array): unknown {
  const type = REQUESTS[signal];
  return JSON.parse(JSON.stringify(type.toObject(type.decode(body), { longs: String, bytes: String, json: true })));
}
