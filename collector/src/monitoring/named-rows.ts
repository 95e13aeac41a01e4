// Rows of numbers under names, as files of /proc have them, read from bytes into columns that are used again and again.

const SPACE = 32;
const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;

/** A machine has fewer devices, processors and lines of a file than this; what is beyond is left out. */
const MAX_ROWS = 4096;

/** Names with a fixed count of numbers each. While the names stay the same, filling it makes nothing. */
export class NamedRows {
  /** Numbers of a row. */
  readonly width: number;
  /** Names by row; as many as were filled last. */
  readonly names: string[] = [];
  /** Changes whenever a name does. */
  revision = 0;
  /** `width` numbers a row; numbers a line does not have are 0. */
  values: Float64Array;
  readonly #bytes: Uint8Array[] = [];
  #count = 0;

  constructor(width: number) {
    this.width = width;
    this.values = new Float64Array(width * 16);
  }

  /** Begins to fill it anew. */
  begin(): void {
    this.#count = 0;
  }

  /** Adds a row. @returns where its numbers go in `values`, -1 where there is no more room */
  add(bytes: Uint8Array, start: number, end: number): number {
    const row = this.#count;
    if (row >= MAX_ROWS) return -1;
    this.#count++;
    const known = this.#bytes[row];
    if (known === undefined || !isEqual(known, bytes, start, end)) {
      this.#bytes[row] = bytes.slice(start, end);
      this.names[row] = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
      this.revision++;
    }
    const offset = row * this.width;
    if (offset + this.width > this.values.length) {
      const grown = new Float64Array(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values.fill(0, offset, offset + this.width);
    return offset;
  }

  /** Ends filling: rows that did not come again are gone. */
  end(): void {
    if (this.#count === this.names.length) return;
    this.names.length = this.#count;
    this.#bytes.length = this.#count;
    this.revision++;
  }

  /** A number by name, for files of few lines; undefined where there is no such row. */
  find(name: string, column = 0): number | undefined {
    const row = this.names.indexOf(name);
    return row < 0 ? undefined : this.values[row * this.width + column];
  }
}

/** Walks over the bytes of a text. Bytes are read as they stand; nothing is made. */
export class ByteCursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;

  over(bytes: Uint8Array, length: number): this {
    this.bytes = bytes;
    this.at = 0;
    this.end = length;
    return this;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  /** Skips blanks of the line. */
  blanks(): void {
    while (this.at < this.end && isBlank(this.bytes[this.at])) this.at++;
  }

  /** Skips to the next blank or end of line. @param stop a byte that ends it too */
  word(stop = SPACE): void {
    while (this.at < this.end) {
      const byte = this.bytes[this.at];
      if (byte === stop || byte === NEWLINE || isBlank(byte)) return;
      this.at++;
    }
  }

  /** Reads digits, after blanks. @returns NaN where there are none; exact below 2^53 */
  number(): number {
    this.blanks();
    const start = this.at;
    let value = 0;
    while (this.at < this.end) {
      const byte = this.bytes[this.at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + (byte - ZERO);
      this.at++;
    }
    return this.at === start ? NaN : value;
  }

  /** Reads as many numbers as the line has, up to `count`. */
  numbers(into: Float64Array, offset: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = this.number();
      if (Number.isNaN(value)) return;
      into[offset + i] = value;
      // The rest of what was no whole number.
      this.word();
    }
  }

  /** Skips to the line after this. */
  line(): void {
    const next = this.bytes.indexOf(NEWLINE, this.at);
    this.at = next < 0 || next >= this.end ? this.end : next + 1;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === 9;
}

function isEqual(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
