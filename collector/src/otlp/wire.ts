// Protobuf wire format over bytes that may have neighbours: every read is checked against the end of its own message.
// Functions take (source, position, end) and leave the next position in `at`, so that nothing is allocated.
import { isUtf8 } from 'node:buffer';
import { Malformed, type MalformedReason } from './malformed.ts';

/** Bytes with a view on the same memory, made once for many reads. */
export interface ByteSource {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Wraps bytes; the view covers exactly them. */
export function byteSource(bytes: Uint8Array): ByteSource {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const START_GROUP = 3;
export const END_GROUP = 4;
export const FIXED32 = 5;

/** Messages nested deeper are refused; OTLP itself needs 6, attribute values may nest. */
export const MAX_DEPTH = 32;

/** Position after the last read. Set by every function below that reads more than one byte. */
export let at = 0;

/** Ends the scan of the whole body. */
export function fault(reason: MalformedReason, position: number): never {
  throw new Malformed(reason, position);
}

/** Reads a tag of any length, up to five bytes and 32 bits. */
export function readTag(bytes: Uint8Array, p: number, end: number): number {
  let tag = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (p >= end) fault('truncated', p);
    const byte = bytes[p++];
    tag |= (byte & 127) << shift;
    if (byte < 128) {
      at = p;
      return tag;
    }
  }
  if (p >= end) fault('truncated', p);
  const last = bytes[p++];
  if (last > 15) fault('tag', p);
  at = p;
  return (tag | (last << 28)) >>> 0;
}

/** Reads a length of up to 31 bits and checks that so many bytes are left. */
export function readLength(bytes: Uint8Array, p: number, end: number): number {
  let length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (p >= end) fault('truncated', p);
    const byte = bytes[p++];
    length |= (byte & 127) << shift;
    if (byte < 128) {
      if (p + length > end) fault('truncated', p);
      at = p;
      return length;
    }
  }
  if (p >= end) fault('truncated', p);
  const last = bytes[p++];
  if (last > 7) fault('varint', p);
  length += last * 2 ** 28;
  if (p + length > end) fault('truncated', p);
  at = p;
  return length;
}

/** Skips a varint of up to ten bytes; answers the position after it. */
export function skipVarint(bytes: Uint8Array, p: number, end: number): number {
  for (let i = 0; i < 10; i++) {
    if (p >= end) fault('truncated', p);
    if (bytes[p++] < 128) return p;
  }
  return fault('varint', p);
}

/** Reads the low 32 bits of a varint as an unsigned number; higher bits are checked for length and dropped. */
export function readVarint32(bytes: Uint8Array, p: number, end: number): number {
  const after = skipVarint(bytes, p, end);
  let value = 0;
  for (let shift = 0; p < after && shift < 35; shift += 7) value |= (bytes[p++] & 127) << shift;
  at = after;
  return value >>> 0;
}

/** Reads a varint as a signed 64-bit integer. */
export function readVarint64(bytes: Uint8Array, p: number, end: number): bigint {
  const after = skipVarint(bytes, p, end);
  let value = 0n;
  for (let shift = 0n; p < after; shift += 7n) value |= BigInt(bytes[p++] & 127) << shift;
  at = after;
  return BigInt.asIntN(64, value);
}

/**
 * Skips the value of a field this program does not know.
 *
 * @param knownFields bit n is set where field n (1..31) is known: then its wire type is wrong, and the body is refused
 * @returns the position after the value
 */
export function skipUnknown(bytes: Uint8Array, p: number, end: number, tag: number, knownFields: number): number {
  const field = tag >>> 3;
  if (field === 0) fault('tag', p);
  const wireType = tag & 7;
  if (wireType === START_GROUP || wireType === END_GROUP) fault('group', p);
  if (field < 32 && (knownFields >>> field) & 1) fault('wire_type', p);
  if (wireType === VARINT) return skipVarint(bytes, p, end);
  if (wireType === LENGTH) {
    const length = readLength(bytes, p, end);
    return at + length;
  }
  if (wireType !== FIXED64 && wireType !== FIXED32) fault('wire_type', p);
  const after = p + (wireType === FIXED64 ? 8 : 4);
  if (after > end) fault('truncated', p);
  return after;
}

/** Longer text that is not ASCII is judged by the native check; below, the call costs more than the walk. */
const NATIVE_FROM_BYTES = 192;

/** Tells whether bytes are valid UTF-8. Nearly all text is ASCII, which is judged first. */
export function isText(source: ByteSource, p: number, end: number): boolean {
  return isAscii(source, p, end) || isMultibyteText(source.bytes, p, end);
}

/** Tells whether bytes are all ASCII, sixteen at a time; the last block overlaps, which costs less than a walk by bytes. */
export function isAscii({ bytes, view }: ByteSource, p: number, end: number): boolean {
  const length = end - p;
  if (length < 4) {
    while (p < end) if (bytes[p++] > 127) return false;
    return true;
  }
  if (length < 16) {
    // Two pairs that overlap more or less cover 4 to 15 bytes.
    const half = length < 8 ? 0 : 4;
    const high = view.getInt32(p, true) | view.getInt32(p + half, true);
    return ((high | view.getInt32(end - 4 - half, true) | view.getInt32(end - 4, true)) & HIGH_BITS) === 0;
  }
  // Gathered and looked at once: text that is not ASCII is rare, and a branch a block costs more than the rest of it.
  let high = 0;
  for (const blocks = end - 16; p < blocks; p += 16) {
    high |= view.getInt32(p, true) | view.getInt32(p + 4, true);
    high |= view.getInt32(p + 8, true) | view.getInt32(p + 12, true);
  }
  return (high & HIGH_BITS) === 0 && !hasHighBits(view, end - 16);
}

function hasHighBits(view: DataView, p: number): boolean {
  const low = view.getInt32(p, true) | view.getInt32(p + 4, true);
  return ((low | view.getInt32(p + 8, true) | view.getInt32(p + 12, true)) & HIGH_BITS) !== 0;
}

/** Set in a word of four bytes where one is not ASCII. */
const HIGH_BITS = 0x80808080;

/** The general check, from a character boundary on. @see Unicode 15, table 3-7, well-formed UTF-8 byte sequences */
function isMultibyteText(bytes: Uint8Array, p: number, end: number): boolean {
  if (end - p > NATIVE_FROM_BYTES) return isUtf8(bytes.subarray(p, end));
  while (p < end) {
    const lead = bytes[p++];
    if (lead < 0x80) continue;
    const trail = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    if (trail === 0 || p + trail > end) return false;
    // The first trailing byte excludes overlong forms, surrogates and what lies past U+10FFFF.
    const first = bytes[p++];
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (first < low || first > high) return false;
    for (let i = 1; i < trail; i++) if ((bytes[p++] & 0xc0) !== 0x80) return false;
  }
  return true;
}
