// Finds the attributes that matchers ask for: one walk over a span's bytes serves all of them, and makes no object.
import { checkAttribute, found } from '../otlp/attributes.ts';
import { sameBytes } from '../otlp/interner.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import { at, type ByteSource, byteSource, LENGTH, readTag, skipUnknown } from '../otlp/wire.ts';

const NO_BYTES = new Uint8Array(0);
/** Span: attributes and flags. Resource and ResourceSpans: attributes and resource. */
const SPAN_ATTRIBUTE = 0x4a;
const SPAN_FLAGS = 0x85;
const RESOURCE = 0x0a;
const RESOURCE_ATTRIBUTE = 0x0a;
/** KeyValue. */
const KEY = 0x0a;
const VALUE = 0x12;

/** Members of AnyValue's oneof; unknown fields beyond say nothing. */
const LAST_MEMBER = 8;

/** The member that the value read last holds: its tag, 0 for none, and the place of its content. */
export const value = { tag: 0, start: 0, end: 0 };

/** Reads a checked AnyValue into `value`. The last member wins, as protobuf has it. */
export function readValue(bytes: Uint8Array, p: number, end: number): void {
  value.tag = 0;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    const start = at;
    p = skipUnknown(bytes, start, end, tag, 0);
    if (tag >>> 3 > LAST_MEMBER) continue;
    value.tag = tag;
    value.start = (tag & 7) === LENGTH ? at : start;
    value.end = p;
  }
}

/**
 * Where the wanted attributes of the message read last stand. Of an attribute that is there twice, the last counts.
 *
 * Columns by what `want` answered. They hold until the next read.
 */
export class SpanAttributes {
  source: ByteSource = byteSource(NO_BYTES);
  /** Places of the value messages; a length below 0 says that the attribute is absent. */
  readonly valueOffset: number[] = [];
  readonly valueLength: number[] = [];
  /** Span.flags; 0 where absent. */
  flags = 0;
  readonly #keys: Uint8Array[] = [];
  /** How many wanted keys have this length modulo 256: every other attribute costs one look. */
  readonly #byKeyLength = new Uint8Array(256);
  // Which span was read last. Bytes of the arena are used again, so its place alone does not tell.
  #nowMs = NaN;
  #offset = -1;
  #length = -1;
  #trace0 = 0;
  #trace1 = 0;
  #trace2 = 0;
  #trace3 = 0;

  /** Has a key looked for in every read. @returns where its place will stand in the columns */
  want(key: string): number {
    const bytes = new TextEncoder().encode(key);
    const known = this.#keys.findIndex((each) => Buffer.compare(each, bytes) === 0);
    if (known >= 0) return known;
    this.#byKeyLength[bytes.length & 255]++;
    this.valueOffset.push(0);
    this.valueLength.push(-1);
    return this.#keys.push(bytes) - 1;
  }

  /** Reads a span, unless it is the one read last. */
  readSpan(batch: SpanBatch, row: number, nowMs: number): void {
    const offset = batch.offset[row];
    const length = batch.length[row];
    const a = batch.trace0[row];
    const b = batch.trace1[row];
    const c = batch.trace2[row];
    const d = batch.trace3[row];
    if (
      offset === this.#offset &&
      length === this.#length &&
      d === this.#trace3 &&
      c === this.#trace2 &&
      b === this.#trace1 &&
      a === this.#trace0 &&
      nowMs === this.#nowMs &&
      batch.source === this.source
    )
      return;
    this.#nowMs = nowMs;
    this.#offset = offset;
    this.#length = length;
    this.#trace0 = a;
    this.#trace1 = b;
    this.#trace2 = c;
    this.#trace3 = d;
    this.#clear(batch.source);
    this.#readFields(offset, offset + length, SPAN_ATTRIBUTE);
  }

  /** Reads the attributes of a resource. @param bytes fields of ResourceSpans without its spans */
  readResource(bytes: Uint8Array): void {
    this.#clear(byteSource(bytes));
    for (let p = 0; p < bytes.length;) {
      const tag = readTag(bytes, p, bytes.length);
      p = skipUnknown(bytes, at, bytes.length, tag, 0);
      if (tag === RESOURCE) this.#readFields(at, p, RESOURCE_ATTRIBUTE);
    }
  }

  #clear(source: ByteSource): void {
    this.source = source;
    this.flags = 0;
    this.valueLength.fill(-1);
  }

  /** Notes the attributes of a span or a resource, which differ in the tag they stand under. */
  #readFields(p: number, end: number, attributeTag: number): void {
    const { source } = this;
    const { bytes } = source;
    while (p < end) {
      if (bytes[p] === attributeTag) {
        // Nearly always a key and a value with lengths of one byte, of which only the key's is looked at. The bytes are
        // sound; what stands past the end of a shorter attribute cannot make the ends meet.
        const next = p + 2 + bytes[p + 1];
        const keyLength = bytes[p + 3];
        const valueTag = p + 4 + keyLength;
        const valueOffset = valueTag + 2;
        if (
          bytes[p + 1] < 128 &&
          bytes[p + 2] === KEY &&
          bytes[valueTag] === VALUE &&
          valueOffset + bytes[valueTag + 1] === next
        ) {
          if (this.#byKeyLength[keyLength] !== 0) this.#note(p + 4, keyLength, valueOffset, next - valueOffset);
          p = next;
          continue;
        }
      }
      const tag = readTag(bytes, p, end);
      const start = at;
      p = skipUnknown(bytes, start, end, tag, 0);
      if (tag === attributeTag) {
        checkAttribute(source, at, p, 4);
        const { keyOffset, keyLength, valueOffset, valueLength } = found;
        if (this.#byKeyLength[keyLength & 255] !== 0) this.#note(keyOffset, keyLength, valueOffset, valueLength);
      } else if (tag === SPAN_FLAGS && attributeTag === SPAN_ATTRIBUTE) {
        this.flags = source.view.getUint32(start, true);
      }
    }
  }

  #note(keyOffset: number, keyLength: number, valueOffset: number, valueLength: number): void {
    const keys = this.#keys;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? NO_BYTES;
      if (key.length !== keyLength || !sameBytes(key, 0, this.source.bytes, keyOffset, keyLength)) continue;
      this.valueOffset[i] = valueOffset;
      // An attribute without a value is there, with a value of no kind.
      this.valueLength[i] = Math.max(0, valueLength);
      return;
    }
  }
}
