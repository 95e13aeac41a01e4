// How long a trace may wait for its decision, over all that decides on that: what follows a trace has to wait as long.
import type { Config } from './schema.ts';

/** Finds the longest of the configured waits, in milliseconds; 0 where nothing is sampled. */
export function longestWaitMs({ sample }: Pick<Config, 'sample'>): number {
  if (sample === false) return 0;
  return Math.max(sample.decision_wait, ...sample.waits.map(({ decision_wait = 0 }) => decision_wait));
}
