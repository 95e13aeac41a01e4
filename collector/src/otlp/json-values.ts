// What the requests of all signals share in OTLP/JSON. Judges types strictly and ignores unknown keys, as the OTLP specification
// asks; ids and text are judged by whoever reads the bytes.
import { Malformed } from './malformed.ts';
import { MAX_DEPTH } from './wire.ts';
import { ProtobufWriter } from './writer.ts';

type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

/** A decoder that refuses bad UTF-8 instead of replacing it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Write = (out: ProtobufWriter, value: JsonObject) => void;

export function fromJson(body: Uint8Array, key: string, write: Write): Uint8Array {
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

export function resource(out: ProtobufWriter, value: JsonObject): void {
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

export function scope(out: ProtobufWriter, value: JsonObject): void {
  text(out, value, 'name', 1);
  text(out, value, 'version', 2);
  each(out, value, 'attributes', 3, keyValue);
  count(out, value, 'droppedAttributesCount', 4);
}

export function keyValue(out: ProtobufWriter, value: JsonObject, depth = 0): void {
  text(out, value, 'key', 1);
  message(out, value, 'value', 2, (_, any) => anyValue(out, any, depth));
}

export function anyValue(out: ProtobufWriter, value: JsonObject, depth: number): void {
  if (depth > MAX_DEPTH) bad('attributes', 'are nested too deep');
  const { stringValue, intValue, doubleValue, bytesValue } = value;
  if (present(stringValue)) out.text(1, string(stringValue, 'stringValue'));
  boolean(out, value, 'boolValue', 2);
  if (present(intValue)) out.int64(3, integer(intValue, 'intValue', -(2n ** 63n), 2n ** 63n - 1n));
  if (present(doubleValue)) out.double(4, double(doubleValue, 'doubleValue'));
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

export function present(value: Json): boolean {
  return value !== undefined && value !== null;
}

export function bad(key: string, what: string): never {
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

export function list(value: JsonObject, key: string): readonly Json[] {
  const items = value[key];
  if (!present(items)) return [];
  if (!Array.isArray(items)) bad(key, 'is no array');
  return items;
}

export function each(out: ProtobufWriter, value: JsonObject, key: string, field: number, write: Write): void {
  for (const item of list(value, key)) {
    const start = out.open(field);
    write(out, object(item, key));
    out.close(start);
  }
}

export function message(out: ProtobufWriter, value: JsonObject, key: string, field: number, write: Write): void {
  if (!present(value[key])) return;
  const start = out.open(field);
  write(out, object(value[key], key));
  out.close(start);
}

export function text(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.text(field, string(value[key], key));
}

export function boolean(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  const stated = value[key];
  if (!present(stated)) return;
  if (typeof stated !== 'boolean') bad(key, 'is no boolean');
  out.uint32(field, stated ? 1 : 0);
}

/** Ids are hexadecimal in OTLP/JSON, not base64. */
export function id(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (!present(value[key])) return;
  const hex = string(value[key], key);
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) bad(key, 'is not hexadecimal');
  out.content(field, Buffer.from(hex, 'hex'));
}

export function choice(
  out: ProtobufWriter,
  value: JsonObject,
  key: string,
  field: number,
  names: readonly string[],
): void {
  const chosen = value[key];
  if (!present(chosen)) return;
  const byName = typeof chosen === 'string' ? names.indexOf(chosen) : -1;
  const number = byName >= 0 ? BigInt(byName) : integer(chosen, key, -(2n ** 31n), 2n ** 31n - 1n);
  out.int64(field, number);
}

export function count(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.uint32(field, unsigned32(value[key], key));
}

export function time(out: ProtobufWriter, value: JsonObject, key: string, field: number): void {
  if (present(value[key])) out.fixed64(field, integer(value[key], key, 0n, 2n ** 64n - 1n));
}

export function unsigned32(value: Json, key: string): number {
  return Number(integer(value, key, 0n, 2n ** 32n - 1n));
}

/** Whole numbers come as JSON numbers or, where 64 bits are needed, as decimal strings. */
export function integer(value: Json, key: string, min: bigint, max: bigint): bigint {
  const whole =
    typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!whole) bad(key, 'is no whole number');
  const number = BigInt(value as number | string);
  if (number < min || number > max) bad(key, 'is out of range');
  return number;
}

export function double(value: Json, key: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  // Numbers may come as text too, exponents included (ProtoJSON).
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) return Number(value);
  return bad(key, 'is no number');
}
