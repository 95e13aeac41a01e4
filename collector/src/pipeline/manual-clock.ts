// Time that moves only when told to: for runs that must not depend on the machine's clock.
import type { Clock } from './contract.ts';

interface Timer {
  dueMs: number;
  readonly intervalMs: number | undefined;
  readonly callback: () => void;
}

/** A Clock whose timers fire, in order of their time, while `advance` runs. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #epochMs: number;
  #elapsedMs = 0;

  /** @param epochMs wall-clock time at the start; the monotonic time starts at 0 */
  constructor(epochMs = 1_800_000_000_000) {
    this.#epochMs = epochMs;
  }

  nowMs(): number {
    return this.#epochMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  every(intervalMs: number, callback: () => void): () => void {
    return this.#add({ dueMs: this.#elapsedMs + intervalMs, intervalMs, callback });
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add({ dueMs: this.#elapsedMs + delayMs, intervalMs: undefined, callback });
  }

  /** Lets time pass and calls every timer that becomes due, also those set meanwhile. */
  advance(ms: number): void {
    const endMs = this.#elapsedMs + ms;
    for (let next = this.#first(endMs); next !== undefined; next = this.#first(endMs)) {
      this.#elapsedMs = next.dueMs;
      if (next.intervalMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.intervalMs;
      next.callback();
    }
    this.#elapsedMs = endMs;
  }

  /** Milliseconds until the next timer that fires only once; undefined where none waits. */
  untilNextOnce(): number | undefined {
    const due = [...this.#timers].filter((timer) => timer.intervalMs === undefined).map((timer) => timer.dueMs);
    return due.length === 0 ? undefined : Math.min(...due) - this.#elapsedMs;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #first(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.dueMs <= endMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    return first;
  }
}
