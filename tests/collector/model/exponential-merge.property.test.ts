import { describe, expect, it } from 'vitest';
import type { Buckets, ExponentialHistogramValue } from '../../../collector/src/model/data-point.ts';
import {
  bucketIndex,
  bucketLowerBound,
  downscale,
  exponentialOfOne,
  exponentialQuantile,
  limitBuckets,
  MAX_BUCKETS,
  mergeExponential,
  subtractExponential,
} from '../../../collector/src/model/exponential-merge.ts';
import { exponentialOf } from '../../support/data-points.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';

/** Values that fill at most some hundred buckets at a scale, on both sides of zero. */
function valuesFor(random: Random, scale: number, widthBuckets = 300): number[] {
  const octaves = Math.min(widthBuckets / 2 ** scale, 600);
  const from = (random() - 0.5) * (1200 - octaves);
  return Array.from({ length: 1 + pick(random, 60) }, () => {
    if (random() < 0.1) return 0;
    return (random() < 0.3 ? -1 : 1) * 2 ** (from + (random() - 0.5) * octaves);
  });
}

/** The definition, but for the rounding of the sum. */
function expectHistogramOf(histogram: ExponentialHistogramValue | undefined, values: readonly number[]): void {
  const { scale = NaN, zeroThreshold = NaN, sum = NaN } = histogram ?? {};
  const exact = exponentialOf(values, scale, zeroThreshold);
  expect({ ...histogram, sum: 0 }).toEqual({ ...exact, sum: 0 });
  const size = values.reduce((all, value) => all + Math.abs(value), 0);
  expect(Math.abs(sum - (exact.sum ?? NaN))).toBeLessThanOrEqual(size * 1e-12);
}

describe('merged exponential histograms', () => {
  it('equal the histogram of the merged data at the scale and zero threshold of the result', () => {
    const random = seeded(31);
    for (let round = 0; round < 400; round++) {
      const scale = pick(random, 31) - 10;
      const first = valuesFor(random, scale);
      // Near the first ones, or somewhere else altogether.
      const second =
        random() < 0.5 ? first.map((value) => value * (1 + random() / 2 ** scale)) : valuesFor(random, scale);
      const otherScale = Math.min(20, Math.max(-10, scale - pick(random, 4)));
      const within = [...first, ...second].map(Math.abs);
      const threshold = (): number => (random() < 0.5 ? 0 : oneOf(random, within));
      const one = exponentialOf(first, scale, threshold());
      const other = exponentialOf(second, otherScale, threshold());
      const merged = mergeExponential(one, other);
      expectHistogramOf(merged, [...first, ...second]);
      expect(merged.scale).toBeLessThanOrEqual(Math.min(scale, otherScale));
      expect(merged.zeroThreshold).toBeGreaterThanOrEqual(Math.max(one.zeroThreshold, other.zeroThreshold));
      for (const { counts } of [merged.positive, merged.negative])
        expect(counts.length).toBeLessThanOrEqual(MAX_BUCKETS);
      expect({ ...mergeExponential(other, one), sum: merged.sum }).toEqual(merged);
    }
  });

  it('downscale no further than the number of buckets asks', () => {
    const values = Array.from({ length: 161 }, (_, i) => 2 ** ((i + 0.5) / 16));
    const fine = exponentialOf(values, 4);
    expect(limitBuckets(fine).scale).toBe(3);
    expect(limitBuckets(exponentialOf(values.slice(1), 4)).scale).toBe(4);
    expect(limitBuckets(fine, 2).positive.counts.length).toBeLessThanOrEqual(2);
    expectHistogramOf(limitBuckets(fine, 20), values);
  });

  it('know minimum, maximum and sum only where both do', () => {
    const known = exponentialOf([1, 2], 3);
    const silent = { ...exponentialOf([8], 3), sum: undefined, min: undefined, max: undefined };
    expect(mergeExponential(known, silent)).toMatchObject({ sum: undefined, min: undefined, max: undefined });
    const empty = { ...exponentialOf([], 3), sum: 0 };
    expect(mergeExponential(known, empty)).toEqual(known);
    expect(mergeExponential(empty, known)).toEqual(known);
  });
});

describe('a zero threshold', () => {
  it('grows to the next bound where it would cut a bucket that has counts', () => {
    // At scale 0 bucket (4, 8] holds 5, and the threshold 6 is inside of it.
    const merged = mergeExponential(exponentialOf([1, 5, 20], 0), exponentialOf([2, 30], 0, 6));
    expect(merged.zeroThreshold).toBe(8);
    expectHistogramOf(merged, [1, 5, 20, 2, 30]);
  });

  it('stays where the bucket it cuts belongs to the one that has it', () => {
    const merged = mergeExponential(exponentialOf([1, 20], 0), exponentialOf([2, 7, 30], 0, 6));
    expect(merged.zeroThreshold).toBe(6);
    expectHistogramOf(merged, [1, 20, 2, 7, 30]);
  });

  it('that no double could be above swallows everything', () => {
    const merged = mergeExponential(exponentialOf([1, -5], 3), { ...exponentialOf([], 3), zeroThreshold: Infinity });
    expect(merged).toMatchObject({ zeroCount: 2, positive: { counts: [] }, negative: { counts: [] } });
  });
});

/** Counts by the bucket they are in after division of its index, in whole numbers of any size. */
function dividedCounts({ offset, counts }: Buckets, shift: number): Map<bigint, number> {
  const wide = new Map<bigint, number>();
  counts.forEach((count, i) => {
    const index = BigInt(offset + i) >> BigInt(shift);
    if (count > 0) wide.set(index, (wide.get(index) ?? 0) + count);
  });
  return wide;
}

describe('downscaling', () => {
  it('puts each count into the bucket whose bounds hold it, also at the ends of 32 bits', () => {
    const random = seeded(32);
    for (const offset of [-(2 ** 31), -(2 ** 30) - 1, -7, -1, 0, 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31 - 40]) {
      for (const [from, to] of [
        [20, 19],
        [20, -10],
        [20, 3],
        [-9, -10],
        [0, -10],
        [5, 5],
      ] as const) {
        const counts = Array.from({ length: 40 }, () => pick(random, 3));
        const fine = { ...exponentialOf([], from), positive: { offset, counts }, negative: { offset, counts } };
        const coarse = downscale(fine, to);
        for (const side of [coarse.positive, coarse.negative]) {
          expect(dividedCounts(side, 0)).toEqual(dividedCounts({ offset, counts }, from - to));
          expect(side.counts[0]).not.toBe(0);
          expect(side.counts.at(-1)).not.toBe(0);
        }
      }
    }
  });

  it('brings buckets that are worlds apart together without a large array', () => {
    const low = { ...exponentialOf([], 20), count: 1, positive: { offset: -(2 ** 31), counts: [1] } };
    const high = { ...exponentialOf([], 20), count: 2, positive: { offset: 2 ** 31 - 1, counts: [2] } };
    const { count, positive } = mergeExponential(low, high);
    expect(count).toBe(3);
    expect(positive.counts.length).toBeLessThanOrEqual(MAX_BUCKETS);
    expect(positive.counts.reduce((sum, each) => sum + each, 0)).toBe(3);
  });
});

describe('subtracting', () => {
  it('an earlier reading leaves the histogram of what came in between', () => {
    const random = seeded(33);
    for (let round = 0; round < 200; round++) {
      const scale = pick(random, 31) - 10;
      const before = valuesFor(random, scale, 150);
      const between = random() < 0.5 ? valuesFor(random, scale) : before.map((value) => value * 1.01);
      const earlier = limitBuckets(exponentialOf(before, scale, random() < 0.5 ? 0 : Math.abs(oneOf(random, before))));
      const later = mergeExponential(earlier, exponentialOf(between, scale));
      const difference = subtractExponential(later, earlier);
      const exact = exponentialOf(between, later.scale, later.zeroThreshold);
      expect({ ...difference, sum: 0 }).toEqual({ ...exact, min: undefined, max: undefined, sum: 0 });
    }
  });

  it('a larger reading, or one with counts elsewhere, tells a reset', () => {
    const three = exponentialOf([1, 2, 3], 2);
    expect(subtractExponential(exponentialOf([1, 2], 2), three)).toBeUndefined();
    expect(subtractExponential(exponentialOf([9, 9, 9, 9], 2), three)).toBeUndefined();
    expect(subtractExponential(exponentialOf([1, 2, 3, 4, -1], 2), exponentialOf([0], 2))).toBeUndefined();
    expect(subtractExponential(three, three)?.count).toBe(0);
  });
});

describe('quantiles', () => {
  it('are within a bucket of the exact ones, for values on both sides of zero', () => {
    const random = seeded(34);
    for (let round = 0; round < 30; round++) {
      const values = Array.from({ length: 400 }, () => (random() < 0.3 ? -1 : 1) * Math.exp(random() * 8 - 4));
      values.push(...Array.from({ length: 40 }, () => 0));
      values.sort((a, b) => a - b);
      const histogram = exponentialOf(values, 5);
      for (const q of [0, 0.01, 0.25, 0.3, 0.5, 0.9, 0.99, 1]) {
        const exact = values[Math.max(Math.ceil(q * values.length) - 1, 0)] ?? NaN;
        const estimated = exponentialQuantile(histogram, q) ?? NaN;
        expect(Math.abs(estimated - exact), `q ${q}`).toBeLessThanOrEqual(Math.abs(exact) * (2 ** (1 / 32) - 1) + 1e-9);
      }
    }
  });

  it('say nothing of nothing, and stay numbers at the end of doubles', () => {
    expect(exponentialQuantile(exponentialOf([], 3), 0.5)).toBeUndefined();
    const huge = { ...exponentialOf([2 ** 1023.5], -10), max: undefined };
    expect(exponentialQuantile(huge, 1)).toBe(Number.MAX_VALUE);
  });
});

describe('the histogram of one value', () => {
  it('has it between the bounds of its bucket', () => {
    for (const value of [1, -1, 3.7, -1e-300, 1e300, Number.MAX_VALUE, 2 ** -1000, 1.0000001]) {
      const { positive, negative, scale } = exponentialOfOne(value);
      const { offset } = value > 0 ? positive : negative;
      expect(bucketLowerBound(offset, scale)).toBeLessThan(Math.abs(value));
      expect(bucketLowerBound(offset + 1, scale)).toBeGreaterThanOrEqual(Math.abs(value));
    }
    expect(exponentialOfOne(0)).toMatchObject({ zeroCount: 1, positive: { counts: [] } });
  });

  it('puts powers of two into the bucket below, at every scale', () => {
    for (let scale = -10; scale <= 20; scale++)
      for (const exponent of [-1074, -1, 0, 1, 7, 1023])
        expect(bucketIndex(2 ** exponent, scale)).toBe(Math.ceil(exponent * 2 ** scale) - 1);
  });
});
