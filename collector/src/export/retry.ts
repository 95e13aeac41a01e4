// When to try again. Pure: answers how long to wait, and never sleeps itself.

export interface RetryOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Since the first attempt. */
  readonly elapsedMs: number;
}

/** HTTP statuses that ask for another attempt. @see OTLP specification, OTLP/HTTP response, retryable codes */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** Tells whether a status asks for another attempt; 0 stands for no answer at all. */
export function isRetryable(httpStatus: number): boolean {
  return httpStatus === 0 || RETRYABLE.has(httpStatus);
}

/**
 * Answers how long to wait before the next attempt.
 *
 * @param attempt failed attempts so far, from 1
 * @param retryAfterMs what the receiver asked for; taken as a lower bound
 * @param random 0..1; half of the wait is jitter, so that many senders do not return together
 * @returns undefined when it is time to give up
 */
export function retryDelayMs(
  options: RetryOptions,
  attempt: number,
  sinceFirstMs: number,
  retryAfterMs: number | undefined,
  random: number,
): number | undefined {
  const backoffMs = Math.min(options.maxMs, options.initialMs * 2 ** Math.min(attempt - 1, 30));
  const delayMs = Math.max(backoffMs / 2 + (backoffMs / 2) * random, retryAfterMs ?? 0);
  return sinceFirstMs + delayMs > options.elapsedMs ? undefined : delayMs;
}

/** Reads a Retry-After header: seconds, or an HTTP date. */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
