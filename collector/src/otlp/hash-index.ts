// Open addressing from hashes to small ids, shared by every table of the hot path.
// Knows nothing of keys: the owner walks `slots` from `hash & mask` and compares its own columns.
import assert from 'node:assert/strict';

/** Marks a free slot, and so the end of a probe. */
export const EMPTY = -1;

/** Ids `0..maxIds-1` by their hash, at a load of at most one half. */
export class HashIndex {
  readonly slots: Int32Array;
  readonly mask: number;
  /** Hash of each id that is in the index. */
  readonly hashes: Int32Array;

  constructor(maxIds: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, maxIds * 2)));
    this.slots = new Int32Array(size).fill(EMPTY);
    this.mask = size - 1;
    this.hashes = new Int32Array(maxIds);
  }

  insert(id: number, hash: number): void {
    this.hashes[id] = hash;
    let i = hash & this.mask;
    while (this.slots[i] !== EMPTY) i = (i + 1) & this.mask;
    this.slots[i] = id;
  }

  /** Removes by backward shift, so that probing needs no tombstones (Knuth 6.4, algorithm R). */
  remove(id: number): void {
    const { slots, mask, hashes } = this;
    let hole = hashes[id] & mask;
    while (slots[hole] !== id) {
      assert(slots[hole] !== EMPTY, 'removed an id that is not in the index');
      hole = (hole + 1) & mask;
    }
    for (let i = (hole + 1) & mask; slots[i] !== EMPTY; i = (i + 1) & mask) {
      const home = hashes[slots[i]] & mask;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        slots[hole] = slots[i];
        hole = i;
      }
    }
    slots[hole] = EMPTY;
  }
}
