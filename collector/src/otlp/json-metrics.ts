// Metrics in OTLP/JSON become protobuf bytes, so that there is one path behind.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import {
  boolean,
  choice,
  count,
  double,
  each,
  fromJson,
  id,
  integer,
  type JsonObject,
  keyValue,
  list,
  message,
  present,
  resource,
  scope,
  text,
  time,
} from './json-values.ts';
import type { ProtobufWriter } from './writer.ts';

const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((name) => `AGGREGATION_TEMPORALITY_${name}`);

/**
 * Converts an ExportMetricsServiceRequest.
 *
 * @throws Malformed with reason `json` where a value has the wrong type or range, `utf8` where the body is no text
 */
export function metricsFromJson(body: Uint8Array): Uint8Array {
  return fromJson(body, 'resourceMetrics', resourceMetrics);
}

function resourceMetrics(out: ProtobufWriter, value: JsonObject): void {
  message(out, value, 'resource', 1, resource);
  each(out, value, 'scopeMetrics', 2, scopeMetrics);
  text(out, value, 'schemaUrl', 3);
}

function scopeMetrics(out: ProtobufWriter, value: JsonObject): void {
  message(out, value, 'scope', 1, scope);
  each(out, value, 'metrics', 2, metric);
  text(out, value, 'schemaUrl', 3);
}

function metric(out: ProtobufWriter, value: JsonObject): void {
  text(out, value, 'name', 1);
  text(out, value, 'description', 2);
  text(out, value, 'unit', 3);
  message(out, value, 'gauge', 5, (_, data) => each(out, data, 'dataPoints', 1, numberPoint));
  message(out, value, 'sum', 7, (_, data) => {
    each(out, data, 'dataPoints', 1, numberPoint);
    temporality(out, data);
    boolean(out, data, 'isMonotonic', 3);
  });
  message(out, value, 'histogram', 9, (_, data) => {
    each(out, data, 'dataPoints', 1, histogramPoint);
    temporality(out, data);
  });
  message(out, value, 'exponentialHistogram', 10, (_, data) => {
    each(out, data, 'dataPoints', 1, exponentialPoint);
    temporality(out, data);
  });
  message(out, value, 'summary', 11, (_, data) => each(out, data, 'dataPoints', 1, summaryPoint));
  each(out, value, 'metadata', 12, keyValue);
}

function temporality(out: ProtobufWriter, value: JsonObject): void {
  choice(out, value, 'aggregationTemporality', 2, TEMPORALITIES);
}

function times(out: ProtobufWriter, value: JsonObject): void {
  time(out, value, 'startTimeUnixNano', 2);
  time(out, value, 'timeUnixNano', 3);
}

function numberPoint(out: ProtobufWriter, value: JsonObject): void {
  times(out, value);
  number(out, value, 4, 6);
  each(out, value, 'exemplars', 5, exemplar);
  each(out, value, 'attributes', 7, keyValue);
  count(out, value, 'flags', 8);
}

/** Integers come as text, being of 64 bits. */
function number(out: ProtobufWriter, value: JsonObject, asDouble: number, asInteger: number): void {
  optionalDouble(out, value, 'asDouble', asDouble);
  if (present(value['asInt']))
    out.fixed64(asInteger, BigInt.asUintN(64, integer(value['asInt'], 'asInt', -(2n ** 63n), 2n ** 63n - 1n)));
}

function histogramPoint(out: ProtobufWriter, value: JsonObject): void {
  times(out, value);
  time(out, value, 'count', 4);
  optionalDouble(out, value, 'sum', 5);
  for (const item of list(value, 'bucketCounts')) out.fixed64(6, integer(item, 'bucketCounts', 0n, 2n ** 64n - 1n));
  for (const item of list(value, 'explicitBounds')) out.double(7, double(item, 'explicitBounds'));
  each(out, value, 'exemplars', 8, exemplar);
  each(out, value, 'attributes', 9, keyValue);
  count(out, value, 'flags', 10);
  optionalDouble(out, value, 'min', 11);
  optionalDouble(out, value, 'max', 12);
}

function exponentialPoint(out: ProtobufWriter, value: JsonObject): void {
  each(out, value, 'attributes', 1, keyValue);
  times(out, value);
  time(out, value, 'count', 4);
  optionalDouble(out, value, 'sum', 5);
  zigzag(out, value, 'scale', 6);
  time(out, value, 'zeroCount', 7);
  message(out, value, 'positive', 8, buckets);
  message(out, value, 'negative', 9, buckets);
  count(out, value, 'flags', 10);
  each(out, value, 'exemplars', 11, exemplar);
  optionalDouble(out, value, 'min', 12);
  optionalDouble(out, value, 'max', 13);
  optionalDouble(out, value, 'zeroThreshold', 14);
}

function buckets(out: ProtobufWriter, value: JsonObject): void {
  zigzag(out, value, 'offset', 1);
  for (const item of list(value, 'bucketCounts')) out.int64(2, integer(item, 'bucketCounts', 0n, 2n ** 64n - 1n));
}

function summaryPoint(out: ProtobufWriter, value: JsonObject): void {
  times(out, value);
  time(out, value, 'count', 4);
  optionalDouble(out, value, 'sum', 5);
  each(out, value, 'quantileValues', 6, (_, quantile) => {
    optionalDouble(out, quantile, 'quantile', 1);
    optionalDouble(out, quantile, 'value', 2);
  });
  each(out, value, 'attributes', 7, keyValue);
  count(out, value, 'flags', 8);
}

function exemplar(out: ProtobufWriter, value: JsonObject): void {
  time(out, value, 'timeUnixNano', 2);
  number(out, value, 3, 6);
  id(out, value, 'spanId', 4);
  id(out, value, 'traceId', 5);
  each(out, value, 'filteredAttributes', 7, keyValue);
}

function optionalDouble(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.double(field, double(value[key], key));
}

function zigzag(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (!present(value[key])) return;
  const signed = Number(integer(value[key], key, -(2n ** 31n), 2n ** 31n - 1n));
  out.uint32(field, ((signed << 1) ^ (signed >> 31)) >>> 0);
}
