// Time for monitors that moves only when a test says so.
import type { MonitorClock } from '../../sdk/src/monitor/clock.ts';

export class ManualMonitorClock implements MonitorClock {
  readonly #timers = new Set<{ readonly dueMs: number; readonly call: () => void }>();
  #nowMs: number;

  constructor(nowMs = 1_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Another number, so that who confuses them is found out. */
  monotonicMs(): number {
    return this.#nowMs - 900_000;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Until a timer is due; undefined without any. */
  get nextMs(): number | undefined {
    const due = [...this.#timers].map(({ dueMs }) => dueMs - this.#nowMs);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Calls what comes due on the way, in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = next.dueMs;
      next.call();
    }
    this.#nowMs = untilMs;
  }
}
