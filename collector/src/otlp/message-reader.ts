// Reads checked values out of protobuf messages whose sender is a stranger: structure, wire types and text are judged
// as they are read. For code that makes objects; spans go by scan.ts.
import { FieldCursor } from './field-cursor.ts';
import { type ByteSource, byteSource, fault, isText, LENGTH, readVarint32, readVarint64, VARINT } from './wire.ts';

/** One message: steps from field to field, as FieldCursor does, and answers the value of the one it stands on. */
export class MessageReader extends FieldCursor {
  readonly #source: ByteSource;

  constructor(source: ByteSource, start: number, end: number) {
    super(source.bytes, start, end);
    this.#source = source;
  }

  static of(bytes: Uint8Array): MessageReader {
    return new MessageReader(byteSource(bytes), 0, bytes.length);
  }

  /** Field number of the field it stands on. */
  get field(): number {
    return this.tag >>> 3;
  }

  /** The nested message of this field. */
  message(): MessageReader {
    this.#expect(LENGTH);
    return new MessageReader(this.#source, this.start, this.end);
  }

  /** @throws Malformed with reason `utf8` */
  text(): string {
    this.#expect(LENGTH);
    const { bytes } = this.#source;
    if (!isText(this.#source, this.start, this.end)) fault('utf8', this.start);
    return textOf(bytes, this.start, this.end);
  }

  /** A copy of the bytes. */
  content(): Uint8Array {
    this.#expect(LENGTH);
    return this.#source.bytes.slice(this.start, this.end);
  }

  hex(): string {
    this.#expect(LENGTH);
    const { buffer, byteOffset } = this.#source.bytes;
    return Buffer.from(buffer, byteOffset + this.start, this.end - this.start).toString('hex');
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
    this.#expect(1);
    return this.#source.view.getFloat64(this.start, true);
  }

  /** An unsigned integer; beyond 2^53 to the nearest double. */
  fixed64(): number {
    this.#expect(1);
    return this.#unsigned(this.start);
  }

  /** A signed integer; beyond 2^53 to the nearest double. */
  sfixed64(): number {
    this.#expect(1);
    return this.#source.view.getInt32(this.start + 4, true) * 2 ** 32 + this.#source.view.getUint32(this.start, true);
  }

  /** Unix nanoseconds as milliseconds. */
  milliseconds(): number {
    return this.fixed64() / 1e6;
  }

  /** Appends a repeated double, packed or not. */
  doubles(into: number[]): void {
    this.#fixed((position) => into.push(this.#source.view.getFloat64(position, true)));
  }

  /** Appends a repeated fixed64, packed or not. */
  fixed64s(into: number[]): void {
    this.#fixed((position) => into.push(this.#unsigned(position)));
  }

  /** Appends a repeated uint64, packed or not; beyond 2^53 to the nearest double. */
  varints(into: number[]): void {
    if ((this.tag & 7) === VARINT) {
      into.push(Number(BigInt.asUintN(64, this.varint64())));
      return;
    }
    this.#expect(LENGTH);
    const { bytes } = this.#source;
    for (let position = this.start; position < this.end;) {
      let value = 0;
      let factor = 1;
      let length = 0;
      for (;;) {
        if (position >= this.end) fault('truncated', position);
        if (++length > 10) fault('varint', position);
        const byte = bytes[position++] ?? 0;
        value += (byte & 127) * factor;
        factor *= 128;
        if (byte < 128) break;
      }
      into.push(value);
    }
  }

  /** Says of a field that it is not one of those this message has, known by bit n for field n of 1..31. */
  skip(knownFields: number): void {
    if (this.field < 32 && (knownFields >>> this.field) & 1) fault('wire_type', this.start);
  }

  #fixed(push: (position: number) => void): void {
    if ((this.tag & 7) === 1) {
      push(this.start);
      return;
    }
    this.#expect(LENGTH);
    if ((this.end - this.start) % 8 !== 0) fault('truncated', this.end);
    for (let position = this.start; position < this.end; position += 8) push(position);
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
const NATIVE_FROM_BYTES = 24;

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start >= NATIVE_FROM_BYTES) return decoded(bytes, start, end);
  let text = '';
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte > 127) return decoded(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decoded(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
