// Durations of one operation, counted in buckets 9 % wide, from a microsecond to an hour; memory for the range in use.
import { bucketOf, INDEX_OFFSET, lowerBound } from '../model/exponential-histogram.ts';

/** Two buckets of the exponential histogram make one of these. */
const MERGED = 2;
/** 2^-20 s and 2^12 s, in merged buckets. */
const LOWEST = (-20 * 16 - INDEX_OFFSET) / MERGED;
const HIGHEST = (12 * 16 - INDEX_OFFSET) / MERGED - 1;
/** Room is made for so many buckets at a time: two octaves. */
const STEP = 16;

/** Bucket of a duration; what is shorter or longer than the range falls in the first or last. */
export function durationBucket(milliseconds: number): number {
  const bucket = Math.floor(bucketOf(milliseconds / 1000) / MERGED);
  return Math.min(HIGHEST, Math.max(LOWEST, bucket));
}

/** Counts by bucket. Exact up to 2^24 a bucket. */
export class DurationCounts {
  total = 0;
  #counts = new Float32Array(0);
  /** Bucket of the first count. */
  #first = 0;

  add(bucket: number, count = 1): void {
    if (bucket < this.#first || bucket >= this.#first + this.#counts.length) this.#grow(bucket);
    this.#counts[bucket - this.#first] += count;
    this.total += count;
  }

  addAll(other: DurationCounts): void {
    for (let i = 0; i < other.#counts.length; i++) {
      const count = other.#counts[i] ?? 0;
      if (count > 0) this.add(other.#first + i, count);
    }
  }

  scale(factor: number): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] *= factor;
    this.total *= factor;
  }

  /** The duration in milliseconds below which `rank` of all counts lie, geometrically within its bucket. */
  atRank(rank: number): number {
    let below = 0;
    let last = this.#first;
    for (let i = 0; i < this.#counts.length; i++) {
      const count = this.#counts[i] ?? 0;
      if (count <= 0) continue;
      last = this.#first + i;
      if (below + count >= rank) return boundMs(last + (rank - below) / count);
      below += count;
    }
    return boundMs(last + 1);
  }

  #grow(bucket: number): void {
    const used = this.#counts.length;
    const from = Math.floor(bucket / STEP) * STEP;
    const first = used === 0 ? from : Math.min(this.#first, from);
    const end = used === 0 ? from + STEP : Math.max(this.#first + used, from + STEP);
    const grown = new Float32Array(end - first);
    if (used > 0) grown.set(this.#counts, this.#first - first);
    this.#counts = grown;
    this.#first = first;
  }
}

function boundMs(bucket: number): number {
  return lowerBound(bucket * MERGED) * 1000;
}
