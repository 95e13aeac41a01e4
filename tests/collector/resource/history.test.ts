// Hours and days of a series.
import { expect, it } from 'vitest';
import { ResourceHistory } from '../../../collector/src/resource/history.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T = Date.UTC(2026, 0, 5);

/** A value each ten minutes, which is the number of the hour. */
function hourly(days: number): ResourceHistory {
  const history = new ResourceHistory();
  for (let timeMs = T + 60_000; timeMs < T + days * DAY; timeMs += HOUR / 6)
    history.take(timeMs, Math.floor((timeMs - T) / HOUR));
  return history;
}

it('tells of the last days by the hour', () => {
  const spans = hourly(6).between(T + 5 * DAY, T + 6 * DAY);
  expect([spans.length, spans[0]?.mean, spans.at(-1)?.max]).toEqual([24, 120, 143]);
  expect(spans[0]?.fromMs).toBe(T + 5 * DAY);
});

it('tells of two months by the day', () => {
  const history = hourly(70);
  const spans = history.between(T, T + 70 * DAY);
  expect([spans.length, spans[0]?.fromMs]).toEqual([64, T + 6 * DAY]);
  expect([spans[0]?.mean, spans[0]?.max]).toEqual([6 * 24 + 11.5, 6 * 24 + 23]);
  expect(history.between(T + 10 * DAY, T + 17 * DAY).length).toBe(7);
});

it('counts the day that goes on', () => {
  const history = hourly(8.25);
  expect(history.between(T + DAY, T + 8.25 * DAY).at(-1)?.fromMs).toBe(T + 8 * DAY);
});

it('passes over what is older than all it keeps', () => {
  const history = hourly(70);
  history.take(T, 1e9);
  expect(Math.max(...history.between(T, T + 70 * DAY).map(({ max }) => max))).toBe(70 * 24 - 1);
});
