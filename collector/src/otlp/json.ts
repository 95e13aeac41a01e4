// OTLP/JSON to OTLP protobuf bytes, so that JSON takes the one path everything takes.
// Judges types strictly and ignores unknown keys, as the OTLP specification asks; ids and text are judged by the scan.
import { Malformed } from './malformed.ts';
import { MAX_DEPTH } from './wire.ts';
import { ProtobufWriter } from './writer.ts';

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const STATUSES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];
const SEVERITIES = [
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => [name, ...[2, 3, 4].map((n) => name + n)]),
].map((severity) => `SEVERITY_NUMBER_${severity}`);

/** A decoder that refuses bad UTF-8 instead of replacing it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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

type Write = (out: ProtobufWriter, value: JsonObject) => void;

function fromJson(body: Uint8Array, key: string, write: Write): Uint8Array {
  let request: Json;
  try {
    request = JSON.parse(utf8.decode(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) bad('', 'is no JSON document');
    throw new Malformed('utf8', -1);
  }
  const out = new ProtobufWriter(body.length);
  each(out, object(request, 'request'), key, 1, write);
  return out.bytes();
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

function resource(out: ProtobufWriter, value: JsonObject): void {
  each(out, value, 'attributes', 1, keyValue);
  count(out, value, 'droppedAttributesCount', 2);
  each(out, value, 'entityRefs', 3, entityRef);
}

function entityRef(out: ProtobufWriter, value: JsonObject): void {
  text(out, value, 'schemaUrl', 1);
  text(out, value, 'type', 2);
  for (const key of list(value, 'idKeys')) out.text(3, string(key, 'idKeys'));
  for (const key of list(value, 'descriptionKeys')) out.text(4, string(key, 'descriptionKeys'));
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

function scope(out: ProtobufWriter, value: JsonObject): void {
  text(out, value, 'name', 1);
  text(out, value, 'version', 2);
  each(out, value, 'attributes', 3, keyValue);
  count(out, value, 'droppedAttributesCount', 4);
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

function keyValue(out: ProtobufWriter, value: JsonObject, depth = 0): void {
  text(out, value, 'key', 1);
  message(out, value, 'value', 2, (_, any) => anyValue(out, any, depth));
}

function anyValue(out: ProtobufWriter, value: JsonObject, depth: number): void {
  if (depth > MAX_DEPTH) bad('attributes', 'are nested too deep');
  const { stringValue, boolValue, intValue, doubleValue, bytesValue } = value;
  if (present(stringValue)) out.text(1, string(stringValue, 'stringValue'));
  if (present(boolValue)) {
    if (typeof boolValue !== 'boolean') bad('boolValue', 'is no boolean');
    out.uint32(2, boolValue ? 1 : 0);
  }
  if (present(intValue)) out.int64(3, integer(intValue, 'intValue', -(2n ** 63n), 2n ** 63n - 1n));
  if (present(doubleValue)) out.double(4, double(doubleValue));
  message(out, value, 'arrayValue', 5, (_, array) => {
    each(out, array, 'values', 1, (_out, element) => anyValue(out, element, depth + 1));
  });
  message(out, value, 'kvlistValue', 6, (_, pairs) => {
    each(out, pairs, 'values', 1, (_out, element) => keyValue(out, element, depth + 1));
  });
  if (present(bytesValue)) out.content(7, base64(string(bytesValue, 'bytesValue')));
}

/** Both alphabets, padded or not, as protobuf's JSON mapping has it; Node's decoder would skip what it does not know. */
function base64(encoded: string): Buffer {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded)) bad('bytesValue', 'is no base64');
  return Buffer.from(encoded, 'base64');
}

function present(value: Json): boolean {
  return value !== undefined && value !== null;
}

function bad(key: string, what: string): never {
  throw new Malformed('json', -1, key === '' ? `the body ${what}` : `${key} ${what}`);
}

function object(value: Json, key: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(key, 'is no object');
  return value as JsonObject;
}

function string(value: Json, key: string): string {
  if (typeof value !== 'string') bad(key, 'is no string');
  // Half a surrogate pair has no UTF-8; writing it would change it silently.
  if (!value.isWellFormed()) bad(key, 'is no well-formed text');
  return value;
}

function list(value: JsonObject, key: string): readonly Json[] {
  const items = value[key];
  if (!present(items)) return [];
  if (!Array.isArray(items)) bad(key, 'is no array');
  return items;
}

function each(out: ProtobufWriter, value: JsonObject, key: string, field: number, write: Write): void {
  for (const item of list(value, key)) {
    const start = out.open(field);
    write(out, object(item, key));
    out.close(start);
  }
}

function message(out: ProtobufWriter, value: JsonObject, key: string, field: number, write: Write): void {
  if (!present(value[key])) return;
  const start = out.open(field);
  write(out, object(value[key], key));
  out.close(start);
}

function text(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.text(field, string(value[key], key));
}

/** Ids are hexadecimal in OTLP/JSON, not base64. */
function id(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (!present(value[key])) return;
  const hex = string(value[key], key);
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) bad(key, 'is not hexadecimal');
  out.content(field, Buffer.from(hex, 'hex'));
}

function choice(out: ProtobufWriter, value: JsonObject, key: string, field: number, names: readonly string[]): void {
  const chosen = value[key];
  if (!present(chosen)) return;
  const byName = typeof chosen === 'string' ? names.indexOf(chosen) : -1;
  const number = byName >= 0 ? BigInt(byName) : integer(chosen, key, -(2n ** 31n), 2n ** 31n - 1n);
  out.int64(field, number);
}

function count(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.uint32(field, unsigned32(value[key], key));
}

function time(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.fixed64(field, integer(value[key], key, 0n, 2n ** 64n - 1n));
}

function unsigned32(value: Json, key: string): number {
  return Number(integer(value, key, 0n, 2n ** 32n - 1n));
}

/** Whole numbers come as JSON numbers or, where 64 bits are needed, as decimal strings. */
function integer(value: Json, key: string, min: bigint, max: bigint): bigint {
  const whole =
    typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!whole) bad(key, 'is no whole number');
  const number = BigInt(value as number | string);
  if (number < min || number > max) bad(key, 'is out of range');
  return number;
}

function double(value: Json): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  // Numbers may come as text too, exponents included (ProtoJSON).
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) return Number(value);
  return bad('doubleValue', 'is no number');
}
