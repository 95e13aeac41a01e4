// Running statistics of durations: exact count, sum, least and most; quantiles from an exponential histogram of fixed size.

/** Buckets an octave: one is 4.4 % wide, and its geometric middle is off by 2.2 % at most. */
const PER_OCTAVE = 16;
/** From a microsecond to two hours; what is outside counts in the first or the last. */
const LOWEST_EXPONENT = -10;
const OCTAVES = 33;
const BUCKETS = OCTAVES * PER_OCTAVE;

/** Largest relative error of a quantile that lies between a microsecond and two hours. */
export const QUANTILE_ERROR_RATIO = 2 ** (1 / (2 * PER_OCTAVE)) - 1;

/** Statistics of durations; all times in milliseconds. */
export interface DurationSummary {
  readonly count: number;
  /** How many of them failed. */
  readonly errors: number;
  /** 0..1; 0 without any. */
  readonly errorRatio: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Quantiles, each off by {@link QUANTILE_ERROR_RATIO} at most; 0 without any. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Takes durations one by one in constant memory, about 4 kB. */
export class DurationStatistics {
  // 32 bits would be full after an hour at a million a second.
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #errors = 0;
  #totalMs = 0;
  #minMs = Infinity;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get totalMs(): number {
    return this.#totalMs;
  }

  /** @param durationMs finite, 0 and above */
  record(durationMs: number, isError: boolean): void {
    const bucket = bucketOf(durationMs);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    if (isError) this.#errors++;
    this.#totalMs += durationMs;
    if (durationMs < this.#minMs) this.#minMs = durationMs;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /** Takes in what another has, which stays as it is. */
  add(other: DurationStatistics): void {
    for (let b = 0; b < BUCKETS; b++) this.#counts[b] = (this.#counts[b] ?? 0) + (other.#counts[b] ?? 0);
    this.#count += other.#count;
    this.#errors += other.#errors;
    this.#totalMs += other.#totalMs;
    this.#minMs = Math.min(this.#minMs, other.#minMs);
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#errors = 0;
    this.#totalMs = 0;
    this.#minMs = Infinity;
    this.#maxMs = 0;
  }

  /** @param share 0..1 */
  quantileMs(share: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let below = 0;
    for (let b = 0; b < BUCKETS; b++) {
      below += this.#counts[b] ?? 0;
      if (below >= rank) return Math.min(this.#maxMs, Math.max(this.#minMs, middleOf(b)));
    }
    return this.#maxMs;
  }

  summary(): DurationSummary {
    const count = this.#count;
    return {
      count,
      errors: this.#errors,
      errorRatio: count === 0 ? 0 : this.#errors / count,
      totalMs: this.#totalMs,
      meanMs: count === 0 ? 0 : this.#totalMs / count,
      minMs: count === 0 ? 0 : this.#minMs,
      maxMs: this.#maxMs,
      p50Ms: this.quantileMs(0.5),
      p95Ms: this.quantileMs(0.95),
      p99Ms: this.quantileMs(0.99),
    };
  }
}

/** Whether a duration can be counted. */
export function isDuration(durationMs: unknown): durationMs is number {
  return typeof durationMs === 'number' && durationMs >= 0 && durationMs < Infinity;
}

function bucketOf(durationMs: number): number {
  const bucket = Math.floor((Math.log2(durationMs) - LOWEST_EXPONENT) * PER_OCTAVE);
  return bucket > 0 ? (bucket < BUCKETS ? bucket : BUCKETS - 1) : 0;
}

/** Geometric middle of a bucket, milliseconds. */
function middleOf(bucket: number): number {
  return 2 ** (LOWEST_EXPONENT + (bucket + 0.5) / PER_OCTAVE);
}
