import { expect, it } from 'vitest';
import { RateLimit } from '../../../collector/src/alert/rate-limit.ts';
import type { Severity } from '../../../collector/src/baseline/contract.ts';

const HOUR_MS = 3_600_000;

/** How many of a severity get through at once. */
function taken(limit: RateLimit, severity: Severity, nowMs: number): number {
  let count = 0;
  while (limit.take(severity, nowMs)) count++;
  return count;
}

it('leaves out the milder ones first and keeps room for the worse', () => {
  const limit = new RateLimit({ count: 20, per: HOUR_MS });
  expect(taken(limit, 'info', 0)).toBe(10);
  expect(taken(limit, 'warning', 0)).toBe(5);
  expect(taken(limit, 'critical', 0)).toBe(3);
  expect(taken(limit, 'emergency', 0)).toBe(2);
});

it('lets through the whole number of the worst, and at least one of each', () => {
  expect(taken(new RateLimit({ count: 20, per: HOUR_MS }), 'emergency', 0)).toBe(20);
  expect(taken(new RateLimit({ count: 1, per: HOUR_MS }), 'info', 0)).toBe(1);
});

it('has room again as the window slides on', () => {
  const limit = new RateLimit({ count: 2, per: HOUR_MS });
  expect(limit.take('emergency', 0)).toBe(true);
  expect(limit.take('emergency', 1000)).toBe(true);
  expect(limit.take('emergency', HOUR_MS - 1)).toBe(false);
  expect(limit.take('emergency', HOUR_MS)).toBe(true);
  expect(limit.take('emergency', HOUR_MS)).toBe(false);
});

it('does not hold back for longer where the clock is set back', () => {
  const limit = new RateLimit({ count: 1, per: HOUR_MS });
  limit.take('emergency', 100 * HOUR_MS);
  expect(limit.take('emergency', 0)).toBe(true);
});

it('goes on counting after a restart', () => {
  const before = new RateLimit({ count: 2, per: HOUR_MS });
  taken(before, 'emergency', 0);
  const after = new RateLimit({ count: 2, per: HOUR_MS });
  after.restore(before.toldAtMs);
  expect(after.take('emergency', 1)).toBe(false);
});
