import { describe, expect, it } from 'vitest';
import { timeToLimit, trendOf } from '../../../collector/src/report/trend.ts';
import { seeded } from '../../support/random.ts';

const DAY_MS = 86_400_000;
const hourly = (days: number, value: (day: number) => number) =>
  Array.from({ length: days * 24 }, (_, hour) => ({ timeMs: (hour * DAY_MS) / 24, value: value(hour / 24) }));

describe('a trend', () => {
  it('is the slope of the days, whatever the hours do', () => {
    const trend = trendOf(hourly(14, (day) => 100 + 3 * day + 40 * Math.sin(2 * Math.PI * day)));
    expect(trend?.perDay).toBeCloseTo(3, 1);
    expect(trend).toMatchObject({ isSure: true });
    expect(trend?.now).toBeCloseTo(100 + 3 * 13.96, 0);
  });

  it('is not moved by one day on which something happened', () => {
    const trend = trendOf(hourly(14, (day) => (Math.floor(day) === 9 ? 5_000 : 100 + 3 * day)));
    expect(trend?.perDay).toBeCloseTo(3, 1);
  });

  it('is unsure of noise, and its interval holds the truth', () => {
    const random = seeded(5);
    let [sure, holds] = [0, 0];
    for (let run = 0; run < 100; run++) {
      const level = trendOf(hourly(14, (day) => (day % 1 === 0 ? random() : 0)));
      if (level?.isSure === true) sure++;
      const rising = trendOf(hourly(14, (day) => day + 30 * (random() - 0.5)));
      if (rising !== undefined && rising.low <= 1 && rising.high >= 1) holds++;
    }
    expect(sure).toBeLessThanOrEqual(10);
    expect(holds).toBeGreaterThanOrEqual(88);
  });

  it('is not known of too few points, or of none at all', () => {
    expect(trendOf([])).toBeUndefined();
    expect(trendOf(hourly(4, (day) => day))).toBeUndefined();
    expect(trendOf(Array.from({ length: 9 }, () => ({ timeMs: 5, value: 1 })))).toBeUndefined();
    expect(trendOf(hourly(14, () => NaN))).toBeUndefined();
  });

  it('is one of the hours where it is less than three days', () => {
    expect(trendOf(hourly(1, (day) => 24 * day))?.perDay).toBeCloseTo(24, 6);
  });

  it('tells when a limit is reached, where it surely rises', () => {
    const trend = trendOf(hourly(14, (day) => 0.5 + 0.02 * day));
    const time = trend === undefined ? undefined : timeToLimit(trend, 1);
    expect((time?.expectedMs ?? 0) / DAY_MS).toBeCloseTo(11.04, 1);
    expect(time?.soonestMs).toBeLessThanOrEqual(time?.expectedMs ?? 0);
    expect(timeToLimit({ perDay: 1, low: -1, high: 3, now: 1, isSure: false }, 10)).toBeUndefined();
    expect(timeToLimit({ perDay: -1, low: -2, high: -0.5, now: 1, isSure: true }, 10)).toBeUndefined();
    expect(timeToLimit({ perDay: -1, low: -2, high: -0.5, now: 11, isSure: true }, 10)?.expectedMs).toBe(0);
  });
});
