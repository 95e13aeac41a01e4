import { expect, it } from 'vitest';
import { isRetryable, parseRetryAfterMs, retryDelayMs } from '../../../collector/src/export/retry.ts';

const OPTIONS = { initialMs: 1000, maxMs: 30_000, elapsedMs: 300_000 };

it('doubles the wait up to its limit, half of it by chance', () => {
  const check = (attempt: number, random: number, expected: number): void => {
    expect(retryDelayMs(OPTIONS, attempt, 0, undefined, random)).toBe(expected);
  };
  check(1, 0, 500);
  check(1, 0.5, 750);
  check(2, 0, 1000);
  check(3, 0.5, 3000);
  check(6, 0, 15_000);
  check(2000, 0, 15_000);
});

it('waits at least as long as it was asked to', () => {
  expect(retryDelayMs(OPTIONS, 1, 0, 60_000, 0.5)).toBe(60_000);
  expect(retryDelayMs(OPTIONS, 6, 0, 1000, 0)).toBe(15_000);
});

it('gives up where the next attempt would come too late', () => {
  expect(retryDelayMs(OPTIONS, 1, 299_500, undefined, 0)).toBe(500);
  expect(retryDelayMs(OPTIONS, 1, 299_501, undefined, 0)).toBeUndefined();
  expect(retryDelayMs(OPTIONS, 1, 0, 300_001, 0)).toBeUndefined();
});

it('tries again what OTLP says may be tried again', () => {
  const retryable = Array.from({ length: 600 }, (_, status) => status).filter(isRetryable);
  expect(retryable).toEqual([0, 429, 502, 503, 504]);
});

it('reads seconds and dates', () => {
  const nowMs = Date.parse('2026-01-02T03:04:05Z');
  const check = (header: string | undefined, expected: number | undefined): void => {
    expect(parseRetryAfterMs(header, nowMs)).toBe(expected);
  };
  check(undefined, undefined);
  check('120', 120_000);
  check(' 0 ', 0);
  check('Fri, 02 Jan 2026 03:05:05 GMT', 60_000);
  check('Fri, 02 Jan 2026 03:00:00 GMT', 0);
  check('later', undefined);
  check('', undefined);
});
