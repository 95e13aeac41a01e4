// Writes protobuf messages into one growing buffer. Lengths take as few bytes as canonical encoders use.

const KEPT_CAPACITY = 4 * 1024 * 1024;

/** A growing protobuf output. `bytes()` is valid until the next write. */
export class ProtobufWriter {
  readonly #firstCapacity: number;
  #buffer: Buffer;
  length = 0;

  constructor(capacity = 4096) {
    this.#firstCapacity = capacity;
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** The bytes written so far, not copied. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** The bytes written so far, as a copy that stays. */
  take(): Uint8Array<ArrayBuffer> {
    return Uint8Array.prototype.slice.call(this.#buffer, 0, this.length) as Uint8Array<ArrayBuffer>;
  }

  /** Begins anew. What one huge message took is given back. */
  reset(): void {
    if (this.#buffer.length > KEPT_CAPACITY) this.#buffer = Buffer.allocUnsafeSlow(this.#firstCapacity);
    this.length = 0;
  }

  varint(value: number): void {
    this.#reserve(10);
    while (value > 127) {
      // Division, because shifts end at 32 bits.
      this.#buffer[this.length++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.#buffer[this.length++] = value;
  }

  /** Writes a signed 64-bit integer as varint field. */
  int64(field: number, value: bigint): void {
    this.varint(field << 3);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#buffer[this.length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#buffer[this.length++] = Number(rest);
  }

  uint32(field: number, value: number): void {
    this.varint(field << 3);
    this.varint(value);
  }

  fixed64(field: number, value: bigint): void {
    this.varint((field << 3) | 1);
    this.#reserve(8);
    this.length = this.#buffer.writeBigUInt64LE(value, this.length);
  }

  fixed32(field: number, value: number): void {
    this.varint((field << 3) | 5);
    this.#reserve(4);
    this.length = this.#buffer.writeUInt32LE(value, this.length);
  }

  double(field: number, value: number): void {
    this.varint((field << 3) | 1);
    this.#reserve(8);
    this.length = this.#buffer.writeDoubleLE(value, this.length);
  }

  text(field: number, value: string): void {
    const start = this.open(field);
    this.#reserve(value.length * 3);
    this.length += this.#buffer.write(value, this.length, 'utf8');
    this.close(start);
  }

  /** Writes a field whose content is `source[start..end)`. */
  content(field: number, source: Uint8Array, start = 0, end = source.length): void {
    this.varint((field << 3) | 2);
    this.varint(end - start);
    this.raw(source, start, end);
  }

  /** Copies bytes as they stand. */
  raw(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    this.#reserve(length);
    this.#buffer.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length);
    this.length += length;
  }

  /** Begins a nested message; hand the answer to `close`. */
  open(field: number): number {
    this.varint((field << 3) | 2);
    this.#reserve(1);
    return ++this.length;
  }

  /** Ends a nested message: writes its length, moving the content where one byte is too few. */
  close(start: number): void {
    const size = this.length - start;
    if (size < 128) {
      this.#buffer[start - 1] = size;
      return;
    }
    const extra = varintLength(size) - 1;
    this.#reserve(extra);
    this.#buffer.copyWithin(start + extra, start, this.length);
    this.length = start - 1;
    this.varint(size);
    this.length += size;
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
  }
}

/** Bytes that a varint of this value takes; value is a whole number from 0 to 2^53. */
export function varintLength(value: number): number {
  let length = 1;
  while (value > 127) {
    value = Math.floor(value / 128);
    length++;
  }
  return length;
}
