import { expect, it } from 'vitest';
import { bucketOf, BUCKETS } from '../../../collector/src/model/exponential-histogram.ts';
import { Bins } from '../../../collector/src/report/bins.ts';
import { pick, seeded } from '../../support/random.ts';

it('counts as an array of all buckets does, in whatever order and parts', () => {
  for (const seed of [1, 2, 3]) {
    const random = seeded(seed);
    const naive = new Float64Array(BUCKETS);
    const bins = new Bins();
    for (let i = 0; i < 200; i++) {
      const first = pick(random, BUCKETS - 40);
      const counts = Array.from({ length: pick(random, 40) }, () => pick(random, 5));
      if (random() < 0.5) bins.addAll({ first, counts });
      else counts.forEach((count, at) => bins.add(first + at, count));
      counts.forEach((count, at) => (naive[first + at] += count));
      const { first: from, counts: held } = bins.saved();
      expect(held.at(0)).not.toBe(0);
      expect(held.at(-1)).not.toBe(0);
      expect([...new Float64Array(from), ...held, ...new Float64Array(BUCKETS - from - held.length)]).toEqual([
        ...naive,
      ]);
    }
  }
});

it('takes room for what is used only', () => {
  const bins = new Bins();
  expect([bins.sizeBytes, bins.saved(), bins.quantileMs(0, 0.5)]).toEqual([0, { first: 0, counts: [] }, NaN]);
  bins.add(bucketOf(0.02), 1);
  expect(bins.sizeBytes).toBe(128);
  bins.add(bucketOf(0.021), 1);
  expect(bins.sizeBytes).toBe(128);
  expect(bins.quantileMs(0, 1)).toBeCloseTo(21, -1);
  // Half of the calls took no time that a clock can tell.
  expect(bins.quantileMs(2, 0.5)).toBe(0);
});
