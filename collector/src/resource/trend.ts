// A trend that a few wild values do not move, with an interval, and when it meets a limit.

/** A line through the middle of readings. */
export interface Line {
  /** Change per millisecond. */
  readonly slope: number;
  /** Its value at the time of interest. */
  readonly value: number;
}

/** The likeliest line, and those at the ends of its slope's 95 % interval. */
export interface Trend extends Line {
  readonly flattest: Line;
  readonly steepest: Line;
}

/** When a limit is met; milliseconds from the time of interest. */
export interface TimeToLimit {
  readonly ms: number;
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Two-sided 95 %. */
const Z = 1.96;
const LEAST_POINTS = 6;

/**
 * Fits a line by the median of slopes between all pairs; n² / 2 of them.
 *
 * @param timesMs in order, as long as `values`
 * @param atMs time of interest: that of the lines' values
 * @returns none for fewer than six points, or where all are of one time
 * @see Theil 1950; Sen 1968, whose interval by Kendall's tau this is. It takes errors for independent: give it medians
 * of spans of time rather than every reading.
 */
export function trendOf(timesMs: readonly number[], values: readonly number[], atMs: number): Trend | undefined {
  const n = Math.min(timesMs.length, values.length);
  if (n < LEAST_POINTS) return undefined;
  const slopes: number[] = [];
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const span = (timesMs[j] ?? 0) - (timesMs[i] ?? 0);
      if (span > 0) slopes.push(((values[j] ?? 0) - (values[i] ?? 0)) / span);
    }
  if (slopes.length === 0) return undefined;
  slopes.sort((a, b) => a - b);
  const reach = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const ranked = (rank: number): number => slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(rank)))] ?? 0;
  const line = (slope: number): Line => {
    const moved = values.slice(0, n).map((value, i) => value + slope * (atMs - (timesMs[i] ?? 0)));
    return { slope, value: medianOfSorted(moved.sort((a, b) => a - b)) };
  };
  return {
    ...line(medianOfSorted(slopes)),
    flattest: line(ranked((slopes.length - reach) / 2 - 1)),
    steepest: line(ranked((slopes.length + reach) / 2)),
  };
}

/** When a rising line meets a limit. @returns none where it does not rise for certain; 0 where it has met it */
export function timeToLimit(trend: Trend, limit: number): TimeToLimit | undefined {
  if (trend.value >= limit) return { ms: 0, earliestMs: 0, latestMs: 0 };
  if (trend.flattest.slope <= 0) return undefined;
  const rest = ({ slope, value }: Line): number => Math.max(0, (limit - value) / slope);
  return { ms: rest(trend), earliestMs: rest(trend.steepest), latestMs: rest(trend.flattest) };
}

/** @param sorted ascending, not empty */
export function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
