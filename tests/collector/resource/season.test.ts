import { describe, expect, it } from 'vitest';
import { type Learns, ResourceSeason } from '../../../collector/src/resource/season.ts';
import { seeded } from '../../support/random.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5);

/** A season that has seen a series by the quarter of an hour. */
function seen(days: number, value: (hour: number, day: number) => number): ResourceSeason {
  const season = new ResourceSeason();
  for (let ms = 0; ms < days * DAY_MS; ms += HOUR_MS / 4)
    season.learn(START_MS + ms, value((ms % DAY_MS) / HOUR_MS, Math.floor(ms / DAY_MS)));
  return season;
}
const wave = (hour: number): number => 50 + 20 * Math.sin((2 * Math.PI * hour) / 24);

describe('the season of a resource', () => {
  it('expects what was at the same time, once it was seen on two days', () => {
    expect(seen(1.5, wave).expected(START_MS + 1.75 * DAY_MS)).toBeNaN();
    const season = seen(10, wave);
    for (const hour of [0, 5.5, 12, 18, 23.75])
      expect(Math.abs(season.expected(START_MS + 20 * DAY_MS + hour * HOUR_MS) - wave(hour))).toBeLessThan(2);
    expect(season.isUseful).toBe(true);
  });

  it('is of no use where there is none', () => {
    const random = seeded(1);
    expect(seen(30, () => 50 + random()).isUseful).toBe(false);
  });

  it('knows days of the week where they tell more than the day', () => {
    const season = seen(42, (hour, day) => (day % 7 < 5 ? wave(hour) : 10));
    const noon = 12 * HOUR_MS;
    expect(season.expected(START_MS + 42 * DAY_MS + noon)).toBeGreaterThan(45);
    expect(season.expected(START_MS + 47 * DAY_MS + noon)).toBeLessThan(12);
  });

  it('follows a season that has changed', () => {
    const season = seen(90, (hour, day) => wave(hour) + (day < 30 ? 0 : 40));
    expect(Math.abs(season.expected(START_MS + 90 * DAY_MS + 6 * HOUR_MS) - wave(6) - 40)).toBeLessThan(5);
  });

  it('learns what is left open once it is known to be normal, and never what is not', () => {
    const [known, open, never] = ['now', 'later', 'never'].map((when) => {
      const season = seen(10, wave);
      for (let i = 0; i < 20; i++) season.learn(START_MS + 10 * DAY_MS + i * 60_000, 500, when as Learns);
      season.learn(START_MS + 10.5 * DAY_MS, 50);
      return Math.round(season.expected(START_MS + 20 * DAY_MS + 15 * 60_000));
    });
    expect(known).toBeGreaterThan(100);
    expect(open).toBe(known);
    expect(never).toBeLessThan(60);
  });
});
