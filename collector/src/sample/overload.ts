// What happens when there is too much: first a smaller share is kept, then the oldest traces are decided early (the trace
// buffer's byte budget sees to that), and only when that frees nothing senders get 503 (the door sees to that).
// Pure: it is told the pressure and answers a threshold.
import { type Half56, KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';

/** How near each resource is to its end; 1 is the end. */
export interface Pressure {
  /** Bytes of waiting spans against their budget. */
  readonly memory: number;
  /** Bytes in the fullest exporter's queue against its limit. */
  readonly queue: number;
  /** How late timers fire, in milliseconds. */
  readonly loopDelayMs: number;
}

/** Begins above these, ends below the second: what lies between changes nothing, so that it does not flutter. */
const BEGINS = { memory: 0.95, queue: 0.75, loopDelayMs: 300 } as const;
const ENDS = { memory: 0.8, queue: 0.5, loopDelayMs: 100 } as const;
/** A step down a second while there is too much, a step up a second once there has not been for a while. */
const DOWN = 0.7;
const UP = 1.25;
const CALM_MS = 5000;
const STEP_MS = 1000;
const LEAST_RATIO = 1 / 256;

/** What brought the step about. */
export type OverloadCause = keyof Pressure;

/** Steps with hysteresis. */
export class Overload {
  /** Share kept of what need not be kept; 1 in quiet times. */
  ratio = 1;
  ceiling: Half56 = KEEP_ALL;
  cause: OverloadCause | undefined;
  #steppedMs = -Infinity;
  #pressedMs = -Infinity;

  /** @returns whether the ratio changed */
  update(pressure: Pressure, nowMs: number): boolean {
    const over = (Object.keys(BEGINS) as OverloadCause[]).find((each) => pressure[each] > BEGINS[each]);
    const isCalm = (Object.keys(ENDS) as OverloadCause[]).every((each) => pressure[each] < ENDS[each]);
    if (!isCalm) this.#pressedMs = nowMs;
    if (nowMs - this.#steppedMs < STEP_MS) return false;
    if (over !== undefined) {
      this.cause = over;
      return this.#step(Math.max(LEAST_RATIO, this.ratio * DOWN), nowMs);
    }
    if (this.ratio < 1 && nowMs - this.#pressedMs >= CALM_MS) return this.#step(Math.min(1, this.ratio * UP), nowMs);
    return false;
  }

  #step(ratio: number, nowMs: number): boolean {
    this.#steppedMs = nowMs;
    if (ratio === this.ratio) return false;
    this.ratio = ratio;
    this.ceiling = ratio === 1 ? KEEP_ALL : thresholdOf(ratio);
    if (ratio === 1) this.cause = undefined;
    return true;
  }
}
