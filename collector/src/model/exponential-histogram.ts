// Base-2 exponential histogram of durations at a fixed scale, as OpenTelemetry and Prometheus native histograms have it.
// Fixed range instead of rescaling: 54 octaves cover a nanosecond to half a year.
import type { ExponentialHistogramValue } from './data-point.ts';

/** Buckets an octave are 2^SCALE; the relative width of a bucket is 4.4 %. */
export const SCALE = 4;
const PER_OCTAVE = 2 ** SCALE;
/** Exponent of the lowest octave, in seconds: 2^-30 s is just under a nanosecond. */
const LOWEST_EXPONENT = -30;
const HIGHEST_EXPONENT = 24;
/** Index in OpenTelemetry's numbering of bucket 0 of our arrays. */
export const INDEX_OFFSET = LOWEST_EXPONENT * PER_OCTAVE;
export const BUCKETS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) * PER_OCTAVE;

/** Counts by bucket; becomes 64-bit floats where 32 bits would wrap, or where counts are adjusted and so not whole. */
export type BucketCounts = Uint32Array | Float64Array;

/** Upper bounds of the sixteen buckets of the octave [1, 2); entry 0 is the lower bound 1. */
const BOUNDS = Float64Array.from({ length: PER_OCTAVE + 1 }, (_, i) => 2 ** (i / PER_OCTAVE));
/** Bucket of the lower edge of each 256th of an octave: at most one bound lies inside such a slice. */
const BUCKET_OF_SLICE = Uint8Array.from({ length: 256 }, (_, i) => {
  const edge = 1 + i / 256;
  let bucket = 0;
  while (BOUNDS[bucket + 1] <= edge) bucket++;
  return bucket;
});

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * Finds the bucket of a duration.
 *
 * @param seconds above 0
 * @returns 0..BUCKETS-1; durations outside the range fall in the first or last bucket
 * @see OpenTelemetry data model, exponential histogram: bucket i holds (base^i, base^(i+1)]
 */
export function bucketOf(seconds: number): number {
  float[0] = seconds;
  const high = words[1];
  const exponent = (high >>> 20) - 1023;
  words[1] = (high & 0xfffff) | 0x3ff00000;
  const mantissa = float[0];
  let bucket = BUCKET_OF_SLICE[(high >>> 12) & 255];
  if (mantissa > BOUNDS[bucket + 1]) bucket++;
  // Upper bounds belong to the bucket below; the exact comparison is on the lower side.
  else if (mantissa === BOUNDS[bucket]) bucket--;
  const index = (exponent - LOWEST_EXPONENT) * PER_OCTAVE + bucket;
  return index < 0 ? 0 : index < BUCKETS ? index : BUCKETS - 1;
}

/** Counts in 64-bit floats, after the 32 bits of one bucket wrapped to 0. */
export function widened(counts: BucketCounts, bucket: number): Float64Array {
  const wide = Float64Array.from(counts);
  wide[bucket] = 2 ** 32;
  return wide;
}

/** Lower bound of a bucket in seconds. */
export function lowerBound(bucket: number): number {
  return 2 ** ((bucket + INDEX_OFFSET) / PER_OCTAVE);
}

/**
 * Estimates a quantile from counts.
 *
 * @param counts by bucket, as differences of two snapshots or cumulative
 * @param zeroCount durations of exactly 0
 * @param q 0..1
 * @returns seconds, interpolated geometrically within the bucket (error at most 4.4 %); undefined without counts
 */
export function quantile(counts: ArrayLike<number>, zeroCount: number, q: number): number | undefined {
  let total = zeroCount;
  for (let i = 0; i < counts.length; i++) total += counts[i] ?? 0;
  if (total <= 0) return undefined;
  const rank = q * total;
  let below = zeroCount;
  if (rank <= below) return 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count > 0 && below + count >= rank) return lowerBound(i + (rank - below) / count);
    below += count;
  }
  return lowerBound(counts.length);
}

/**
 * The histogram as a value of the data model.
 *
 * @param counts by bucket; copied
 * @param zeroCount durations of exactly 0
 * @param sum in seconds
 */
export function exponentialOf(counts: BucketCounts, zeroCount: number, sum: number): ExponentialHistogramValue {
  let first = 0;
  let end = counts.length;
  while (end > 0 && counts[end - 1] === 0) end--;
  while (first < end && counts[first] === 0) first++;
  const held = [...counts.subarray(first, end)];
  return {
    type: 'exponential_histogram',
    count: held.reduce((total, count) => total + count, zeroCount),
    sum,
    min: undefined,
    max: undefined,
    scale: SCALE,
    zeroCount,
    zeroThreshold: 0,
    positive: held.length === 0 ? { offset: 0, counts: [] } : { offset: first + INDEX_OFFSET, counts: held },
    negative: { offset: 0, counts: [] },
  };
}
