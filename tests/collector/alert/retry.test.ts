import { expect, it } from 'vitest';
import { retryDelayMs } from '../../../collector/src/alert/retry.ts';

const OPTIONS = { initialMs: 1000, maxMs: 60_000 };

it('doubles the wait, half of it by chance, up to the longest', () => {
  const waits = [1, 2, 3, 7, 500].map((failures) =>
    [0, 0.999_999].map((random) => Math.round(retryDelayMs(OPTIONS, failures, 0, random))),
  );
  expect(waits).toEqual([
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [30_000, 60_000],
    [30_000, 60_000],
  ]);
});

it('waits at least for as long as the receiver asks, though never longer than the longest', () => {
  expect(retryDelayMs(OPTIONS, 1, 7000, 0)).toBe(7000);
  expect(retryDelayMs(OPTIONS, 1, 86_400_000, 0)).toBe(60_000);
});
