// Whatever a series does: nothing is lost, nothing is further off than the band, and no heartbeat is missed.
import { array, assert, integer, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Law } from '../../../collector/src/monitoring/bands.ts';
import { SeriesControl } from '../../../collector/src/monitoring/series-control.ts';

interface Point {
  readonly timeMs: number;
  readonly value: number;
}

const LAW: Law = {
  follows: 'level',
  isRatio: false,
  isMean: false,
  isDear: false,
  threshold: 0.05,
  leastScale: 0,
  patienceS: 5,
};

/** Quiet, then some seconds of anything, again and again. */
const values = array(
  tuple(integer({ min: 1, max: 90 }), integer({ min: 0, max: 1000 }), integer({ min: 0, max: 30 })),
  {
    minLength: 1,
    maxLength: 12,
  },
).map((phases) =>
  phases.flatMap(([seconds, height, noise]) =>
    Array.from({ length: seconds }, (_, i) => height + ((i * 7919) % (noise + 1))),
  ),
);

interface Run {
  readonly points: readonly Point[];
  /** Widest band there was until the second. */
  readonly bands: readonly number[];
}

/** One reading a second, with a beat whenever 58 s have passed without a point. */
function run(law: Law, readings: readonly number[]): Run {
  const points: Point[] = [];
  const bands: number[] = [];
  const control = new SeriesControl((_, value, timeMs) => points.push({ timeMs, value }), 60);
  control.open(0, law);
  let widest = 0;
  for (const [i, value] of readings.entries()) {
    if (i > 0) widest = Math.max(widest, control.band(0));
    control.observe(0, value, i * 1000, false);
    widest = Math.max(widest, control.band(0));
    bands.push(widest);
    if (i * 1000 - control.pushedMs(0) >= 58_000) control.beat(0, i * 1000);
  }
  return { points, bands };
}

/** What is drawn between two points. */
function drawn(points: readonly Point[], timeMs: number): number | undefined {
  const next = points.findIndex((point) => point.timeMs >= timeMs);
  const after = points[next];
  if (after === undefined) return undefined;
  const before = points[next - 1] ?? after;
  if (after.timeMs === before.timeMs) return after.value;
  return before.value + ((after.value - before.value) * (timeMs - before.timeMs)) / (after.timeMs - before.timeMs);
}

describe('a level', () => {
  it('is within the band around the last point at every second', () => {
    assert(
      property(values, (readings) => {
        const { points, bands } = run(LAW, readings);
        for (const [i, value] of readings.entries()) {
          const last = points.findLast(({ timeMs }) => timeMs <= i * 1000);
          expect(Math.abs(value - (last?.value ?? NaN))).toBeLessThanOrEqual(bands[i] ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a counter', () => {
  const law: Law = { ...LAW, follows: 'slope' };
  const counted = (rates: readonly number[]): number[] => {
    let sum = 0;
    return rates.map((rate) => (sum += rate));
  };

  it('is within the band around the line between its points at every second', () => {
    assert(
      property(values, (rates) => {
        const readings = counted(rates);
        const { points, bands } = run(law, readings);
        for (const [i, value] of readings.entries()) {
          const line = drawn(points, i * 1000);
          if (line === undefined) continue;
          expect(Math.abs(value - line)).toBeLessThanOrEqual((bands.at(-1) ?? 0) + Math.abs(value) * 1e-9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is pushed as it was read, in the order of time, and loses no increment', () => {
    assert(
      property(values, (rates) => {
        const readings = [...counted(rates), ...Array<number>(120).fill(counted(rates).at(-1) ?? 0)];
        const { points } = run(law, readings);
        for (const { timeMs, value } of points) expect(value).toBe(readings[timeMs / 1000]);
        const times = points.map(({ timeMs }) => timeMs);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        expect(points.at(-1)?.value).toBe(readings.at(-1));
        for (const [i, time] of times.slice(1).entries()) expect(time - (times[i] ?? 0)).toBeLessThanOrEqual(59_000);
      }),
      { numRuns: 60 },
    );
  });
});
