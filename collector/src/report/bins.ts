// Durations of calls by bucket, in as little room as they take: buckets from the first to the last that was ever used.
import { BUCKETS, quantile } from '../model/exponential-histogram.ts';

/** Grown by whole octaves, so that neighbours that come later seldom cost another copy. */
const STEP = 16;

/** As it is written down: counts of the buckets from `first` on. */
export interface SavedBins {
  readonly first: number;
  readonly counts: readonly number[];
}

/** Counts by bucket of the exponential histogram; they may be fractions, and may be added to in any order. */
export class Bins {
  #first = 0;
  #counts = new Float64Array(0);

  /** @param bucket 0..BUCKETS-1 */
  add(bucket: number, count: number): void {
    this.#makeRoom(bucket, bucket);
    this.#counts[bucket - this.#first] += count;
  }

  addAll({ first, counts }: SavedBins): void {
    if (counts.length === 0) return;
    this.#makeRoom(first, first + counts.length - 1);
    counts.forEach((count, i) => (this.#counts[first + i - this.#first] += count));
  }

  /** Without the empty ends. */
  saved(): SavedBins {
    const begin = this.#counts.findIndex((count) => count !== 0);
    if (begin < 0) return { first: 0, counts: [] };
    const end = this.#counts.findLastIndex((count) => count !== 0);
    return { first: this.#first + begin, counts: [...this.#counts.subarray(begin, end + 1)] };
  }

  /** @param zeroCount durations of exactly 0 @param q 0..1 @returns milliseconds; NaN without calls */
  quantileMs(zeroCount: number, q: number): number {
    scratch.fill(0).set(this.#counts, this.#first);
    return (quantile(scratch, zeroCount, q) ?? NaN) * 1000;
  }

  get sizeBytes(): number {
    return this.#counts.byteLength;
  }

  #makeRoom(low: number, high: number): void {
    const held = this.#counts.length;
    const end = this.#first + held;
    if (held > 0 && low >= this.#first && high < end) return;
    const from = Math.floor((held === 0 ? low : Math.min(low, this.#first)) / STEP) * STEP;
    const to = Math.min(BUCKETS, Math.ceil(Math.max(high + 1, end) / STEP) * STEP);
    const wider = new Float64Array(to - from);
    wider.set(this.#counts, held === 0 ? 0 : this.#first - from);
    this.#first = from;
    this.#counts = wider;
  }
}

const scratch = new Float64Array(BUCKETS);
