// Durations of one second as an exponential histogram: bins are its buckets. Pure.
import type { ExponentialHistogramValue } from '../model/data-point.ts';
import { LOWEST_INDEX, logAt, SCALE } from './bins.ts';
import type { Step } from './step.ts';

/** The sum takes each call for the middle of its bin: with durations spread over bins it is right to a few per mille. */
export function durationsOf({ calls, bins, counts, kinds }: Step): ExponentialHistogramValue {
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < kinds; i++) {
    const bin = bins[i] ?? 0;
    first = Math.min(first, bin);
    last = Math.max(last, bin);
  }
  const dense = Array.from({ length: kinds === 0 ? 0 : last - first + 1 }, () => 0);
  let sum = 0;
  for (let i = 0; i < kinds; i++) {
    const [bin, count] = [bins[i] ?? 0, counts[i] ?? 0];
    dense[bin - first] = count;
    sum += count * Math.exp(logAt(bin));
  }
  return {
    type: 'exponential_histogram',
    count: calls,
    sum,
    min: undefined,
    max: undefined,
    scale: SCALE,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: kinds === 0 ? 0 : LOWEST_INDEX + first, counts: dense },
    negative: { offset: 0, counts: [] },
  };
}
