// Reads protobuf by a schema that is data, into what OTLP's JSON would be. For tests: plain rather than fast.
import type { FieldType, Message } from './otlp-schema.ts';

/** An object as OTLP's JSON has it. */
export interface Decoded {
  [name: string]: unknown;
}

/** Deeper values than this are malformed; senders have no need of them. */
const MAX_DEPTH = 64;

/** Wire types. @see Protocol Buffers, Encoding */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Reads a message. @throws RangeError where it is malformed */
export function decode(bytes: Uint8Array, message: Message, depth = 0): Decoded {
  if (depth > MAX_DEPTH) throw new RangeError('values are nested too deep');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoded: Decoded = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a number is too long');
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [wire, field] = [tag & 7, message[tag >>> 3]];
    let value: unknown;
    if (wire === VARINT) {
      const whole = varint();
      value = field && wholeOf(whole, field[1]);
    } else if (wire === FIXED64) {
      value = field && fixedOf(view, at, field[1]);
      at += 8;
    } else if (wire === FIXED32) {
      value = view.getUint32(at, true);
      at += 4;
    } else if (wire === LENGTH) {
      const end = Number(varint()) + at;
      if (end > bytes.length) throw new RangeError('a field is longer than what holds it');
      value = field && partOf(bytes.subarray(at, end), field[1], depth);
      at = end;
    } else throw new RangeError(`unknown wire type ${wire}`);
    // What no test looks at is passed over.
    if (field !== undefined) put(decoded, field, value);
  }
  if (at > bytes.length) throw new RangeError('it is cut off');
  return decoded;
}

function put(decoded: Decoded, [name, , many]: Message[number], value: unknown): void {
  if (many === undefined) decoded[name] = value;
  else if (Array.isArray(decoded[name])) decoded[name].push(value);
  else decoded[name] = [value];
}

function wholeOf(value: bigint, type: FieldType): unknown {
  if (type === 'bool') return value !== 0n;
  if (type === 'zigzag') return Number((value >> 1n) ^ -(value & 1n));
  return String(BigInt.asIntN(64, value));
}

function fixedOf(view: DataView, at: number, type: FieldType): unknown {
  if (type === 'double') return view.getFloat64(at, true);
  return String(type === 'sfixed64' ? view.getBigInt64(at, true) : view.getBigUint64(at, true));
}

function partOf(bytes: Uint8Array, type: FieldType, depth: number): unknown {
  if (typeof type === 'object') return decode(bytes, type, depth + 1);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return type === 'bytes' ? buffer.toString('hex') : buffer.toString('utf8');
}
