// Edits of a body of bytes, gathered while it is read and applied in one go.
import { varintLength } from '../otlp/writer.ts';

export const NOTHING = new Uint8Array(0);

/** Edits in order of position, none within another: bytes `from..to-1` give way to `by`. */
export class EditList {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #by: Uint8Array[] = [];

  get count(): number {
    return this.#from.length;
  }

  /** Records an edit; answers by how much it changes the length. */
  add(from: number, to: number, by: Uint8Array): number {
    this.#from.push(from);
    this.#to.push(to);
    this.#by.push(by);
    return by.length - (to - from);
  }

  /** Holds the place of a message's length, which stands before the edits within it; hand the answer to `close`. */
  open(from: number, to: number): number {
    this.add(from, to, NOTHING);
    return this.count - 1;
  }

  /**
   * Fills the length in, or forgets it where nothing within has changed.
   *
   * @param change of the content's length
   * @returns change of the content and its length together
   */
  close(edit: number, contentLength: number, change: number): number {
    if (this.count === edit + 1) {
      this.#from.pop();
      this.#to.pop();
      this.#by.pop();
      return 0;
    }
    const by = varint(contentLength + change);
    this.#by[edit] = by;
    return change + by.length - ((this.#to[edit] ?? 0) - (this.#from[edit] ?? 0));
  }

  /** Writes the body anew. @param length of the result: the body's and the sum of all changes */
  apply(body: Buffer, length: number): Buffer {
    const written = Buffer.allocUnsafeSlow(length);
    let copied = 0;
    let p = 0;
    this.#by.forEach((by, i) => {
      const from = this.#from[i] ?? 0;
      p += body.copy(written, p, copied, from);
      written.set(by, p);
      p += by.length;
      copied = this.#to[i] ?? 0;
    });
    body.copy(written, p, copied);
    return written;
  }
}

/** A field with a text, written out; `tag` is of one byte. */
export function textField(tag: number, text: string): Uint8Array {
  const field = lengthPrefixed(Buffer.from(text), 1);
  field[0] = tag;
  return field;
}

/** Puts a content's length before it, and room for so many bytes before that. */
export function lengthPrefixed(content: Uint8Array, room = 0): Uint8Array {
  const length = varint(content.length);
  const prefixed = new Uint8Array(room + length.length + content.length);
  prefixed.set(length, room);
  prefixed.set(content, room + length.length);
  return prefixed;
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(value));
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (value & 127) | (i < bytes.length - 1 ? 128 : 0);
    value >>>= 7;
  }
  return bytes;
}
