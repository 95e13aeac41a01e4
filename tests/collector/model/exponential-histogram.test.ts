import { expect, test } from 'vitest';
import {
  bucketOf,
  BUCKETS,
  INDEX_OFFSET,
  lowerBound,
  quantile,
} from '../../../collector/src/model/exponential-histogram.ts';
import { pick, seeded } from '../../support/random.ts';

const doubles = new Float64Array(1);
const bits = new BigInt64Array(doubles.buffer);

/** The double `steps` representable numbers away. */
function neighbour(value: number, steps: number): number {
  doubles[0] = value;
  bits[0] = (bits[0] ?? 0n) + BigInt(steps);
  return doubles[0];
}

/** Compares a double with 2^(numerator/16) without rounding: both sides to the 16th power, as whole numbers. */
function isAboveBound(value: number, numerator: number): boolean {
  doubles[0] = value;
  const raw = bits[0] ?? 0n;
  const exponent = Number((raw >> 52n) & 0x7ffn) - 1075;
  const mantissa = (raw & 0xf_ffff_ffff_ffffn) | 0x10_0000_0000_0000n;
  // value = mantissa * 2^exponent, so value^16 > 2^numerator is mantissa^16 * 2^(16 exponent) > 2^numerator.
  const shift = numerator - 16 * exponent;
  return shift < 0 || mantissa ** 16n > 1n << BigInt(shift);
}

/** The definition: bucket i holds (2^(i/16), 2^((i+1)/16)]. */
function isIn(bucket: number, value: number): boolean {
  const index = bucket + INDEX_OFFSET;
  return isAboveBound(value, index) && !isAboveBound(value, index + 1);
}

test('puts every number around every bound into the bucket the definition names', () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const bound = lowerBound(bucket);
    for (const steps of [-1000, -3, -2, -1, 1, 2, 3, 1000]) {
      const value = neighbour(bound, steps);
      const expected = isAboveBound(value, bucket + INDEX_OFFSET) ? bucket : Math.max(bucket - 1, 0);
      expect(bucketOf(value), `${steps} from bound ${bucket}`).toBe(expected);
    }
  }
});

test('puts powers of two, whose bounds are exact, into the bucket below', () => {
  for (let exponent = -29; exponent <= 24; exponent++)
    expect(bucketOf(2 ** exponent)).toBe(exponent * 16 - INDEX_OFFSET - 1);
});

test('agrees with the definition on random durations', () => {
  const random = seeded(8);
  for (let i = 0; i < 20_000; i++) {
    const ns = 1 + pick(random, 10 ** (1 + pick(random, 15)));
    expect(isIn(bucketOf(ns / 1e9), ns / 1e9), `${ns} ns`).toBe(true);
  }
});

test('keeps durations outside its range in the first and last bucket', () => {
  expect(bucketOf(1e-12)).toBe(0);
  expect(bucketOf(Number.MIN_VALUE)).toBe(0);
  expect(bucketOf(2 ** 30)).toBe(BUCKETS - 1);
  expect(bucketOf(1.8e10)).toBe(BUCKETS - 1);
});

test('estimates quantiles within the width of a bucket', () => {
  const random = seeded(9);
  for (let round = 0; round < 50; round++) {
    const values = Array.from({ length: 500 }, () => Math.exp(random() * 20 - 15)).sort((a, b) => a - b);
    const counts = new Uint32Array(BUCKETS);
    for (const value of values) counts[bucketOf(value)] = (counts[bucketOf(value)] ?? 0) + 1;
    for (const q of [0.01, 0.5, 0.9, 0.99, 1]) {
      const exact = values[Math.ceil(q * values.length) - 1] ?? 0;
      const estimated = quantile(counts, 0, q) ?? 0;
      expect(Math.abs(estimated / exact - 1), `q ${q}`).toBeLessThan(0.045);
    }
  }
});

test('counts zeros below everything else, and says nothing of nothing', () => {
  const counts = new Uint32Array(BUCKETS);
  expect(quantile(counts, 0, 0.5)).toBeUndefined();
  expect(quantile(counts, 3, 0.99)).toBe(0);
  counts[bucketOf(1)] = 1;
  expect(quantile(counts, 3, 0.5)).toBe(0);
  expect(quantile(counts, 3, 1)).toBeCloseTo(1, 5);
});
