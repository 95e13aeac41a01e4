// Whether a queue is about to lose what waits in it: by how full it is, how it fills, and whether anybody takes from it.
// Pure: one reading a second.
import { type TimeToLimit, timeToLimit, trendOf } from '../baseline/resource-trend.ts';

/** One look at a queue. */
export interface QueueReading {
  /** 0..1 */
  readonly fill: number;
  /** The last attempt to deliver was in vain. */
  readonly isFailing: boolean;
}

/** What is wrong with it; `fullInMs` where its trend tells. */
export interface QueueRisk {
  readonly fill: number;
  readonly isFailing: boolean;
  readonly fullInMs?: number;
}

/** So full, and nobody takes from it: there is no time to wait for a trend. */
const NEARLY_FULL = 0.8;
/** A queue that fills as fast as this says leaves as much time as somebody needs to do something. */
const FULL_WITHIN_MS = 600_000;
/** A tenth is filled by a second of load that the receiver has caught up with in the next. */
const LEAST_FILL = 0.25;
/** It is out of danger once it is emptier than this and somebody takes from it. */
const SAFE_FILL = 0.2;

/** Trends are of medians of so many readings, a minute of them. */
const READINGS = 5;
const POINTS = 12;

export class QueueWatch {
  readonly #readings: number[] = [];
  readonly #times: number[] = [];
  readonly #fills: number[] = [];
  #isAtRisk: boolean;

  /** @param isAtRisk it was when this program ended */
  constructor(isAtRisk = false) {
    this.#isAtRisk = isAtRisk;
  }

  /** @returns undefined where nothing is about to be lost */
  look(nowMs: number, { fill, isFailing }: QueueReading): QueueRisk | undefined {
    this.#note(nowMs, fill);
    const { ms } = this.#timeToFull(nowMs) ?? { ms: Infinity };
    const fills = fill >= LEAST_FILL && ms <= FULL_WITHIN_MS;
    if (this.#isAtRisk) this.#isAtRisk = isFailing || fill >= SAFE_FILL;
    else this.#isAtRisk = fills || (isFailing && fill > NEARLY_FULL);
    if (!this.#isAtRisk) return undefined;
    return { fill, isFailing, ...(fills ? { fullInMs: ms } : {}) };
  }

  #note(nowMs: number, fill: number): void {
    this.#readings.push(fill);
    if (this.#readings.length < READINGS) return;
    const middle = this.#readings.toSorted((a, b) => a - b)[READINGS >> 1] ?? fill;
    this.#readings.length = 0;
    this.#times.push(nowMs);
    this.#fills.push(middle);
    if (this.#times.length <= POINTS) return;
    this.#times.shift();
    this.#fills.shift();
  }

  #timeToFull(nowMs: number): TimeToLimit | undefined {
    const trend = trendOf(this.#times, this.#fills, nowMs);
    return trend && timeToLimit(trend, 1);
  }
}
