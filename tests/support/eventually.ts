// Waiting for what another process or socket does: asks again until it is there, and never for ever.
import { setTimeout as pause } from 'node:timers/promises';

/** Far above what any of it takes, because other work may share the machine. */
const PATIENCE_MS = 30_000;

/**
 * Asks until the answer is neither undefined nor false.
 *
 * @param what is waited for, named where it never comes
 * @param patienceMs for what takes long by its nature, or has to come soon
 */
export async function eventually<T>(
  what: string | (() => string),
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + patienceMs;
  // Soon at first, then less often: what takes seconds is not hurried by being asked.
  for (let pauseMs = 2; ; pauseMs = Math.min(2 * pauseMs, 100)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    await pause(pauseMs);
  }
}
