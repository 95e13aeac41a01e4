// Sends what is held when the process ends, however it ends, without changing how it ends: same exit code, same
// signal, and a handler of the program always has the first word.
import { isMainThread } from 'node:worker_threads';

/** What is done when the process ends. */
export interface LastActs {
  /** Sends what is held and goes on, or stops where nobody answers; bounded. */
  flush(): Promise<void>;
  /** Sends what is held and stops; bounded. */
  shutdown(): Promise<void>;
  /** Sends what is held without waiting for the event loop. @param fatal what the process dies of, if anything */
  handOver(fatal: unknown): void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** However wrong it is about what keeps the process alive, it does not go on for ever; the rest is sent at the exit. */
const MAX_FLUSHES = 10;

/**
 * Watches for the end of this process.
 *
 * A signal that the program handles is left alone. One that it does not handle ends the process as before, after a
 * bounded shutdown; the second one at once.
 *
 * @returns stops watching
 */
export function watchEnding(acts: LastActs): () => void {
  let fatal: unknown;
  // A worker gets no signals, and the first process of a container is not ended by one.
  const hasSignals = isMainThread && process.pid !== 1;
  const onFatal = (error: unknown): void => {
    // With a handler of its own the program lives on.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    fatal = error ?? new Error(String(error));
  };
  const onBeforeExit = flushWhenIdle(acts);
  const onExit = (): void => acts.handOver(fatal);
  const onSignal = (signal: NodeJS.Signals): void => {
    process.removeListener(signal, onSignal);
    if (process.listenerCount(signal) > 0) {
      // Handlers that count the others, as those of signal-exit do, must find themselves alone.
      setImmediate(() => void process.prependListener(signal, onSignal)).unref();
      return;
    }
    // From here the signal has its own effect again, which a second one has at once.
    void acts.shutdown().finally(() => process.kill(process.pid, signal));
  };
  process.on('uncaughtExceptionMonitor', onFatal);
  // First, so that what it finds active is what listeners of the program did not begin.
  process.prependListener('beforeExit', onBeforeExit);
  process.once('exit', onExit);
  // First, because a handler that runs once is gone when those after it are called.
  if (hasSignals) for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return () => {
    process.removeListener('uncaughtExceptionMonitor', onFatal);
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('exit', onExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}

/**
 * Makes a listener of `beforeExit`, which comes again after each flush, as that keeps the process alive for a moment. Only
 * where the program began something meanwhile is there a flush again; else the process exits now.
 */
function flushWhenIdle({ flush }: LastActs): () => void {
  let flushes = 0;
  let isOver = false;
  return () => {
    if (isOver || flushes >= MAX_FLUSHES) {
      isOver = false;
      return;
    }
    flushes++;
    const idle = process.getActiveResourcesInfo().length;
    void flush().then(() => {
      isOver = process.getActiveResourcesInfo().length <= idle;
    });
  };
}
