// Decodes checked spans into plain objects for people to read: the page's waterfall. Never on the hot path.
import { FieldCursor } from './field-cursor.ts';
import { readServiceName } from './context-check.ts';
import { readVarint32, readVarint64 } from './wire.ts';

/** An attribute with its value as text; structured values as JSON. */
export interface DecodedAttribute {
  readonly key: string;
  readonly value: string;
}

export interface DecodedEvent {
  readonly name: string;
  readonly timeNs: bigint;
  readonly attributes: readonly DecodedAttribute[];
}

export interface DecodedSpan {
  /** 32 lower-case hexadecimal digits. */
  traceId: string;
  spanId: string;
  parentSpanId: string;
  service: string;
  scope: string;
  name: string;
  /** OTLP enum value. */
  kind: number;
  startNs: bigint;
  endNs: bigint;
  /** OTLP enum value. */
  status: number;
  statusMessage: string;
  traceState: string;
  attributes: DecodedAttribute[];
  events: DecodedEvent[];
}

const decoder = new TextDecoder();

const TRACE_ID = 0x0a;
const ATTRIBUTE = 0x4a;
const EVENT = 0x5a;
/** Of an AnyValue. */
const STRING = 0x0a;

/** Where a span stands in a TracesData message, and what stands around it. */
export interface SpanPlace {
  readonly start: number;
  readonly end: number;
  readonly service: string;
  readonly scope: string;
}

/** Longer texts are cut, longer structured values are only measured: one value must not fill an answer. */
const MAX_VALUE_BYTES = 16 * 1024;

/**
 * Finds the spans of a TracesData message, in its order.
 *
 * @throws Malformed where the bytes are none
 */
export function* spanPlaces(bytes: Uint8Array): Generator<SpanPlace> {
  for (const resourceSpans of children(bytes, 0, bytes.length, 0x0a)) {
    const service = readServiceName(bytes.subarray(resourceSpans.start, resourceSpans.end));
    for (const scopeSpans of children(bytes, resourceSpans.start, resourceSpans.end, 0x12)) {
      const scope = scopeName(bytes, scopeSpans.start, scopeSpans.end);
      for (const { start, end } of children(bytes, scopeSpans.start, scopeSpans.end, 0x12))
        yield { start, end, service, scope };
    }
  }
}

/** @param traceId 16 bytes */
export function isOfTrace(bytes: Uint8Array, { start, end }: SpanPlace, traceId: Uint8Array): boolean {
  for (const id of children(bytes, start, end, TRACE_ID))
    return Buffer.compare(bytes.subarray(id.start, id.end), traceId) === 0;
  return false;
}

function* children(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
): Generator<{ start: number; end: number }> {
  const field = new FieldCursor(bytes, start, end);
  while (field.next()) if (field.tag === tag) yield { start: field.start, end: field.end };
}

function scopeName(bytes: Uint8Array, start: number, end: number): string {
  for (const scope of children(bytes, start, end, 0x0a))
    for (const name of children(bytes, scope.start, scope.end, 0x0a)) return text(bytes, name.start, name.end);
  return '';
}

/** @param depth `outline` leaves attributes and events out, which are most of the work */
export function decodeSpan(bytes: Uint8Array, place: SpanPlace, depth: 'full' | 'outline'): DecodedSpan {
  const { start, end, service, scope } = place;
  const span: DecodedSpan = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    service,
    scope,
    name: '',
    kind: 0,
    startNs: 0n,
    endNs: 0n,
    status: 0,
    statusMessage: '',
    traceState: '',
    attributes: [],
    events: [],
  };
  const field = new FieldCursor(bytes, start, end);
  while (field.next())
    if (depth === 'full' || (field.tag !== ATTRIBUTE && field.tag !== EVENT)) decodeField(span, field);
  return span;
}

function decodeField(span: DecodedSpan, { bytes, tag, start, end }: FieldCursor): void {
  if (tag === TRACE_ID) span.traceId = hex(bytes, start, end);
  else if (tag === 0x12) span.spanId = hex(bytes, start, end);
  else if (tag === 0x1a) span.traceState = text(bytes, start, end);
  else if (tag === 0x22) span.parentSpanId = hex(bytes, start, end);
  else if (tag === 0x2a) span.name = text(bytes, start, end);
  else if (tag === 0x30) span.kind = readVarint32(bytes, start, end);
  else if (tag === 0x39) span.startNs = fixed64(bytes, start);
  else if (tag === 0x41) span.endNs = fixed64(bytes, start);
  else if (tag === ATTRIBUTE) span.attributes.push(attribute(bytes, start, end));
  else if (tag === EVENT) span.events.push(event(bytes, start, end));
  else if (tag === 0x7a) {
    const field = new FieldCursor(bytes, start, end);
    while (field.next()) {
      if (field.tag === 0x12) span.statusMessage = text(bytes, field.start, field.end);
      else if (field.tag === 0x18) span.status = readVarint32(bytes, field.start, field.end);
    }
  }
}

function event(bytes: Uint8Array, start: number, end: number): DecodedEvent {
  const attributes: DecodedAttribute[] = [];
  let name = '';
  let timeNs = 0n;
  const field = new FieldCursor(bytes, start, end);
  while (field.next()) {
    if (field.tag === 0x09) timeNs = fixed64(bytes, field.start);
    else if (field.tag === 0x12) name = text(bytes, field.start, field.end);
    else if (field.tag === 0x1a) attributes.push(attribute(bytes, field.start, field.end));
  }
  return { name, timeNs, attributes };
}

function attribute(bytes: Uint8Array, start: number, end: number): DecodedAttribute {
  const { key, value } = keyValue(bytes, start, end);
  return { key, value: typeof value === 'string' ? value : JSON.stringify(value) };
}

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

function keyValue(bytes: Uint8Array, start: number, end: number): { key: string; value: Value } {
  let key = '';
  let value: Value = null;
  const field = new FieldCursor(bytes, start, end);
  while (field.next()) {
    if (field.tag === 0x0a) key = text(bytes, field.start, field.end);
    else if (field.tag === 0x12) value = anyValue(bytes, field.start, field.end);
  }
  return { key, value };
}

function anyValue(bytes: Uint8Array, start: number, end: number): Value {
  let value: Value = null;
  const field = new FieldCursor(bytes, start, end);
  while (field.next())
    value = field.tag === STRING || end - start <= MAX_VALUE_BYTES ? valueOf(field) : `(${end - start} bytes)`;
  return value;
}

function valueOf({ bytes, tag, start, end }: FieldCursor): Value {
  switch (tag) {
    case STRING:
      return text(bytes, start, end);
    case 0x10:
      return readVarint64(bytes, start, end) !== 0n;
    case 0x18: {
      const integer = readVarint64(bytes, start, end);
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer.toString();
    }
    case 0x21:
      return new DataView(bytes.buffer, bytes.byteOffset + start, 8).getFloat64(0, true);
    case 0x2a:
      return [...children(bytes, start, end, 0x0a)].map((each) => anyValue(bytes, each.start, each.end));
    case 0x32: {
      const pairs = [...children(bytes, start, end, 0x0a)].map((each) => keyValue(bytes, each.start, each.end));
      return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
    }
    case 0x3a:
      return Buffer.from(bytes.subarray(start, end)).toString('base64');
    default:
      return null;
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > MAX_VALUE_BYTES)
    return `${decoder.decode(bytes.subarray(start, start + MAX_VALUE_BYTES))}… (${end - start} bytes)`;
  return decoder.decode(bytes.subarray(start, end));
}

function hex(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('hex');
}

function fixed64(bytes: Uint8Array, start: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + start, 8).getBigUint64(0, true);
}
