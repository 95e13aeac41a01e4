import { expect, test } from 'vitest';
import { parseConfig } from '../../../../collector/src/config/load.ts';
import {
  byDifference,
  overloadCause,
  policyRows,
  rangeOf,
  SHADOW_EXAMPLE,
  shadowTotals,
  worthOf,
} from '../../../../collector/src/web/page/sampling-figures.ts';

const estimated = (exact: number, estimate: number, low: number, high: number, isEnough = true) => ({
  exact,
  estimate,
  low,
  high,
  isEnough,
});

const shadow = (wouldKeep: number, wouldDrop: number, bothKeep = 0, bothDrop = 0) => ({
  wouldKeep,
  wouldDrop,
  bothKeep,
  bothDrop,
});

test('an estimate is worth what its interval says of the exact count', () => {
  expect(worthOf(estimated(0, 0, 0, 0, false))).toBe('nothing');
  expect(worthOf(estimated(100, 90, 50, 160, false))).toBe('few');
  expect(worthOf(estimated(100, 98, 90, 107))).toBe('inside');
  expect(worthOf(estimated(100, 98, 100, 107))).toBe('inside');
  expect(worthOf(estimated(100, 80, 70, 99))).toBe('below');
  expect(worthOf(estimated(100, 120, 101, 140))).toBe('above');
});

test('an estimate without any trace kept by chance is exact, or says nothing of what was dropped', () => {
  expect(worthOf(estimated(100, 100, 100, 100))).toBe('whole');
  expect(worthOf(estimated(100, 20, 20, 20))).toBe('few');
});

test('an interval is laid out with the exact count on the same scale, in order and with room either side', () => {
  const inside = rangeOf(estimated(100, 98, 90, 110));
  expect(inside).toMatchObject({ exact: 0.5 });
  for (const { exact, estimate, low, high } of [estimated(100, 98, 90, 110), estimated(50, 98, 90, 110)]) {
    const range = rangeOf(estimated(exact, estimate, low, high)) ?? { low: 0, high: 0, estimate: 0, exact: 0 };
    expect(range.low < range.estimate && range.estimate < range.high).toBe(true);
    expect(range.exact < range.low).toBe(exact < low);
    for (const place of Object.values(range)) expect(place > 0 && place < 1).toBe(true);
  }
  expect(rangeOf(estimated(100, 100, 100, 100))).toBeUndefined();
});

test('a cause of overload is said in words, also one that is new', () => {
  expect(overloadCause('queue')).toBe('an exporter falls behind');
  expect(overloadCause('slow_disk')).toBe('slow disk');
  expect(overloadCause(undefined)).toBe('there is too much');
});

test('policies come in their order with what they kept; what is no policy comes last', () => {
  const policies = [
    { name: 'errors', overflowed: 0 },
    { name: 'keys', overflowed: 3 },
  ];
  const kept = [
    { policy: 'pin', traces: 2 },
    { policy: 'keys', traces: 7 },
  ];
  expect(policyRows(policies, kept)).toEqual([
    { policy: 'errors', traces: 0, overflowed: 0 },
    { policy: 'keys', traces: 7, overflowed: 3 },
    { policy: 'pin', traces: 2, overflowed: 0 },
  ]);
});

test('what the shadow made of traces adds up, and the largest difference comes first', () => {
  const rows = [shadow(0, 0, 50, 50), shadow(1, 2), shadow(0, 0, 100, 1), shadow(2, 1, 4, 0)];
  expect(shadowTotals(rows)).toEqual({ wouldKeep: 3, wouldDrop: 3, bothKeep: 154, bothDrop: 51, all: 211 });
  expect(byDifference(rows)).toEqual([rows[3], rows[1], rows[2], rows[0]]);
  expect(shadowTotals([]).all).toBe(0);
});

test('the example of a shadow is a valid configuration', () => {
  expect(parseConfig(SHADOW_EXAMPLE, 'example').sample).toMatchObject({ shadow: { policies: [{}, {}] } });
});
