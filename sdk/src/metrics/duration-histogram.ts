// An exponential histogram of durations at the scale of the sidecar's own, so that both have the same buckets.
// The SDK's starts finer and rescales; it can only be reached through an instrument, which hashes attributes each time.
import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';

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

/** Counts of one series since it began. */
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
    const place = bucketOf(seconds) - this.#offset;
    const counts = this.#counts;
    if (place >= 0 && place < counts.length) counts[place] = (counts[place] ?? 0) + 1;
    else this.#widen(place);
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

  /** Makes room for a bucket outside and counts one in it. */
  #widen(place: number): void {
    const counts = this.#counts;
    if (counts.length === 0) {
      this.#offset += place;
      this.#counts = [1];
    } else if (place < 0) {
      this.#offset += place;
      this.#counts = [1, ...Array.from({ length: -place - 1 }, () => 0), ...counts];
    } else {
      this.#counts = [...counts, ...Array.from({ length: place - counts.length }, () => 0), 1];
    }
  }
}
