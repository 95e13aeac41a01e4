// Waiting that ends, for what may hang with a disk.
import type { Clock } from '../pipeline/contract.ts';

/** Waits for work, but no longer than that; the work itself goes on. */
export async function within(clock: Clock, limitMs: number, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => (cancel = clock.after(limitMs, resolve)));
  try {
    await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
