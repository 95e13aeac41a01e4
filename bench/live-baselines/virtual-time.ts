// Time of a bench: moves only when told to, for a sidecar through its Clock and for programs through `setTimeout`.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../collector/src/pipeline/contract.ts';

interface Timer {
  dueMs: number;
  readonly intervalMs: number | undefined;
  readonly callback: () => void;
}

export class VirtualTime implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #beginMs: number;
  #nowMs: number;
  #nextMs = Infinity;

  /** @param beginMs since the epoch */
  constructor(beginMs: number) {
    this.#beginMs = this.#nowMs = beginMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#beginMs;
  }

  every(intervalMs: number, callback: () => void): () => void {
    return this.#add(intervalMs, intervalMs, callback);
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add(delayMs, undefined, callback);
  }

  /** Whether a timer is due before a time: most calls of a program come without one between. */
  hasDue(untilMs: number): boolean {
    return this.#nextMs <= untilMs;
  }

  /** Moves to a time, for who has asked `hasDue`. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Lets time pass. After each timer all that waits for a promise runs, as it would before the next one. */
  async pass(untilMs: number): Promise<void> {
    while (this.#nextMs <= untilMs) {
      this.#nowMs = this.#nextMs;
      for (const timer of this.#timers) {
        if (timer.dueMs > this.#nowMs) continue;
        if (timer.intervalMs === undefined) this.#timers.delete(timer);
        else timer.dueMs += timer.intervalMs;
        timer.callback();
      }
      await turn();
      this.#findNext();
    }
    this.#nowMs = untilMs;
  }

  /** Gives programs of this process timers of this time while a task runs. */
  async asTimers<T>(task: () => Promise<T>): Promise<T> {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const later = (callback: () => void, delayMs = 0): object => {
      const handle = { cancel: this.after(delayMs, () => callback()), unref: () => handle };
      return handle;
    };
    const cancel = (handle: { readonly cancel?: () => void } | undefined): void => handle?.cancel?.();
    Object.assign(globalThis, { setTimeout: later, clearTimeout: cancel });
    try {
      return await task();
    } finally {
      Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    }
  }

  #add(delayMs: number, intervalMs: number | undefined, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, intervalMs, callback };
    this.#timers.add(timer);
    this.#nextMs = Math.min(this.#nextMs, timer.dueMs);
    return () => {
      this.#timers.delete(timer);
      this.#findNext();
    };
  }

  #findNext(): void {
    this.#nextMs = Infinity;
    for (const { dueMs } of this.#timers) this.#nextMs = Math.min(this.#nextMs, dueMs);
  }
}
