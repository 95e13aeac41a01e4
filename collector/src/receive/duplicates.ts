// Remembers bodies of the last minute by a keyed hash, so that a retry after a lost answer is not counted twice.
import { EMPTY, HashIndex } from '../otlp/hash-index.ts';
import type { ByteSource } from '../otlp/wire.ts';

/** Bodies remembered at most; beyond it the oldest is forgotten before its time. */
const CAPACITY = 32_768;

/** A ring of hashes with their time. */
export class Duplicates {
  readonly #windowMs: number;
  readonly #keys: Int32Array;
  readonly #first = new Uint32Array(CAPACITY);
  readonly #second = new Uint32Array(CAPACITY);
  readonly #size = new Uint32Array(CAPACITY);
  readonly #seenMs = new Float64Array(CAPACITY);
  readonly #index = new HashIndex(CAPACITY);
  #next = 0;
  #count = 0;
  /** Hash and length of the body asked about last. */
  #firstHash = 0;
  #secondHash = 0;
  #length = 0;

  /** @param random key of the hash, so that nobody can prepare two bodies that collide */
  constructor(windowMs: number, random: () => number) {
    this.#windowMs = windowMs;
    this.#keys = Int32Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32) | 1);
  }

  /** Answers whether the same bytes were remembered within the window. */
  isRepeat(source: ByteSource, offset: number, length: number, nowMs: number): boolean {
    this.#hash(source, offset, length);
    this.#length = length;
    const row = this.#find();
    return row !== EMPTY && nowMs - this.#seenMs[row] <= this.#windowMs;
  }

  /** Remembers the bytes asked about last: call it once their body is accepted, never before. */
  remember(nowMs: number): void {
    const known = this.#find();
    if (known !== EMPTY) {
      this.#seenMs[known] = nowMs;
      return;
    }
    const row = this.#next;
    this.#next = (row + 1) % CAPACITY;
    if (this.#count === CAPACITY) this.#index.remove(row);
    else this.#count++;
    this.#first[row] = this.#firstHash;
    this.#second[row] = this.#secondHash;
    this.#size[row] = this.#length;
    this.#seenMs[row] = nowMs;
    this.#index.insert(row, this.#firstHash | 0);
  }

  #find(): number {
    const { slots, mask } = this.#index;
    for (let i = this.#firstHash & mask; ; i = (i + 1) & mask) {
      const row = slots[i];
      if (row === EMPTY) return EMPTY;
      if (
        this.#first[row] === this.#firstHash &&
        this.#second[row] === this.#secondHash &&
        this.#size[row] === this.#length
      )
        return row;
    }
  }

  /**
   * Four lanes of a polynomial at secret odd points, a multiplication for two words, folded into 64 bits.
   * A change within one lane goes unseen with a chance of about 2^-32, a change in several of 2^-64.
   */
  #hash({ bytes, view }: ByteSource, offset: number, length: number): void {
    const ka = this.#keys[0];
    const kb = this.#keys[1];
    const kc = this.#keys[2];
    const kd = this.#keys[3];
    let a = kb;
    let b = kc;
    let c = kd;
    let d = ka;
    const end = offset + length;
    let p = offset;
    for (const blocks = end - 31; p < blocks; p += 32) {
      a = (Math.imul(a + view.getInt32(p, true), ka) + view.getInt32(p + 4, true)) | 0;
      b = (Math.imul(b + view.getInt32(p + 8, true), kb) + view.getInt32(p + 12, true)) | 0;
      c = (Math.imul(c + view.getInt32(p + 16, true), kc) + view.getInt32(p + 20, true)) | 0;
      d = (Math.imul(d + view.getInt32(p + 24, true), kd) + view.getInt32(p + 28, true)) | 0;
    }
    while (p < end) a = (Math.imul(a, ka) + bytes[p++]) | 0;
    this.#firstHash = mix(a ^ Math.imul(c, 0x165667b1), b ^ length);
    this.#secondHash = mix(b ^ Math.imul(d, 0x165667b1), c ^ this.#firstHash);
  }
}

function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ (a >>> 16), 0x21f0aaad) ^ b;
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}
