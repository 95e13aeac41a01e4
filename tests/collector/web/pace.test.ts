import { expect, it } from 'vitest';
import { Pace } from '../../../collector/src/web/pace.ts';

it('is the growth of the last ten minutes', () => {
  const pace = new Pace();
  for (let second = 0; second <= 3600; second++)
    pace.record('points', second * 1000, second < 1800 ? second * 100 : 180_000 + (second - 1800) * 2);
  expect(pace.perSecond('points')).toBeCloseTo(2);
  expect(pace.seconds('points')).toBeGreaterThanOrEqual(600);
  expect(pace.seconds('points')).toBeLessThan(620);
});

it('is not told before five seconds have passed, nor of what was never seen', () => {
  const pace = new Pace();
  const check = (atMs: number, value: number, expected: number | undefined): void => {
    pace.record('points', atMs, value);
    expect(pace.perSecond('points')).toBe(expected);
  };
  check(1000, 0, undefined);
  check(5000, 40, undefined);
  expect(pace.seconds('points')).toBe(0);
  check(6000, 50, 10);
  expect([pace.perSecond('other'), pace.seconds('other')]).toEqual([undefined, 0]);
});

it('begins anew where a total does', () => {
  const pace = new Pace();
  pace.record('points', 0, 1e6);
  pace.record('points', 60_000, 2e6);
  pace.record('points', 70_000, 5);
  expect(pace.perSecond('points')).toBeUndefined();
  pace.record('points', 80_000, 25);
  expect(pace.perSecond('points')).toBe(2);
});

it('makes room for new totals by those that were not seen for ten minutes', () => {
  const pace = new Pace();
  for (let i = 0; i < 500; i++) pace.record(`old ${i}`, 0, 0);
  const watch = (name: string, fromMs: number): number | undefined => {
    pace.record(name, fromMs, 0);
    pace.record(name, fromMs + 10_000, 10);
    return pace.perSecond(name);
  };
  expect(watch('too early', 300_000)).toBeUndefined();
  expect(watch('new', 600_000)).toBe(1);
});
