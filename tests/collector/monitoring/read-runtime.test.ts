import { expect, it } from 'vitest';
import { type LoopFigures, loopReader } from '../../../collector/src/monitoring/read-runtime.ts';
import { ReadingTable } from '../../../collector/src/monitoring/reading-table.ts';

/** A loop whose longest delay of the window is as tests set it. */
interface Loop extends LoopFigures {
  longestS: number;
}

function loopOf(): Loop {
  const loop: Loop = {
    longestS: 0,
    count: 1,
    enable() {},
    disable() {},
    reset: () => (loop.longestS = 0),
    delaySeconds: (percentile) => (percentile === 100 ? loop.longestS : loop.longestS / 2),
    utilization: () => ({ active: 1, idle: 1 }),
  };
  return loop;
}

/** What is shown each second. */
function shown(name: string, seconds: number, each: (second: number, loop: Loop) => void): number[] {
  const table = new ReadingTable();
  const loop = loopOf();
  const reader = loopReader(table, loop);
  const values: number[] = [];
  for (let second = 0; second < seconds; second++) {
    each(second, loop);
    void reader.read(second * 1000);
    table.takeTouched((_, { spec }, value) => {
      if (spec.name === name) values.push(value);
    });
  }
  return values;
}

it('shows a stall at once, and until the window after its own is full', () => {
  const values = shown('nodejs.eventloop.delay.max', 40, (second, loop) => {
    loop.longestS = Math.max(loop.longestS, second === 9 ? 0.5 : 0.01);
  });
  expect(values.map((value) => value === 0.5)).toEqual(
    Array.from({ length: 40 }, (_, second) => second >= 9 && second <= 20),
  );
});

it('shows a longer stall instead, and percentiles when a window is full', () => {
  const stalls = (second: number, loop: Loop): void => {
    if (second === 9) loop.longestS = 0.5;
    if (second === 15) loop.longestS = 0.7;
  };
  expect(shown('nodejs.eventloop.delay.max', 25, stalls).slice(14)).toEqual([0.5, ...Array<number>(10).fill(0.7)]);
  expect(shown('nodejs.eventloop.delay.p50', 25, stalls)).toEqual([0, 0.25, 0.35]);
});
