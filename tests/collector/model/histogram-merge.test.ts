import { describe, expect, it } from 'vitest';
import {
  histogramQuantile,
  mergeHistograms,
  subtractHistograms,
} from '../../../collector/src/model/histogram-merge.ts';
import { histogramOf } from '../../support/data-points.ts';

const BOUNDS = [1, 2, 5];

describe('histograms of equal bounds', () => {
  it('merge into the histogram of all their values', () => {
    const merged = mergeHistograms(histogramOf([1, 1.5, 9], BOUNDS), histogramOf([4, 2], [...BOUNDS]));
    expect(merged).toEqual(histogramOf([1, 1.5, 9, 4, 2], BOUNDS));
  });

  it('subtract to what came in between', () => {
    const earlier = histogramOf([1, 3], BOUNDS);
    const between = { ...histogramOf([4, 7], BOUNDS), min: undefined, max: undefined };
    expect(subtractHistograms(histogramOf([1, 3, 4, 7], BOUNDS), earlier)).toEqual(between);
  });

  it('tell a reset where any count went back', () => {
    expect(subtractHistograms(histogramOf([1], BOUNDS), histogramOf([1, 3], BOUNDS))).toBeUndefined();
    expect(subtractHistograms(histogramOf([9, 9, 9], BOUNDS), histogramOf([1, 3], BOUNDS))).toBeUndefined();
  });

  it('may have no buckets at all', () => {
    const bare = { ...histogramOf([1, 2], []), counts: [] };
    expect(mergeHistograms(bare, bare)).toMatchObject({ count: 4, sum: 6, counts: [] });
    expect(histogramQuantile(bare, 0.5)).toBeUndefined();
  });
});

it('histograms of different bounds are neither merged nor subtracted', () => {
  for (const other of [histogramOf([1], [1, 2]), histogramOf([1], [1, 2, 6])]) {
    expect(mergeHistograms(histogramOf([1], BOUNDS), other)).toBeUndefined();
    expect(subtractHistograms(histogramOf([1], BOUNDS), other)).toBeUndefined();
  }
});

describe('quantiles', () => {
  it('are interpolated within the bucket, between known extremes', () => {
    const values = histogramOf([0.5, 1.2, 1.8, 3, 9], BOUNDS);
    expect(histogramQuantile(values, 0.6)).toBeCloseTo(2);
    expect(histogramQuantile(values, 0.4)).toBeCloseTo(1.5);
    expect(histogramQuantile(values, 0.8)).toBeCloseTo(5);
    expect(histogramQuantile(values, 1)).toBe(9);
    expect(histogramQuantile({ ...values, max: undefined }, 1)).toBe(5);
    expect(histogramQuantile(histogramOf([], BOUNDS), 0.5)).toBeUndefined();
  });
});
