// The bytes of one body that grows while it waits. Requests of one message type are concatenated by putting their bytes
// one behind the other.

/** An array of some hundred bytes costs as much again beside its bytes, which nobody counts; so many become one. */
const MAX_LOOSE = 64;

/** Bytes in few arrays, however many were appended. A byte is copied once as it waits, and once more into the whole. */
export class BodyParts {
  readonly #pieces: Uint8Array[];
  #loose = 1;
  #sizeBytes: number;

  /** @param first belongs to the parts, as all that is appended */
  constructor(first: Uint8Array) {
    this.#pieces = [first];
    this.#sizeBytes = first.length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length;
    this.#pieces.push(bytes);
    if (++this.#loose < MAX_LOOSE) return;
    this.#pieces.push(Buffer.concat(this.#pieces.splice(-MAX_LOOSE)));
    this.#loose = 0;
  }

  /** All bytes in one array. */
  whole(): Uint8Array {
    const [only] = this.#pieces;
    return only !== undefined && this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces, this.#sizeBytes);
  }
}
