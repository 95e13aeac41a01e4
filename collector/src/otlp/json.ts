// OTLP/JSON to OTLP protobuf bytes, so that JSON takes the one path everything takes.
// Judges types strictly and ignores unknown keys, as the OTLP specification asks; ids and text are judged by the scan.
import {
  anyValue,
  choice,
  count,
  each,
  fromJson,
  id,
  type JsonObject,
  keyValue,
  message,
  present,
  resource,
  scope,
  text,
  time,
  unsigned32,
} from './json-values.ts';
import type { ProtobufWriter } from './writer.ts';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const STATUSES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];
const SEVERITIES = [
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => [name, ...[2, 3, 4].map((n) => name + n)]),
].map((severity) => `SEVERITY_NUMBER_${severity}`);

/**
 * Converts an ExportTraceServiceRequest.
 *
 * @returns protobuf bytes that belong to the caller
 * @throws Malformed with reason `json` or `utf8`
 * @see OTLP specification, JSON Protobuf Encoding
 */
export function tracesFromJson(body: Uint8Array): Uint8Array {
  return fromJson(body, 'resourceSpans', resourceSpans);
}

/** Converts an ExportLogsServiceRequest, like `tracesFromJson`. */
export function logsFromJson(body: Uint8Array): Uint8Array {
  return fromJson(body, 'resourceLogs', resourceLogs);
}

function resourceSpans(out: ProtobufWriter, value: JsonObject): void {
  message(out, value, 'resource', 1, resource);
  each(out, value, 'scopeSpans', 2, scopeSpans);
  text(out, value, 'schemaUrl', 3);
}

function resourceLogs(out: ProtobufWriter, value: JsonObject): void {
  message(out, value, 'resource', 1, resource);
  each(out, value, 'scopeLogs', 2, scopeLogs);
  text(out, value, 'schemaUrl', 3);
}

function scopeSpans(out: ProtobufWriter, value: JsonObject): void {
  message(out, value, 'scope', 1, scope);
  each(out, value, 'spans', 2, span);
  text(out, value, 'schemaUrl', 3);
}

function scopeLogs(out: ProtobufWriter, value: JsonObject): void {
  message(out, value, 'scope', 1, scope);
  each(out, value, 'logRecords', 2, logRecord);
  text(out, value, 'schemaUrl', 3);
}

function logRecord(out: ProtobufWriter, value: JsonObject): void {
  time(out, value, 'timeUnixNano', 1);
  choice(out, value, 'severityNumber', 2, SEVERITIES);
  text(out, value, 'severityText', 3);
  message(out, value, 'body', 5, (_, any) => anyValue(out, any, 0));
  each(out, value, 'attributes', 6, keyValue);
  count(out, value, 'droppedAttributesCount', 7);
  if (present(value['flags'])) out.fixed32(8, unsigned32(value['flags'], 'flags'));
  id(out, value, 'traceId', 9);
  id(out, value, 'spanId', 10);
  time(out, value, 'observedTimeUnixNano', 11);
  text(out, value, 'eventName', 12);
}

function span(out: ProtobufWriter, value: JsonObject): void {
  id(out, value, 'traceId', 1);
  id(out, value, 'spanId', 2);
  text(out, value, 'traceState', 3);
  id(out, value, 'parentSpanId', 4);
  text(out, value, 'name', 5);
  choice(out, value, 'kind', 6, KINDS);
  time(out, value, 'startTimeUnixNano', 7);
  time(out, value, 'endTimeUnixNano', 8);
  each(out, value, 'attributes', 9, keyValue);
  count(out, value, 'droppedAttributesCount', 10);
  each(out, value, 'events', 11, event);
  count(out, value, 'droppedEventsCount', 12);
  each(out, value, 'links', 13, link);
  count(out, value, 'droppedLinksCount', 14);
  message(out, value, 'status', 15, (_, status) => {
    text(out, status, 'message', 2);
    choice(out, status, 'code', 3, STATUSES);
  });
  if (present(value['flags'])) out.fixed32(16, unsigned32(value['flags'], 'flags'));
}

function event(out: ProtobufWriter, value: JsonObject): void {
  time(out, value, 'timeUnixNano', 1);
  text(out, value, 'name', 2);
  each(out, value, 'attributes', 3, keyValue);
  count(out, value, 'droppedAttributesCount', 4);
}

function link(out: ProtobufWriter, value: JsonObject): void {
  id(out, value, 'traceId', 1);
  id(out, value, 'spanId', 2);
  text(out, value, 'traceState', 3);
  each(out, value, 'attributes', 4, keyValue);
  count(out, value, 'droppedAttributesCount', 5);
  if (present(value['flags'])) out.fixed32(6, unsigned32(value['flags'], 'flags'));
}
