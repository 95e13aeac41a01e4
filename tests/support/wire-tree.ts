// OTLP bodies as trees of wire fields, so that a test can bend any part and still write the lengths around it rightly.
// Shares no code with the collector: it is one of the judges.
import { OTLP_METRICS_MESSAGES } from './otlp-metrics-schema.ts';
import { OTLP_TRACE_MESSAGES } from './otlp-schema.ts';

/** One field as it stands on the wire. */
export interface WireField {
  number: number;
  wireType: number;
  /** Content of a leaf: varint bytes, fixed bytes, or what a length announces. */
  bytes: Uint8Array;
  /** Set where the field is a known message with well-formed content; then `bytes` is not used. */
  children?: WireField[];
  /** Message type of `children`. */
  type?: string;
  /** Extra bytes the length's varint is stretched by. */
  stretch?: number;
}

const WIRE_TYPES: Readonly<Record<string, number>> = {
  int32: 0,
  int64: 0,
  uint32: 0,
  bool: 0,
  uint64: 0,
  sint32: 0,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
  fixed32: 5,
};

const MESSAGES = { ...OTLP_TRACE_MESSAGES, ...OTLP_METRICS_MESSAGES };

const FIELD_TYPES = new Map(
  Object.entries(MESSAGES).map(([message, fields]) => [
    message,
    new Map(Object.values(fields).map(([number, type]) => [number, type])),
  ]),
);

/** Repeated numbers, which may also come packed into one field with a length. */
const PACKABLE = new Map(
  Object.entries(MESSAGES).map(([message, fields]) => [
    message,
    new Set(
      Object.values(fields).flatMap(([number, type, rule]) =>
        rule === 'repeated' && WIRE_TYPES[type] !== undefined ? [number] : [],
      ),
    ),
  ]),
);

/** Wire type of a field of a known message; undefined where the field is unknown. */
export function knownWireType(message: string, number: number): number | undefined {
  const type = FIELD_TYPES.get(message)?.get(number);
  return type === undefined ? undefined : (WIRE_TYPES[type] ?? 2);
}

/** Tells repeated numbers, which may come packed or one by one. */
export function isPackable(message: string, number: number): boolean {
  return PACKABLE.get(message)?.has(number) === true;
}

/** Reads a message of a known type; undefined where it is no well-formed sequence of fields. Groups are not read. */
export function parseMessage(bytes: Uint8Array, type: string): WireField[] | undefined {
  const fields: WireField[] = [];
  let p = 0;
  while (p < bytes.length) {
    const tag = readVarint(bytes, p);
    if (tag === undefined || tag.value > 0xffff_ffff || tag.value < 8) return undefined;
    p = tag.after;
    const number = Math.floor(tag.value / 8);
    const wireType = tag.lowBits;
    const span = valueSpan(bytes, p, wireType);
    if (span === undefined) return undefined;
    p = span.end;
    const field: WireField = { number, wireType, bytes: bytes.slice(span.start, span.end) };
    const nested = wireType === 2 ? FIELD_TYPES.get(type)?.get(number) : undefined;
    if (nested !== undefined && FIELD_TYPES.has(nested)) {
      const children = parseMessage(field.bytes, nested);
      if (children !== undefined) Object.assign(field, { children, type: nested });
    }
    fields.push(field);
  }
  return fields;
}

function valueSpan(bytes: Uint8Array, p: number, wireType: number): { start: number; end: number } | undefined {
  let start = p;
  let end: number;
  if (wireType === 0) {
    while (p < bytes.length && (bytes[p] ?? 0) > 127) p++;
    end = p + 1;
  } else if (wireType === 2) {
    const length = readVarint(bytes, p);
    if (length === undefined || length.value > 0x7fff_ffff) return undefined;
    start = length.after;
    end = start + length.value;
  } else if (wireType === 1 || wireType === 5) end = p + (wireType === 1 ? 8 : 4);
  else return undefined;
  return end <= bytes.length ? { start, end } : undefined;
}

/** Above 2^53 the value is only near; the three bits that are a wire type are exact. */
function readVarint(bytes: Uint8Array, p: number): { value: number; lowBits: number; after: number } | undefined {
  const lowBits = (bytes[p] ?? 0) & 7;
  let value = 0;
  for (let weight = 1; weight < 2 ** 70; weight *= 128) {
    const byte = bytes[p++];
    if (byte === undefined) return undefined;
    value += (byte & 127) * weight;
    if (byte < 128) return { value, lowBits, after: p };
  }
  return undefined;
}

/** Writes a tree back. */
export function writeMessage(fields: readonly WireField[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    parts.push(varintBytes(field.number * 8 + field.wireType));
    const content = field.children === undefined ? field.bytes : writeMessage(field.children);
    if (field.wireType === 2) parts.push(varintBytes(content.length, field.stretch));
    parts.push(content);
  }
  return Buffer.concat(parts);
}

/** A varint, made `stretch` bytes longer than it has to be. @param value as a number only where it is a safe integer */
export function varintBytes(value: bigint | number, stretch = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = typeof value === 'number' ? value : BigInt.asUintN(64, value);
  // Nearly all are lengths and tags, for which arithmetic on bigint is slow.
  while (typeof rest === 'bigint' && rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  let last = Number(rest);
  while (last > 127) {
    bytes.push((last % 128) | 128);
    last = Math.floor(last / 128);
  }
  bytes.push(last);
  for (let i = 0; i < stretch; i++) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 128;
    bytes.push(0);
  }
  return new Uint8Array(bytes);
}

/** All lists of fields in a tree, with the type of message each is: what a mutation picks from. */
export function messagesOf(fields: WireField[], type: string): { fields: WireField[]; type: string }[] {
  return [
    { fields, type },
    ...fields.flatMap((field) =>
      field.children === undefined || field.type === undefined ? [] : messagesOf(field.children, field.type),
    ),
  ];
}

/** What a body has that we refuse and a lenient decoder may not. */
export type Oddity = 'wire_type' | 'group' | 'depth' | 'varint';

/** Our limits, stated once more. */
const MAX_DEPTH = 32;
const MAX_VARINT_BYTES = 10;

/**
 * Lists the oddities of a body, as far as it can be walked.
 *
 * @param depth of the message itself; the request is 0
 */
export function odditiesOf(bytes: Uint8Array, type: string, depth = 0, found = new Set<Oddity>()): Set<Oddity> {
  if (depth > MAX_DEPTH) found.add('depth');
  let p = 0;
  while (p < bytes.length) {
    const tag = readVarint(bytes, p);
    if (tag === undefined) return found;
    p = tag.after;
    const number = Math.floor(tag.value / 8);
    const wireType = tag.lowBits;
    const known = knownWireType(type, number);
    if (wireType === 3 || wireType === 4) {
      found.add('group');
      return found;
    }
    const isPacked = wireType === 2 && isPackable(type, number);
    if (wireType > 5 || (known !== undefined && known !== wireType && !isPacked)) found.add('wire_type');
    const span = valueSpan(bytes, p, wireType);
    if (span === undefined) return found;
    if (wireType === 0 && span.end - span.start > MAX_VARINT_BYTES) found.add('varint');
    const nested = FIELD_TYPES.get(type)?.get(number);
    if (wireType === 2 && nested !== undefined && FIELD_TYPES.has(nested))
      odditiesOf(bytes.subarray(span.start, span.end), nested, depth + 1, found);
    p = span.end;
  }
  return found;
}
