// HyperLogLog: how many distinct texts were seen, in a few kilobytes. Pure; exact while there are few.

/** Bits of a hash: what a double holds exactly. */
const HASH_BITS = 53;
const LOW_BITS = HASH_BITS - 32;
const LOW_VALUES = 2 ** LOW_BITS;
/** A hash takes 8 bytes; beyond this share of the registers a list would take longer to look through than they do. */
const FEW_SHARE = 64;
/** Shared: an empty one of its own takes more than a few hashes. */
const NO_REGISTERS = new Uint8Array(0);
/** 1 / (2 ln 2). @see Ertl 2017, section 2.2 */
const ALPHA = 0.721_347_520_444_481_7;

/**
 * Estimates the number of distinct texts.
 *
 * @see Flajolet et al. 2007, HyperLogLog; O. Ertl 2017, New cardinality estimation algorithms for HyperLogLog sketches,
 * algorithm 6, which needs no correction by range
 */
export class HyperLogLog {
  readonly precision: number;
  readonly #seed: number;
  /** Hashes themselves while they are few. */
  #few: number[] | undefined = [];
  #registers = NO_REGISTERS;

  /**
   * @param precision register bits p, 4..18; memory is 2^p bytes at most, the standard error 1.04 / sqrt(2^p)
   * @param seed whole number of 32 bits; sketches of one seed may be merged
   */
  constructor(precision = 12, seed = 0) {
    this.precision = precision;
    this.#seed = seed;
  }

  add(text: string): void {
    this.addHash(hashOf(text, this.#seed));
  }

  /** @param hash of 53 bits, as `hashOf` makes them with one seed */
  addHash(hash: number): void {
    const few = this.#few;
    if (few === undefined) return this.#register(hash);
    if (few.includes(hash)) return;
    few.push(hash);
    if (few.length > 2 ** this.precision / FEW_SHARE) this.#spread();
  }

  /** Adds what another of the same precision and seed has seen. */
  merge(other: HyperLogLog): void {
    if (other.#few !== undefined) {
      for (const hash of other.#few) this.addHash(hash);
      return;
    }
    this.#spread();
    for (const [i, rank] of other.#registers.entries()) if (rank > (this.#registers[i] ?? 0)) this.#registers[i] = rank;
  }

  /** Texts seen; exact up to 2^p / 64 of them. */
  estimate(): number {
    if (this.#few !== undefined) return this.#few.length;
    const registers = 2 ** this.precision;
    const ranks = HASH_BITS - this.precision;
    const byRank = Array.from({ length: ranks + 2 }, () => 0);
    for (const rank of this.#registers) byRank[rank] += 1;
    const share = (rank: number): number => (byRank[rank] ?? 0) / registers;
    let z = registers * tau(1 - share(ranks + 1));
    for (let rank = ranks; rank > 0; rank--) z = 0.5 * (z + (byRank[rank] ?? 0));
    z += registers * sigma(share(0));
    return (ALPHA * registers * registers) / z;
  }

  /** Bytes of the registers; 0 while few are kept as they are. */
  get sizeBytes(): number {
    return this.#registers.length;
  }

  #spread(): void {
    const few = this.#few;
    if (few === undefined) return;
    this.#few = undefined;
    this.#registers = new Uint8Array(2 ** this.precision);
    for (const hash of few) this.#register(hash);
  }

  #register(hash: number): void {
    const high = Math.floor(hash / LOW_VALUES);
    const place = high >>> (32 - this.precision);
    // Bits after those of the place, followed by a one so that counting ends.
    const rest = (high << this.precision) >>> 0;
    const rank =
      rest === 0
        ? 32 - this.precision + Math.min(Math.clz32(hash % LOW_VALUES) - (32 - LOW_BITS), LOW_BITS) + 1
        : Math.clz32(rest) + 1;
    if (rank > (this.#registers[place] ?? 0)) this.#registers[place] = rank;
  }
}

/**
 * Hashes a text to 53 bits, as a whole number; not for secrets.
 *
 * @param seed whole number of 32 bits
 * @see A. Appleby, MurmurHash3: its rounds and its finish, in two lanes of 32 bits
 */
export function hashOf(text: string, seed = 0): number {
  let one = seed | 0;
  let two = ~seed;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    one ^= Math.imul(rotated(Math.imul(unit, 0xcc9e2d51), 15), 0x1b873593);
    one = (Math.imul(rotated(one, 13), 5) + 0xe6546b64) | 0;
    two ^= Math.imul(rotated(Math.imul(unit, 0x239b961b), 16), 0xab0e9789);
    two = (Math.imul(rotated(two, 17), 5) + 0x561ccd1b) | 0;
  }
  one = finished(one ^ text.length);
  two = finished(two ^ text.length ^ one);
  return ((one + two) >>> 0) * LOW_VALUES + (two >>> (32 - LOW_BITS));
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [x, y, z] = [share, 1, share];
  for (let last = NaN; z !== last; y += y) {
    x *= x;
    last = z;
    z += x * y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z] = [share, 1, 1 - share];
  for (let last = NaN; z !== last;) {
    x = Math.sqrt(x);
    last = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
