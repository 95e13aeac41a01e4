// At most so many traces a second, consistently: the ratio of a second follows from the seconds before it, so a span's
// probability is known before its randomness is looked at. A counter that lets the first ones pass has none to tell.
import { composableProbability, type ComposableSampler, type SamplingIntent } from './composable.ts';

const WINDOW_MS = 1000;
/** Weight of the newest second in the estimated rate: a burst is met within a few seconds, a pause soon forgotten. */
const NEWEST = 0.5;

export interface RateLimit {
  readonly tracesPerSecond: number;
  /** Of the first second, of which nothing is known; 0..1. */
  readonly firstRatio: number;
}

/** For spans without a parent. @param nowMs monotonic milliseconds */
export function composableRateLimited(
  { tracesPerSecond, firstRatio }: RateLimit,
  nowMs: () => number,
): ComposableSampler {
  let sinceMs = nowMs();
  let count = 0;
  let rate: number | undefined;
  let current = composableProbability(firstRatio);
  const turn = (now: number): void => {
    const seen = (count * 1000) / (now - sinceMs);
    rate = rate === undefined ? seen : NEWEST * seen + (1 - NEWEST) * rate;
    current = composableProbability(rate > tracesPerSecond ? tracesPerSecond / rate : 1);
    sinceMs = now;
    count = 0;
  };
  return {
    intentOf(span): SamplingIntent {
      const now = nowMs();
      if (now - sinceMs >= WINDOW_MS) turn(now);
      count++;
      return current.intentOf(span);
    },
    description: `RateLimited{${tracesPerSecond}}`,
  };
}
