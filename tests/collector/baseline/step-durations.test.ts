import { expect, it } from 'vitest';
import { binOf, BINS } from '../../../collector/src/baseline/bins.ts';
import { addCall, emptyStep } from '../../../collector/src/baseline/step.ts';
import { durationsOf } from '../../../collector/src/baseline/step-durations.ts';
import { bucketLowerBound } from '../../../collector/src/model/exponential-merge.ts';

it('has each call in the bucket that holds its duration', () => {
  for (const seconds of [1e-6, 0.001, 0.1, 1, 1.5, 600]) {
    const step = emptyStep(BINS);
    addCall(step, binOf(seconds), false);
    const { count, scale, positive, sum = NaN } = durationsOf(step);
    const from = bucketLowerBound(positive.offset, scale);
    const to = bucketLowerBound(positive.offset + 1, scale);
    expect([count, positive.counts]).toEqual([1, [1]]);
    for (const each of [seconds, sum]) expect(each > from * 0.999999 && each <= to * 1.000001).toBe(true);
  }
});

it('has buckets between the first and the last, and none where nothing was called', () => {
  const step = emptyStep(BINS);
  for (const seconds of [0.1, 0.1, 0.2]) addCall(step, binOf(seconds), false);
  expect(durationsOf(step).positive.counts).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(durationsOf(emptyStep(BINS))).toMatchObject({ count: 0, sum: 0, positive: { counts: [] } });
});
