// Rejections that nobody handles, of which any ends a program.
import { setImmediate as turn } from 'node:timers/promises';

/** Does something, and tells with what promises were rejected that nobody handled. */
export async function unhandledDuring(work: () => unknown): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => void unhandled.push(reason));
  try {
    await work();
    await turn();
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
  return unhandled;
}
