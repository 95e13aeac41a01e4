import { describe, expect, it } from 'vitest';
import { Corridors } from '../../../collector/src/monitoring/corridors.ts';
import { pick, seeded } from '../../support/random.ts';

const BAND = 5;

/** One reading a second from 0 on; the first is the point the line begins at. @returns whether a line was left, by reading */
function taken(lines: Corridors, values: readonly number[]): boolean[] {
  lines.begin(0, values[0] ?? NaN, 0);
  return values.slice(1).map((value, i) => lines.take(0, value, (i + 1) * 1000, BAND));
}

describe('a line', () => {
  it('goes on after a reading it may not end at', () => {
    const lines = new Corridors(60);
    expect(taken(lines, [0, 10, 20, 30, 48])).toEqual([true, true, true, true]);
    expect(lines.isWhole(0)).toBe(false);
    expect([lines.take(0, 56, 5000, BAND), lines.take(0, 66, 6000, BAND)]).toEqual([true, true]);
    expect(lines.isWhole(0)).toBe(true);
    expect(lines.judge(0)).toEqual({ count: 5, worst: 4 });
  });

  it('ends before a turn that no rate is left for', () => {
    const lines = new Corridors(60);
    expect(taken(lines, [0, 10, 20, 30, 60])).toEqual([true, true, true, false]);
    expect(lines.end(0)).toEqual({ value: 30, timeMs: 3000 });
    expect(lines.rest(0)).toEqual([{ value: 60, timeMs: 4000 }]);
  });

  it('tells how far outside its corridor a reading is', () => {
    const lines = new Corridors(60);
    taken(lines, [0, 10, 20]);
    // Rates up to 12.5 a second are left.
    expect(lines.off(0, 40, 3000)).toBeCloseTo(2.5);
    expect(lines.off(0, 30, 3000)).toBe(0);
  });

  it('ends where there is no room for another reading', () => {
    const lines = new Corridors(3);
    expect(taken(lines, [0, 1, 2, 3])).toEqual([true, true, false]);
    expect(lines.end(0)).toEqual({ value: 3, timeMs: 3000 });
  });

  it('is within the band of every reading it replaces, whatever was read', () => {
    const random = seeded(11);
    for (let round = 0; round < 300; round++) {
      const lines = new Corridors(40);
      const values = [0];
      for (let i = 0; i < 30; i++) values.push((values.at(-1) ?? 0) + 10 + pick(random, 6));
      taken(lines, values);
      expect(lines.judge(0).worst).toBeLessThanOrEqual(BAND + 1e-9);
    }
  });
});

it('keeps rows apart', () => {
  const lines = new Corridors(10);
  lines.begin(0, 0, 0);
  lines.begin(1, 100, 0);
  lines.take(0, 1, 1000, BAND);
  lines.take(1, 90, 1000, BAND);
  expect([lines.end(0), lines.end(1)]).toEqual([
    { value: 1, timeMs: 1000 },
    { value: 90, timeMs: 1000 },
  ]);
});
