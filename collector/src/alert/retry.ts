// When a channel is tried again. Pure: answers how long to wait, and never waits itself.

export interface RetryOptions {
  readonly initialMs: number;
  readonly maxMs: number;
}

/**
 * Answers how long to wait after attempts in vain.
 *
 * @param failures in a row, from 1
 * @param afterMs what the receiver asked for; taken as a lower bound, though not beyond the longest wait
 * @param random 0..1; half of the wait is jitter
 */
export function retryDelayMs(
  { initialMs, maxMs }: RetryOptions,
  failures: number,
  afterMs: number,
  random: number,
): number {
  const backoffMs = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 30));
  return Math.min(maxMs, Math.max(backoffMs / 2 + (backoffMs / 2) * random, afterMs));
}
