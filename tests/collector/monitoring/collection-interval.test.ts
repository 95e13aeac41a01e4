import { expect, it } from 'vitest';
import { CollectionInterval } from '../../../collector/src/monitoring/collection-interval.ts';

const LIMITS = { baseMs: 10_000, minMs: 1000, maxMs: 300_000 };

/** Reads it whenever it is due, once a second. @returns when it was read, in seconds */
function readings(interval: CollectionInterval, seconds: number, moved: (second: number) => boolean): number[] {
  const read: number[] = [];
  for (let second = 0; second < seconds; second++) {
    if (!interval.isDue(second * 1000)) continue;
    read.push(second);
    interval.wasRead(second * 1000, moved(second));
  }
  return read;
}

it('grows while nothing moves, up to its limit', () => {
  const interval = new CollectionInterval(LIMITS);
  const read = readings(interval, 3600, () => false);
  const gaps = read.slice(1).map((second, i) => second - (read[i] ?? 0));
  expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
  expect(gaps.at(-1)).toBe(300);
  expect(interval.intervalMs).toBe(300_000);
});

it('is the shortest at once when something moves, and for as long as it does', () => {
  const interval = new CollectionInterval(LIMITS);
  readings(interval, 60, () => false);
  interval.wasRead(60_000, true);
  expect(interval.intervalMs).toBe(1000);
  expect(interval.isDue(60_999)).toBe(false);
  expect(interval.isDue(61_000)).toBe(true);
});

it('is due early where something says that it moves, but not twice within the shortest', () => {
  const interval = new CollectionInterval(LIMITS);
  interval.wasRead(0, false);
  interval.hurry();
  expect(interval.isDue(999)).toBe(false);
  expect(interval.isDue(1000)).toBe(true);
});
