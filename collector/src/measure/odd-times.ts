// Counts spans whose times cannot be right. They are kept and measured all the same: their sender should know.
import type { SpanBatch } from '../otlp/span-batch.ts';

/** Clocks may differ by so much before an end time counts as lying in the future. */
const TOLERATED_MS = 3_600_000;
const NS_PER_HIGH = 2 ** 32;

/** Spans by what is odd about their times; the first that fits counts. */
export interface OddTimes {
  /** Start or end missing, or within seconds of 1970. */
  zero: number;
  /** The end is before the start; the duration counts as 0. */
  end_before_start: number;
  /** The end is more than an hour ahead of this machine's clock. */
  future: number;
}

/** Looks at the times of every span. @param nowMs Unix milliseconds */
export function countOddTimes(batch: SpanBatch, nowMs: number): OddTimes {
  const odd: OddTimes = { zero: 0, end_before_start: 0, future: 0 };
  const { count, startHigh, startLow, endHigh, endLow } = batch;
  const futureHigh = Math.floor(((nowMs + TOLERATED_MS) * 1e6) / NS_PER_HIGH);
  for (let row = 0; row < count; row++) {
    const start = startHigh[row];
    const end = endHigh[row];
    if (start === 0 || end === 0) odd.zero++;
    else if (end < start || (end === start && endLow[row] < startLow[row])) odd.end_before_start++;
    else if (end > futureHigh) odd.future++;
  }
  return odd;
}
