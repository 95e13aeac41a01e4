// Writes protobuf messages into one growing buffer. Lengths take as few bytes as canonical encoders use.

const KEPT_CAPACITY = 4 * 1024 * 1024;

/** Shorter texts are cheaper by character codes than by a call into the runtime. */
const NATIVE_FROM_LENGTH = 32;

const ALL_BITS = 0xffff_ffff;

/** 2^64 - 1. */
const LARGEST_VARINT = Buffer.from('ffffffffffffffffff01', 'hex');

/** A growing protobuf output. `bytes()` is valid until the next write. */
export class ProtobufWriter {
  readonly #firstCapacity: number;
  #buffer: Buffer;
  #view: DataView;
  length = 0;

  constructor(capacity = 4096) {
    this.#firstCapacity = capacity;
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#buffer.buffer);
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
    if (this.#buffer.length > KEPT_CAPACITY) this.#use(Buffer.allocUnsafeSlow(this.#firstCapacity));
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
    this.#double(value);
  }

  /** Writes a number as unsigned integer of 64 bits, rounded and cut to what fits. */
  unsigned64(field: number, value: number): void {
    this.varint((field << 3) | 1);
    this.#unsigned(value);
  }

  /** Writes Unix milliseconds as nanoseconds in a fixed64, cut to what fits; whole milliseconds are exact. */
  nanoseconds(field: number, ms: number): void {
    this.varint((field << 3) | 1);
    if (!(ms > 0)) this.#words(0, 0);
    else if (ms >= 2 ** 64 / 1e6) this.#words(ALL_BITS, ALL_BITS);
    else {
      const whole = Math.floor(ms);
      const upper = Math.floor(whole / 2 ** 16) * 1e6;
      // In units of 2^16 ns and of 1 ns; each number is whole and within 2^53.
      const lower = (upper % 2 ** 16) * 2 ** 16 + (whole % 2 ** 16) * 1e6 + Math.round((ms - whole) * 1e6);
      this.#words(lower % 2 ** 32, Math.floor(upper / 2 ** 16) + Math.floor(lower / 2 ** 32));
    }
  }

  /** Writes a whole number as sfixed64, cut to what fits. */
  sfixed64(field: number, value: number): void {
    this.varint((field << 3) | 1);
    if (value < 2 ** 63) this.#word(Math.max(value, -(2 ** 63)));
    else this.#words(ALL_BITS, ALL_BITS >>> 1);
  }

  /** Writes a repeated double, packed. */
  doubles(field: number, values: readonly number[]): void {
    this.varint((field << 3) | 2);
    this.varint(values.length * 8);
    for (const value of values) this.#double(value);
  }

  /** Writes a repeated fixed64, packed; values as in `unsigned64`. */
  fixed64s(field: number, values: readonly number[]): void {
    this.varint((field << 3) | 2);
    this.varint(values.length * 8);
    for (const value of values) this.#unsigned(value);
  }

  /** Writes a repeated uint64, packed; values as in `unsigned64`. */
  varints(field: number, values: readonly number[]): void {
    const start = this.open(field);
    for (const value of values) {
      if (value >= 2 ** 64) this.raw(LARGEST_VARINT);
      else this.varint(value > 0 ? Math.round(value) : 0);
    }
    this.close(start);
  }

  text(field: number, value: string): void {
    const start = this.open(field);
    if (value.length < NATIVE_FROM_LENGTH && this.#ascii(value)) {
      this.#buffer[start - 1] = value.length;
      return;
    }
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

  /** Writes a short text where it is all ASCII; false and nothing where it is not. */
  #ascii(value: string): boolean {
    this.#reserve(value.length);
    const buffer = this.#buffer;
    const from = this.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      buffer[from + i] = code;
    }
    this.length = from + value.length;
    return true;
  }

  #double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  #unsigned(value: number): void {
    if (value >= 2 ** 64) this.#words(ALL_BITS, ALL_BITS);
    else this.#word(value > 0 ? Math.round(value) : 0);
  }

  /** @param value whole, within 64 bits, signed or not */
  #word(value: number): void {
    const high = Math.floor(value / 2 ** 32);
    this.#words(value - high * 2 ** 32, high);
  }

  #words(low: number, high: number): void {
    this.#reserve(8);
    this.#view.setUint32(this.length, low, true);
    this.#view.setInt32(this.length + 4, high, true);
    this.length += 8;
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#use(grown);
  }

  #use(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
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
