import { expect, it } from 'vitest';
import { atMost, deviationsOf, normalBelow, orderLimits, shareLimits } from '../../../collector/src/model/binomial.ts';

it('sums binomial chances exactly, on either side', () => {
  expect(atMost(0, 10, 0.5)).toBeCloseTo(1 / 1024, 12);
  expect(atMost(5, 10, 0.5)).toBeCloseTo(638 / 1024, 12);
  expect(atMost(9, 10, 0.5)).toBeCloseTo(1023 / 1024, 12);
  expect(atMost(-1, 10, 0.5)).toBe(0);
  expect(atMost(10, 10, 0.5)).toBe(1);
  // Of many trials with a rare outcome as Poisson has it: e^-1 (1 + 1 + 1/2).
  expect(atMost(2, 1_000_000, 1e-6)).toBeCloseTo(2.5 * Math.exp(-1), 5);
});

it('meets the normal approximation where it takes over', () => {
  for (const share of [0.3, 0.5, 0.9]) {
    const most = Math.round(4000 * share + 20);
    expect(Math.abs(atMost(most, 4000, share) - atMost(Math.round(most * 1.00025), 4001, share))).toBeLessThan(0.01);
  }
});

it('gives limits of a share that textbooks give', () => {
  const { low, high } = shareLimits(1, 10, 0.025);
  expect(low).toBeCloseTo(0.002529, 5);
  expect(high).toBeCloseTo(0.445016, 5);
  expect(shareLimits(0, 20, 0.05)).toEqual({ low: 0, high: expect.closeTo(1 - 0.05 ** (1 / 20), 6) });
});

it('says of a quantile no more than the number of calls allows', () => {
  // The median of six lies between the first and the last with a chance of 31/32.
  expect(orderLimits(6, 0.5, 0.025)).toEqual({ low: expect.closeTo(0.5 / 6), high: expect.closeTo(5.5 / 6) });
  expect(orderLimits(5, 0.5, 0.025)).toEqual({ low: 0, high: 1 });
  // Nothing is above the 99th percentile of a hundred calls with enough certainty.
  expect(orderLimits(100, 0.99, 0.025).high).toBe(1);
  expect(orderLimits(1000, 0.99, 0.025).high).toBeLessThan(1);
});

it('turns chances into deviations and back', () => {
  for (const alpha of [0.025, 0.01, 1e-4]) expect(1 - normalBelow(deviationsOf(alpha))).toBeCloseTo(alpha, 6);
  expect(deviationsOf(0.025)).toBeCloseTo(1.96, 3);
});
