// Remembers bodies of the last minute by a keyed hash, so that a retry after a lost answer is not counted twice.
import { EMPTY, HashIndex } from '../otlp/hash-index.ts';
import type { ByteSource } from '../otlp/wire.ts';

/** Bodies remembered at most; beyond it the oldest is forgotten before its time. */
const CAPACITY = 32_768;

/** A ring of hashes with their time. */
export class Duplicates {
  readonly #windowMs: number;
  /** Two secret odd points. */
  readonly #keys: BigUint64Array;
  /** The two sums; in memory, because V8 keeps no 64-bit number in a register round a loop. */
  readonly #sums = new BigUint64Array(2);
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
    const half = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
    this.#keys = BigUint64Array.from({ length: 2 }, () => (half() << 32n) | half() | 1n);
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
   * Two lanes of a polynomial over 64 bits at secret odd points, a multiplication for two words, folded into 64 bits.
   * A change within one lane goes unseen with a chance of about 2^-64.
   */
  #hash({ bytes, view }: ByteSource, offset: number, length: number): void {
    const keys = this.#keys;
    const sums = this.#sums;
    sums[0] = keys[1];
    sums[1] = keys[0];
    const end = offset + length;
    let p = offset;
    // Each step is cut to 64 bits at once: then V8 computes with machine words, else with numbers of any size.
    for (const blocks = end - 31; p < blocks; p += 32) {
      sums[0] = BigInt.asUintN(
        64,
        BigInt.asUintN(64, BigInt.asUintN(64, sums[0] + view.getBigUint64(p, true)) * keys[0]) +
          view.getBigUint64(p + 8, true),
      );
      sums[1] = BigInt.asUintN(
        64,
        BigInt.asUintN(64, BigInt.asUintN(64, sums[1] + view.getBigUint64(p + 16, true)) * keys[1]) +
          view.getBigUint64(p + 24, true),
      );
    }
    while (p < end) sums[0] = word(word(sums[0] * keys[0]) + BigInt(bytes[p++]));
    const folded = mix(word(sums[0] ^ mix(word(sums[1] + BigInt(length)))));
    this.#firstHash = Number(folded & 0xffff_ffffn);
    this.#secondHash = Number(folded >> 32n);
  }
}

function word(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** Spreads every bit over all; a permutation of 64 bits. @see Steele, Lea, Flood: SplitMix */
function mix(value: bigint): bigint {
  let mixed = word((value ^ (value >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = word((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return mixed ^ (mixed >> 31n);
}
