// Waiting with an end.

/** How finely waiting is counted. */
const STEP_MS = 50;

/**
 * Waits for `work` at most `timeoutMs`, also when it rejects.
 *
 * Counted in short steps, each of which has to be run: a process that gets no share of a busy machine is not cut off
 * for it. The timer is live on purpose: exports keep nothing alive, and a process must not end in the middle of an await.
 *
 * @returns whether it ended in time
 */
export async function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<false>((resolve) => {
    const wait = (leftMs: number): void => {
      if (leftMs <= 0) return resolve(false);
      timer = setTimeout(() => wait(leftMs - STEP_MS), STEP_MS);
    };
    wait(timeoutMs);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([ended, expired]);
  clearTimeout(timer);
  return isInTime;
}
