// Reads checked values out of protobuf messages whose sender is a stranger: structure, wire types, depth and text are judged
// as they are read. For code that makes objects; spans go by scan.ts.
import {
  at,
  type ByteSource,
  byteSource,
  fault,
  FIXED64,
  isText,
  LENGTH,
  MAX_DEPTH,
  readTag,
  readVarint32,
  readVarint64,
  skipUnknown,
  VARINT,
} from './wire.ts';

/** Bytes as `Buffer`, whose text is read where it stands. */
interface Source extends ByteSource {
  readonly bytes: Buffer;
}

/** One message: steps from field to field, and answers the value of the one it stands on. */
export class MessageReader {
  readonly #source: Source;
  readonly #end: number;
  readonly #depth: number;
  #position: number;
  /** Field number times 8 plus wire type. */
  tag = 0;
  /** Where the tag stands. */
  tagStart: number;
  /** Content of a field with a length; else the bytes of its value. */
  start: number;
  end: number;

  private constructor(source: Source, start: number, end: number, depth: number) {
    this.#source = source;
    this.#position = start;
    this.#end = end;
    this.#depth = depth;
    this.tagStart = start;
    this.start = start;
    this.end = end;
  }

  static of({ buffer, byteOffset, length }: Uint8Array): MessageReader {
    const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, length);
    return new MessageReader({ bytes, view: byteSource(bytes).view }, 0, length, 0);
  }

  /** Bytes of the whole message this reader was made for. */
  get source(): ByteSource {
    return this.#source;
  }

  /** Field number of the field it stands on. */
  get field(): number {
    return this.tag >>> 3;
  }

  /** Steps to the next field; false at the end. @throws Malformed where the bytes are no message */
  next(): boolean {
    const p = this.#position;
    const end = this.#end;
    if (p >= end) return false;
    this.tagStart = p;
    const { bytes } = this.#source;
    const tag = bytes[p] ?? 0;
    // Nearly every field has a tag of one byte, and eight bytes or a length of one byte.
    if (tag > 7 && tag < 128) {
      const wireType = tag & 7;
      const length = wireType === LENGTH ? (bytes[p + 1] ?? 128) : wireType === FIXED64 ? 8 : 128;
      const start = wireType === LENGTH ? p + 2 : p + 1;
      if (length < 128 && start + length <= end) {
        this.tag = tag;
        this.start = start;
        this.#position = this.end = start + length;
        return true;
      }
    }
    return this.#nextOfAnyShape();
  }

  #nextOfAnyShape(): boolean {
    const { bytes } = this.#source;
    this.tag = readTag(bytes, this.#position, this.#end);
    const valueStart = at;
    this.end = skipUnknown(bytes, valueStart, this.#end, this.tag, 0);
    this.start = (this.tag & 7) === LENGTH ? at : valueStart;
    this.#position = this.end;
    return true;
  }

  /** The nested message of this field. */
  message(): MessageReader {
    this.#expect(LENGTH);
    if (this.#depth === MAX_DEPTH) fault('depth', this.start);
    return new MessageReader(this.#source, this.start, this.end, this.#depth + 1);
  }

  /** The same message from its beginning, for whoever is to read it before; as long as this one stands there. */
  again(): MessageReader {
    return new MessageReader(this.#source, this.#position, this.#end, this.#depth);
  }

  /** The fields from this one on that have its tag, as a message of their own; this one then stands on the last of them. */
  run(): MessageReader {
    this.#expect(LENGTH);
    const { bytes } = this.#source;
    const { tag, tagStart: from } = this;
    while (this.#position < this.#end && bytes[this.#position] === tag) this.next();
    return new MessageReader(this.#source, from, this.end, this.#depth);
  }

  /** @throws Malformed with reason `utf8` */
  text(): string {
    this.#expect(LENGTH);
    if (!isText(this.#source, this.start, this.end)) fault('utf8', this.start);
    return textOf(this.#source.bytes, this.start, this.end);
  }

  /** A copy of the bytes. */
  content(): Uint8Array {
    this.#expect(LENGTH);
    return Uint8Array.prototype.slice.call(this.#source.bytes, this.start, this.end);
  }

  hex(): string {
    this.#expect(LENGTH);
    return this.#source.bytes.toString('hex', this.start, this.end);
  }

  boolean(): boolean {
    return this.varint64() !== 0n;
  }

  varint32(): number {
    this.#expect(VARINT);
    return readVarint32(this.#source.bytes, this.start, this.end);
  }

  varint64(): bigint {
    this.#expect(VARINT);
    return readVarint64(this.#source.bytes, this.start, this.end);
  }

  /** A signed integer of 32 bits in zigzag form. */
  sint32(): number {
    const value = this.varint32();
    return (value >>> 1) ^ -(value & 1);
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#source.view.getFloat64(this.start, true);
  }

  /** An unsigned integer; beyond 2^53 to the nearest double. */
  fixed64(): number {
    this.#expect(FIXED64);
    return this.#unsigned(this.start);
  }

  /** A signed integer; beyond 2^53 to the nearest double. */
  sfixed64(): number {
    this.#expect(FIXED64);
    const { view } = this.#source;
    return view.getInt32(this.start + 4, true) * 2 ** 32 + view.getUint32(this.start, true);
  }

  /** Unix nanoseconds as milliseconds, to the nearest double: beyond 2^53 nanoseconds are none, but milliseconds are. */
  milliseconds(): number {
    this.#expect(FIXED64);
    const { view } = this.#source;
    const high = view.getUint32(this.start + 4, true);
    // 2^32 ns are 4294 ms and 967296 ns; each number below is whole and within 2^53.
    const rest = high * 967_296 + view.getUint32(this.start, true);
    const whole = Math.floor(rest / 1e6);
    return high * 4294 + whole + (rest - whole * 1e6) / 1e6;
  }

  /** Appends a repeated double, packed or not. */
  doubles(into: number[]): void {
    const { view } = this.#source;
    for (let position = this.#firstFixed(); position < this.end; position += 8)
      into.push(view.getFloat64(position, true));
  }

  /** Appends a repeated fixed64, packed or not; beyond 2^53 to the nearest double. */
  fixed64s(into: number[]): void {
    for (let position = this.#firstFixed(); position < this.end; position += 8) into.push(this.#unsigned(position));
  }

  /** Appends a repeated uint64, packed or not; beyond 2^53 to the nearest double. */
  varints(into: number[]): void {
    if ((this.tag & 7) !== VARINT) this.#expect(LENGTH);
    const { bytes } = this.#source;
    for (let position = this.start; position < this.end;) {
      const first = bytes[position] ?? 0;
      // Most counts are small.
      if (first < 128) {
        into.push(first);
        position++;
        continue;
      }
      into.push(Number(BigInt.asUintN(64, readVarint64(bytes, position, this.end))));
      position = at;
    }
  }

  #firstFixed(): number {
    if ((this.tag & 7) === FIXED64) return this.start;
    this.#expect(LENGTH);
    if ((this.end - this.start) % 8 !== 0) fault('truncated', this.end);
    return this.start;
  }

  #unsigned(position: number): number {
    const { view } = this.#source;
    return view.getUint32(position + 4, true) * 2 ** 32 + view.getUint32(position, true);
  }

  #expect(wireType: number): void {
    if ((this.tag & 7) !== wireType) fault('wire_type', this.start);
  }
}

/** Shorter texts are cheaper by character codes than by a call into the runtime. */
const NATIVE_FROM_BYTES = 13;

function textOf(bytes: Buffer, start: number, end: number): string {
  if (end - start >= NATIVE_FROM_BYTES) return bytes.toString('utf8', start, end);
  let text = '';
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte > 127) return bytes.toString('utf8', start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}
