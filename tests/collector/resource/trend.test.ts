import { describe, expect, it } from 'vitest';
import { timeToLimit, trendOf } from '../../../collector/src/resource/trend.ts';
import { type Random, seeded } from '../../support/random.ts';

const HOUR_MS = 3_600_000;

/** Hourly values with a rise an hour and noise of one at most. */
function hourly(count: number, rise: number, random: Random): { times: number[]; values: number[] } {
  const times = Array.from({ length: count }, (_, i) => i * HOUR_MS);
  return { times, values: times.map((_, i) => 100 + rise * i + 2 * random() - 1) };
}

describe('a trend', () => {
  it('is that of most pairs, whatever a few readings say', () => {
    const { times, values } = hourly(30, 2, seeded(1));
    for (const wild of [3, 11, 12, 25]) values[wild] = 5000;
    const trend = trendOf(times, values, times.at(-1) ?? 0);
    expect((trend?.slope ?? 0) * HOUR_MS).toBeCloseTo(2, 1);
    expect(trend?.value).toBeGreaterThan(156);
    expect(trend?.value).toBeLessThan(160);
  });

  it('has an interval that holds the truth 19 times of 20', () => {
    let held = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { times, values } = hourly(12, 0.1, seeded(seed));
      const trend = trendOf(times, values, times.at(-1) ?? 0);
      if (trend !== undefined && trend.flattest.slope * HOUR_MS <= 0.1 && 0.1 <= trend.steepest.slope * HOUR_MS) held++;
    }
    expect(held / 400).toBeGreaterThan(0.92);
    expect(held / 400).toBeLessThan(0.99);
  });

  it('meets a limit when its line does, and within its interval', () => {
    const { times, values } = hourly(20, 2, seeded(3));
    const trend = trendOf(times, values, times.at(-1) ?? 0);
    expect(trend).toBeDefined();
    const time = trend && timeToLimit(trend, 238);
    expect((time?.ms ?? 0) / HOUR_MS).toBeCloseTo(50, -1);
    expect(time?.earliestMs).toBeLessThan(time?.ms ?? 0);
    expect(time?.latestMs).toBeGreaterThan(time?.ms ?? Infinity);
  });

  it('meets no limit where it may be none, and has met one that is behind', () => {
    const { times, values } = hourly(20, 0, seeded(4));
    const trend = trendOf(times, values, times.at(-1) ?? 0);
    expect(trend && timeToLimit(trend, 1000)).toBeUndefined();
    expect(trend && timeToLimit(trend, 50)).toEqual({ ms: 0, earliestMs: 0, latestMs: 0 });
  });

  it('is none of few readings, nor of one time', () => {
    expect(trendOf([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 5)).toBeUndefined();
    expect(trendOf([1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6], 1)).toBeUndefined();
  });
});
