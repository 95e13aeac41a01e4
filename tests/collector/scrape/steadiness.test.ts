// What counts as movement, what is held back, and that nothing of a counter is lost.
import { describe, expect, it } from 'vitest';
import { Holdback, HEARTBEAT_MS, nextInterval } from '../../../collector/src/scrape/steadiness.ts';
import { dataPoint, histogramOf, POINTS_BEGAN_MS, type PointShape } from '../../support/data-points.ts';

const EVERY_MS = 10_000;

/** Which of the values of one series are passed on, read each 10 s. */
function check(shape: PointShape, values: readonly number[], passed: readonly number[], threshold = 0.05): void {
  const holdback = new Holdback();
  const got = values.flatMap((value, i) => {
    const point = dataPoint({ ...shape, value, timeMs: POINTS_BEGAN_MS + i * EVERY_MS });
    return holdback
      .offer(point, threshold, EVERY_MS)
      .pass.map((each) => (each.value.type === 'number' ? each.value.value : NaN));
  });
  expect(got).toEqual(passed);
}

const GAUGE: PointShape = { kind: 'gauge' };

describe('a series', () => {
  it('is held back while it does not move', () => {
    check(GAUGE, [100, 100, 104, 96, 106, 105], [100, 106]);
    check(GAUGE, [100, 102, 104, 106, 108, 110, 112], [100, 106, 112]);
    check(GAUGE, [0, 0, 0.001, 0], [0, 0.001, 0]);
  });

  it('is compared with its range where it is small', () => {
    check(GAUGE, [0, 1000, 0, 2, 3, 1, 0], [0, 1000, 0, 3, 0]);
  });

  it('moves from and to what is no number', () => {
    check(GAUGE, [1, NaN, NaN, 1], [1, NaN, 1]);
    check(GAUGE, [1, Infinity, Infinity, 1], [1, Infinity, 1]);
  });

  it('is passed on at each heartbeat', () => {
    const values = Array.from({ length: 20 }, (_, i) => i % 2);
    check(
      GAUGE,
      values.map(() => 5),
      [5, 5, 5, 5],
    );
    expect(HEARTBEAT_MS).toBe(60_000);
  });

  it('that only grows moves with its rate', () => {
    check({}, [0, 10, 20, 30, 40, 50], [0, 10]);
    check({}, [0, 10, 20, 30, 45, 60], [0, 10, 45]);
    check({}, [5, 5, 5, 5], [5, 5]);
  });

  it('loses nothing where it begins again', () => {
    check({}, [0, 10, 20, 30, 3, 13, 23], [0, 10, 30, 3, 13]);
  });

  it('that ends gives what was held before', () => {
    const holdback = new Holdback();
    const offer = (shape: PointShape): unknown[] =>
      [...holdback.offer(dataPoint(shape), 0.05, EVERY_MS).pass].map(({ hasNoValue }) => hasNoValue);
    expect(offer({ ...GAUGE, timeMs: 1 })).toEqual([false]);
    expect(offer({ ...GAUGE, timeMs: 2 })).toEqual([]);
    expect(offer({ ...GAUGE, timeMs: 3, hasNoValue: true })).toEqual([false, true]);
    expect([...holdback.drain()]).toEqual([]);
  });

  it('gives what is held once where all ends', () => {
    const holdback = new Holdback();
    for (const timeMs of [1, 2, 3]) holdback.offer(dataPoint({ ...GAUGE, timeMs }), 0.05, EVERY_MS);
    expect([...holdback.drain()].map(({ timeMs }) => timeMs)).toEqual([3]);
    expect([...holdback.drain()]).toEqual([]);
  });

  it('of a histogram moves with the rates of its count and sum', () => {
    const holdback = new Holdback();
    const offer = (count: number, each: number, i: number): boolean => {
      const value = histogramOf(
        Array.from({ length: count }, () => each),
        [1],
      );
      return holdback.offer(dataPoint({ value, timeMs: POINTS_BEGAN_MS + i * EVERY_MS }), 0.05, EVERY_MS).moved;
    };
    expect([
      offer(10, 1, 0),
      offer(20, 1, 1),
      offer(30, 1, 2),
      offer(60, 1, 3),
      offer(90, 1, 4),
      offer(120, 2, 5),
    ]).toEqual([true, true, false, true, false, true]);
  });
});

describe('an interval', () => {
  it('doubles up to its longest, and is back at once', () => {
    const within = { baseMs: 15_000, maxMs: 100_000 };
    const intervals = [false, false, false, false, true, false];
    let current = 15_000;
    expect(intervals.map((moved) => (current = nextInterval(current, moved, within)))).toEqual([
      30_000, 60_000, 100_000, 100_000, 15_000, 30_000,
    ]);
  });
});
