// Where a value is heading: a robust slope with its interval, and how long until a limit is reached.
import { DAY_MS } from './periods.ts';

export interface TrendPoint {
  readonly timeMs: number;
  readonly value: number;
}

export interface Trend {
  /** Change per day, with a 95 % interval. */
  readonly perDay: number;
  readonly low: number;
  readonly high: number;
  /** What the trend says of the last moment. */
  readonly now: number;
  /** Whether the interval leaves out 0. */
  readonly isSure: boolean;
}

/** With fewer a slope is a guess. */
const MIN_POINTS = 5;
/** Points that are used, evenly thinned out: the number of pairs grows with the square. */
const MAX_POINTS = 200;

/**
 * Estimates a trend. Hours of one day resemble each other, so that from three days on their means are taken.
 *
 * @param points in order of time
 * @returns undefined with fewer than five days, or five points where it is less than three days
 * @see Sen 1968, Estimates of the regression coefficient based on Kendall's tau
 */
export function trendOf(points: readonly TrendPoint[]): Trend | undefined {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  const used = thinned(byDay(finite));
  const last = finite.at(-1);
  if (last === undefined || used.length < MIN_POINTS) return undefined;
  const slopes: number[] = [];
  for (const [i, a] of used.entries()) {
    for (const b of used.slice(i + 1)) {
      if (b.timeMs > a.timeMs) slopes.push(((b.value - a.value) / (b.timeMs - a.timeMs)) * DAY_MS);
    }
  }
  if (slopes.length === 0) return undefined;
  slopes.sort((a, b) => a - b);
  const perDay = middleOf(slopes);
  const count = used.length;
  const reach = 1.96 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const at = (rank: number): number => slopes[Math.max(0, Math.min(slopes.length - 1, rank))] ?? perDay;
  const low = at(Math.floor((slopes.length - reach) / 2));
  const high = at(Math.ceil((slopes.length + reach) / 2) - 1);
  const now = middleOf(
    used.map(({ timeMs, value }) => value + ((last.timeMs - timeMs) / DAY_MS) * perDay).sort((a, b) => a - b),
  );
  return { perDay, low, high, now, isSure: low > 0 || high < 0 };
}

/** Milliseconds until a rising value reaches its limit. */
export interface TimeToLimit {
  readonly expectedMs: number;
  readonly soonestMs: number;
}

/** @returns undefined where it does not surely rise; 0 where it is there */
export function timeToLimit(trend: Trend, limit: number): TimeToLimit | undefined {
  if (trend.now >= limit) return { expectedMs: 0, soonestMs: 0 };
  if (!trend.isSure || trend.perDay <= 0) return undefined;
  const leftMs = (limit - trend.now) * DAY_MS;
  return { expectedMs: leftMs / trend.perDay, soonestMs: leftMs / Math.max(trend.perDay, trend.high) };
}

function byDay(points: readonly TrendPoint[]): readonly TrendPoint[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || last.timeMs - first.timeMs < 3 * DAY_MS) return points;
  const days = Map.groupBy(points, ({ timeMs }) => Math.floor((timeMs - first.timeMs) / DAY_MS));
  return [...days.values()].map((day) => ({
    timeMs: day.reduce((sum, { timeMs }) => sum + timeMs, 0) / day.length,
    value: day.reduce((sum, { value }) => sum + value, 0) / day.length,
  }));
}

function thinned(points: readonly TrendPoint[]): readonly TrendPoint[] {
  const every = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}

/** @param sorted ascending, at least one */
function middleOf(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
