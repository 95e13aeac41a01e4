// An exponential histogram of durations at the scale of the sidecar's own, so that both have the same buckets.
// The SDK's starts finer and rescales; it can only be reached through an instrument, which hashes attributes each time.
import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

/** Buckets an octave are 2^SCALE: a bucket is 4.4 % wide. */
const SCALE = 4;
const PER_OCTAVE = 2 ** SCALE;
/** 54 octaves, from a nanosecond to half a year; what is beyond falls in the first or last bucket. */
const LOWEST_INDEX = -30 * PER_OCTAVE;
const HIGHEST_INDEX = 24 * PER_OCTAVE - 1;

/**
 * Finds the bucket of a duration.
 *
 * @param seconds above 0
 * @see OpenTelemetry data model, exponential histogram: bucket i holds (base^i, base^(i+1)]
 */
export function bucketOf(seconds: number): number {
  const index = Math.ceil(Math.log2(seconds) * PER_OCTAVE) - 1;
  return Math.min(Math.max(index, LOWEST_INDEX), HIGHEST_INDEX);
}

/** Counts of one series. */
export class DurationHistogram {
  count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  #zeroCount = 0;
  /** Index of the first count. */
  #offset = 0;
  /** Only as wide as what was seen. */
  #counts: number[] = [];

  /** @param seconds 0 or above */
  record(seconds: number): void {
    this.count++;
    this.#sum += seconds;
    if (seconds < this.#min) this.#min = seconds;
    if (seconds > this.#max) this.#max = seconds;
    if (!(seconds > 0)) {
      this.#zeroCount++;
      return;
    }
    this.#add(bucketOf(seconds), 1);
  }

  /** Counts all that another one counted. */
  merge(other: DurationHistogram): void {
    this.count += other.count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#zeroCount += other.#zeroCount;
    other.#counts.forEach((count, place) => {
      if (count > 0) this.#add(other.#offset + place, count);
    });
  }

  /** Begins anew, with the same room. */
  reset(): void {
    this.count = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
    this.#zeroCount = 0;
    this.#counts.fill(0);
  }

  /** A copy for whoever exports it. */
  value(): ExponentialHistogram {
    return {
      count: this.count,
      sum: this.#sum,
      min: this.#min,
      max: this.#max,
      scale: SCALE,
      zeroCount: this.#zeroCount,
      positive: { offset: this.#offset, bucketCounts: [...this.#counts] },
      negative: { offset: 0, bucketCounts: [] },
    };
  }

  #add(bucket: number, count: number): void {
    const place = bucket - this.#offset;
    const counts = this.#counts;
    if (place >= 0 && place < counts.length) counts[place] = (counts[place] ?? 0) + count;
    else this.#widen(place, count);
  }

  /** Makes room for a bucket outside and counts in it. */
  #widen(place: number, count: number): void {
    const counts = this.#counts;
    if (counts.length === 0) {
      this.#offset += place;
      this.#counts = [count];
    } else if (place < 0) {
      this.#offset += place;
      this.#counts = [count, ...Array.from({ length: -place - 1 }, () => 0), ...counts];
    } else {
      this.#counts = [...counts, ...Array.from({ length: place - counts.length }, () => 0), count];
    }
  }
}

/**
 * Thins histograms to powers of two, for formats that know classic buckets only: counts at the bounds are exact, and all have
 * the same bounds, so that they can be added up. The sidecar's page shows span metrics so as well.
 */
export function classicOf(values: readonly ExponentialHistogram[]): Histogram[] {
  const octaves = values.flatMap(({ positive: { offset, bucketCounts } }) =>
    bucketCounts.length === 0 ? [] : [octaveOf(offset), octaveOf(offset + bucketCounts.length - 1)],
  );
  const lowest = octaves.length === 0 ? 0 : Math.min(...octaves);
  const width = octaves.length === 0 ? 0 : Math.max(...octaves) - lowest + 1;
  const boundaries = Array.from({ length: width + 1 }, (_, i) => 2 ** (lowest + i));
  return values.map(({ positive: { offset, bucketCounts }, zeroCount, ...rest }) => {
    // Up to the lowest bound, an octave each, and nothing above the highest.
    const counts = [zeroCount, ...Array.from({ length: width + 1 }, () => 0)];
    bucketCounts.forEach((count, place) => {
      const octave = octaveOf(offset + place) - lowest + 1;
      counts[octave] = (counts[octave] ?? 0) + count;
    });
    const { count, sum, min, max } = rest;
    return {
      count,
      buckets: { boundaries, counts },
      ...(sum !== undefined && { sum }),
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
    };
  });
}

function octaveOf(bucket: number): number {
  return Math.floor(bucket / PER_OCTAVE);
}
