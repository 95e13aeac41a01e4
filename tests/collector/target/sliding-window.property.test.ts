// Windows and their statistics against the definition: everything that came in the slots that still count, sorted.
import { array, assert, constantFrom, double, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationsOf } from '../../../collector/src/baseline/step-durations.ts';
import { binOf, BINS } from '../../../collector/src/baseline/bins.ts';
import { addCall, emptyStep } from '../../../collector/src/baseline/step.ts';
import type { Statistic } from '../../../collector/src/target/defaults.ts';
import { SLOTS, SlidingWindow } from '../../../collector/src/target/sliding-window.ts';
import { type Distribution, read } from '../../../collector/src/target/tally.ts';
import { histogramOf } from '../../support/data-points.ts';

interface Came {
  readonly afterMs: number;
  readonly values: readonly number[];
  readonly failed: number;
}

const BOUNDS = [0.1, 0.5, 1, 5];
const NOTHING = { count: 1, seconds: 0 };
const HALF_BIN = 2 ** (1 / 16);
const BIN = HALF_BIN ** 2;

const came = array(
  record({
    afterMs: integer({ min: 0, max: 20_000 }),
    values: array(double({ min: 1e-4, max: 50, noNaN: true }), { maxLength: 6 }),
    failed: nat({ max: 6 }),
  }),
  { minLength: 1, maxLength: 40 },
);
const lengths = constantFrom(12_000, 60_000, 300_000);

/** As an operation is counted, second by second. */
function ofBins(values: readonly number[]): Distribution {
  const step = emptyStep(BINS);
  for (const value of values) addCall(step, binOf(value), false);
  return durationsOf(step);
}

/** Replays what came; after each, compares the window with everything that should be in it. */
function replay(
  events: readonly Came[],
  lengthMs: number,
  distribution: (values: readonly number[]) => Distribution,
  check: (read: (statistic: Statistic) => number | undefined, values: number[], failed: number) => void,
): void {
  const window = new SlidingWindow(lengthMs);
  const slotMs = lengthMs / SLOTS;
  const all: { slot: number; values: readonly number[]; failed: number }[] = [];
  let timeMs = 1_800_000_000_000;
  for (const { afterMs, values, failed: wanted } of events) {
    timeMs += afterMs;
    const failed = Math.min(wanted, values.length);
    const sum = values.reduce((a, b) => a + b, 0);
    const one = distribution(values);
    window.add(timeMs, { count: values.length, sum: one.sum ?? sum, part: failed, distribution: one });
    const slot = Math.floor(timeMs / slotMs);
    all.push({ slot, values, failed });
    const counting = all.filter((each) => each.slot > slot - SLOTS);
    const total = window.total(timeMs);
    check(
      (statistic) => read(statistic, total, NOTHING),
      counting.flatMap((each) => each.values).sort((a, b) => a - b),
      counting.reduce((failures, each) => failures + each.failed, 0),
    );
  }
}

describe('a window of calls', () => {
  it('knows the mean to half a bin, a quantile to one, and errors as they are', () => {
    assert(
      property(came, lengths, (events, lengthMs) => {
        replay(events, lengthMs, ofBins, (statistic, values, failed) => {
          if (values.length === 0) return expect(statistic('mean')).toBeUndefined();
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          expect(statistic('error_ratio')).toBe(failed / values.length);
          const readMean = statistic('mean') ?? NaN;
          expect(readMean).toBeGreaterThanOrEqual((mean / HALF_BIN) * 0.999999);
          expect(readMean).toBeLessThanOrEqual(mean * HALF_BIN * 1.000001);
          for (const [name, q] of [
            ['p50', 0.5],
            ['p95', 0.95],
            ['p99', 0.99],
          ] as const) {
            const exact = values[Math.max(0, Math.ceil(q * values.length - 1e-9) - 1)] ?? NaN;
            // Wide windows merge bins into fewer, which doubles their width at most once here.
            expect(statistic(name)).toBeGreaterThanOrEqual((exact / BIN ** 2) * 0.999999);
            expect(statistic(name)).toBeLessThanOrEqual(exact * BIN ** 2 * 1.000001);
          }
          return undefined;
        });
      }),
      { seed: 7, numRuns: 60 },
    );
  });
});

describe('a window of histograms', () => {
  it('has the mean of everything in it, and quantiles in their bucket', () => {
    assert(
      property(came, lengths, (events, lengthMs) => {
        replay(
          events,
          lengthMs,
          (values) => histogramOf(values, BOUNDS),
          (statistic, values) => {
            if (values.length === 0) return;
            const mean = values.reduce((a, b) => a + b, 0) / values.length;
            expect(statistic('mean')).toBeCloseTo(mean, 9);
            const exact = values[Math.max(0, Math.ceil(0.95 * values.length - 1e-9) - 1)] ?? NaN;
            const upper = BOUNDS.find((bound) => exact <= bound) ?? Infinity;
            const lower = BOUNDS.findLast((bound) => exact > bound) ?? 0;
            expect(statistic('p95')).toBeGreaterThanOrEqual(lower);
            expect(statistic('p95')).toBeLessThanOrEqual(upper);
          },
        );
      }),
      { seed: 8, numRuns: 60 },
    );
  });
});

describe('a window', () => {
  it('gives the latest of its slots alone, and is empty once it was cleared or all has left', () => {
    const window = new SlidingWindow(60_000);
    for (let second = 0; second < 60; second++) window.add(second * 1000, { count: 1 });
    expect(window.total(59_999).count).toBe(60);
    expect(window.total(59_999, SLOTS / 2).count).toBe(30);
    expect(window.total(60_000, SLOTS / 2).count).toBe(25);
    expect(window.total(114_999).count).toBe(5);
    expect(window.total(115_000).count).toBe(0);
    window.add(120_000, { count: 1 });
    // What comes late counts with the latest.
    window.add(90_000, { count: 1 });
    expect(window.total(120_000, 1).count).toBe(2);
    window.clear();
    expect(window.total(120_000).count).toBe(0);
  });

  it('keeps of distributions that cannot be added the later one', () => {
    const window = new SlidingWindow(60_000);
    window.add(0, { count: 9, distribution: histogramOf([0.2, 0.2], [1, 2]) });
    window.add(10_000, { count: 9, distribution: histogramOf([4], BOUNDS) });
    expect(read('p50', window.total(10_000), NOTHING)).toBeGreaterThan(1);
  });
});
