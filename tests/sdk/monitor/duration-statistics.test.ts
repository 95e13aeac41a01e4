// Quantiles within their error, everything else exact.
import { describe, expect, it } from 'vitest';
import { DurationStatistics, QUANTILE_ERROR_RATIO } from '../../../sdk/src/monitor/duration-statistics.ts';
import { seeded } from '../../support/random.ts';

function statisticsOf(durations: readonly number[]): DurationStatistics {
  const statistics = new DurationStatistics();
  for (const duration of durations) statistics.record(duration, false);
  return statistics;
}

describe('DurationStatistics', () => {
  it('knows quantiles within the error it states', () => {
    const random = seeded(3);
    for (const scale of [0.004, 1, 30, 2_000_000]) {
      const durations = Array.from({ length: 2000 }, () => scale * Math.exp(2 * (random() - 0.5)));
      const statistics = statisticsOf(durations);
      const sorted = durations.toSorted((a, b) => a - b);
      for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
        expect(Math.abs(statistics.quantileMs(share) / exact - 1)).toBeLessThanOrEqual(QUANTILE_ERROR_RATIO + 1e-9);
      }
    }
    expect(QUANTILE_ERROR_RATIO).toBeLessThan(0.022);
  });

  it('counts exactly', () => {
    const statistics = statisticsOf([1, 2, 3, 4]);
    statistics.record(10, true);
    expect(statistics.summary()).toMatchObject({
      count: 5,
      errors: 1,
      errorRatio: 0.2,
      totalMs: 20,
      meanMs: 4,
      minMs: 1,
      maxMs: 10,
    });
  });

  it('takes durations beyond its range', () => {
    const statistics = statisticsOf([0, 1e-9, 1e9]);
    expect(statistics.summary()).toMatchObject({ count: 3, minMs: 0, maxMs: 1e9 });
    expect(statistics.quantileMs(0.01)).toBeLessThan(0.002);
    expect(statistics.quantileMs(1)).toBeGreaterThan(8e6);
  });

  it('is empty before the first', () => {
    expect(new DurationStatistics().summary()).toEqual({
      count: 0, errors: 0, errorRatio: 0, totalMs: 0, meanMs: 0, minMs: 0, maxMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0,
    }); // prettier-ignore
  });

  it('adds what another has', () => {
    const sum = statisticsOf([1, 5, 9]);
    sum.add(statisticsOf([2, 20]));
    expect(sum.summary()).toEqual(statisticsOf([1, 5, 9, 2, 20]).summary());
    sum.clear();
    expect(sum.summary()).toEqual(new DurationStatistics().summary());
  });
});
