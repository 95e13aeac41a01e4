// Byte strings to small ids: no string is made on a hit. Ids are reference-counted by whoever keeps them.
import assert from 'node:assert/strict';
import { EMPTY, HashIndex } from './hash-index.ts';

/** Bytes of a string that are looked at: names come from senders, and become labels and keys. */
export const MAX_TEXT_BYTES = 256;

/** Id of everything that found no room. */
export const OVERFLOW_ID = 0;

/** Hashes bytes with a secret seed; 32-bit, signed. Not cryptographic: the seed only denies prepared collisions. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start);
  let p = start;
  for (const words = end - 3; p < words; p += 4) {
    const word = bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  while (p < end) hash = Math.imul(hash ^ bytes[p++], 0x85ebca6b) ^ (hash >>> 13);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return hash ^ (hash >>> 15);
}

/** Tells whether two runs of `length` bytes are equal. */
export function sameBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Reference-counted byte strings in one pool, cut after MAX_TEXT_BYTES: longer ones that begin alike are one. Id 0 is reserved for the overflow. */
export class Interner {
  /** The text of each id; `''` for free ids and for the overflow. */
  readonly texts: string[] = [''];
  readonly #keys: Uint8Array[] = [new Uint8Array(0)];
  readonly #references: Int32Array;
  readonly #index: HashIndex;
  readonly #seed: number;
  readonly #maxEntries: number;
  readonly #free: number[] = [];
  /** Strings that were longer than MAX_TEXT_BYTES when they were interned. */
  cut = 0;
  #bytes = 0;

  /** @param maxEntries at the limit new strings get the overflow id */
  constructor(maxEntries: number, seed: number) {
    this.#index = new HashIndex(maxEntries + 1);
    this.#references = new Int32Array(maxEntries + 1);
    this.#maxEntries = maxEntries;
    this.#seed = seed;
  }

  get count(): number {
    return this.texts.length - 1 - this.#free.length;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** Finds the id of bytes; -1 where they are not interned. */
  find(bytes: Uint8Array, start: number, length: number): number {
    if (length > MAX_TEXT_BYTES) length = MAX_TEXT_BYTES;
    const hash = hashBytes(bytes, start, start + length, this.#seed);
    const { slots, mask, hashes } = this.#index;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const id = slots[i];
      if (id === EMPTY) return -1;
      if (hashes[id] !== hash) continue;
      const key = this.#keys[id];
      if (key.length === length && sameBytes(key, 0, bytes, start, length)) return id;
    }
  }

  /** Tells whether an id stands for exactly these bytes. */
  isSame(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    const key = this.#keys[id];
    return key.length === length && sameBytes(key, 0, bytes, start, length);
  }

  /**
   * Interns bytes and takes one reference.
   *
   * @param text makes the string on a miss
   * @returns OVERFLOW_ID when full; that id needs no release
   */
  retain(bytes: Uint8Array, start: number, length: number, text: (key: Uint8Array) => string): number {
    let id = this.find(bytes, start, length);
    if (id >= 0) {
      this.#references[id]++;
      return id;
    }
    if (this.count >= this.#maxEntries) return OVERFLOW_ID;
    if (length > MAX_TEXT_BYTES) {
      length = MAX_TEXT_BYTES;
      this.cut++;
    }
    id = this.#free.pop() ?? this.texts.length;
    const key = bytes.slice(start, start + length);
    this.#keys[id] = key;
    this.texts[id] = text(key);
    this.#references[id] = 1;
    this.#bytes += length;
    this.#index.insert(id, hashBytes(key, 0, length, this.#seed));
    return id;
  }

  /** Takes one more reference of an id that is held. */
  keep(id: number): void {
    if (id !== OVERFLOW_ID) this.#references[id]++;
  }

  /** Gives one reference back; the last one frees the id. */
  release(id: number): void {
    if (id === OVERFLOW_ID) return;
    assert(this.#references[id] > 0, 'interned string released more often than held');
    if (--this.#references[id] > 0) return;
    this.#index.remove(id);
    this.#bytes -= this.#keys[id].length;
    this.#keys[id] = this.#keys[OVERFLOW_ID];
    this.texts[id] = '';
    this.#free.push(id);
  }
}
