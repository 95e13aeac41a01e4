// Time as monitors see it, so that they run in tests without waiting.

/** Where a monitor gets time and timers from. */
export interface MonitorClock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds that never go back. */
  monotonicMs(): number;
  /** Calls once after a while; keeps no process alive. @returns what calls it off */
  after(ms: number, call: () => void): () => void;
}

/** The time of this process. */
export const PROCESS_CLOCK: MonitorClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
