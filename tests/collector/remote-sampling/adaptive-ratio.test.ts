// One round of adaptive sampling by hand; many rounds are in adaptive-ratio.property.test.ts.
import { expect, it } from 'vitest';
import { nextRatio, NOTHING_SEEN, remember } from '../../../collector/src/remote-sampling/adaptive-ratio.ts';

const TARGET = { tracesPerSecond: 2, minRatio: 0.001 };

/** The next ratio where so many calls a second are remembered. */
function check(ratio: number, rate: number, expected: number): void {
  expect(nextRatio(ratio, { calls: rate * 50, seconds: 50 }, TARGET)).toBeCloseTo(expected, 12);
}

it('asks for what is wanted over what there is', () => {
  check(0.1, 20, 0.1);
  check(0.1, 40, 0.05);
  check(0.1, 10, 0.2);
  check(0.1, 5.5, 2 / 5.5);
});

it('takes one step at a time', () => {
  check(0.1, 1000, 0.025);
  check(0.1, 3, 0.4);
  check(1, 1e9, 0.25);
});

it('stays between the least ratio and 1', () => {
  check(0.002, 1e9, 0.001);
  check(0.001, 1e9, 0.001);
  check(0.5, 1, 1);
  check(1, 0.001, 1);
});

it('needs no call to go back to 1', () => {
  check(0.1, 0, 0.4);
  check(0.4, 0, 1);
  expect(nextRatio(1, NOTHING_SEEN, TARGET)).toBe(1);
});

it('takes the first round in full, as nothing was seen before it', () => {
  const memory = remember(NOTHING_SEEN, { estimated: 500, seen: 500 }, 10, TARGET);
  expect(memory).toEqual({ calls: 500, seconds: 10 });
  const next = remember(memory, { estimated: 500, seen: 500 }, 10, TARGET);
  expect(next.calls / next.seconds).toBeCloseTo(50, 12);
});

it('lets older rounds count less, and remembers longer where traces are few', () => {
  const rateAfter = (tracesPerSecond: number): number => {
    const target = { ...TARGET, tracesPerSecond };
    const before = { calls: 6000, seconds: 60 };
    const { calls, seconds } = remember(before, { estimated: 0, seen: 0 }, 10, target);
    return calls / seconds;
  };
  const often = rateAfter(2);
  const seldom = rateAfter(0.02);
  expect(often).toBeLessThan(90);
  expect(seldom).toBeGreaterThan(85);
  expect(seldom).toBeLessThan(100);
  expect(often).toBeLessThan(seldom);
});

it('believes what it saw at once, and what it only reckoned little by little', () => {
  const before = { calls: 6000, seconds: 60 };
  const rateAfter = (estimated: number, seen: number): number => {
    const { calls, seconds } = remember(before, { estimated, seen }, 10, TARGET);
    return calls / seconds;
  };
  // A program that has just started samples everything, while we think that each trace stands for a thousand.
  expect(rateAfter(1_000_000, 1000)).toBeCloseTo(150, 9);
  expect(rateAfter(1_000_000, 1_000_000)).toBeGreaterThan(10_000);
  expect(rateAfter(1500, 15)).toBeCloseTo(rateAfter(1500, 1500), 12);
});
