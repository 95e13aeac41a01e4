import { expect, test } from 'vitest';
import { formatThreshold } from '../../../collector/src/otlp/trace-state.ts';
import { Overload, type Pressure } from '../../../collector/src/sample/overload.ts';

const CALM: Pressure = { memory: 0.1, queue: 0, loopDelayMs: 0 };

test('steps down once a second while anything is near its end, and names what it was', () => {
  const check = (pressure: Partial<Pressure>, cause: string): void => {
    const overload = new Overload();
    const ratios: number[] = [];
    for (let ms = 0; ms < 3000; ms += 200) {
      overload.update({ ...CALM, ...pressure }, ms);
      ratios.push(overload.ratio);
    }
    expect([...new Set(ratios)].map((ratio) => ratio.toFixed(3))).toEqual(['0.700', '0.490', '0.343']);
    expect(overload.cause).toBe(cause);
    expect(formatThreshold(overload.ceiling)).toMatch(/^a8/);
  };
  check({ memory: 0.96 }, 'memory');
  check({ queue: 0.8 }, 'queue');
  check({ loopDelayMs: 500 }, 'loopDelayMs');
});

test('changes nothing between the two marks, and rises only after calm', () => {
  const overload = new Overload();
  overload.update({ ...CALM, queue: 0.8 }, 0);
  for (let ms = 1000; ms < 20_000; ms += 1000) expect(overload.update({ ...CALM, queue: 0.6 }, ms)).toBe(false);
  expect(overload.ratio).toBe(0.7);
  let rose = 0;
  for (let ms = 20_000; overload.ratio < 1; ms += 1000) {
    if (overload.update(CALM, ms)) rose ||= ms;
    expect(ms).toBeLessThan(40_000);
  }
  expect(rose).toBeGreaterThanOrEqual(24_000);
  expect(overload.cause).toBeUndefined();
  expect(formatThreshold(overload.ceiling)).toBe('0');
});

test('never goes below its least share', () => {
  const overload = new Overload();
  for (let ms = 0; ms < 60_000; ms += 1000) overload.update({ ...CALM, memory: 2 }, ms);
  expect(overload.ratio).toBe(1 / 256);
});
