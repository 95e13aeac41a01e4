// When series are pushed though they did not move: late enough that few are pushed twice, and together, so that few requests
// carry them. Pure: time is an argument.

/** Who is due within this share of a heartbeat is taken along. */
const TOGETHER_RATIO = 1 / 20;

/** Heartbeats of many series that are looked at every tick. */
export class Beats {
  readonly #dueMs: number;
  readonly #togetherMs: number;
  /** No point is older. */
  #oldestMs = -Infinity;

  /**
   * @param heartbeatMs age no point may exceed
   * @param tickMs from one look to the next
   */
  constructor(heartbeatMs: number, tickMs: number) {
    // What would be too old at the next look is due at this one, and looks are late by little.
    this.#dueMs = heartbeatMs - 1.5 * tickMs;
    this.#togetherMs = heartbeatMs * TOGETHER_RATIO;
  }

  /**
   * Finds who is to be pushed now.
   *
   * @param pushedMs when the last point of a series was read
   */
  due(rows: Iterable<number>, pushedMs: (row: number) => number, nowMs: number): number[] {
    if (nowMs - this.#oldestMs <= this.#dueMs) return [];
    const due: number[] = [];
    this.#oldestMs = nowMs;
    for (const row of rows) {
      const atMs = pushedMs(row);
      this.#oldestMs = Math.min(this.#oldestMs, atMs);
      if (atMs < nowMs && nowMs - atMs > this.#dueMs - this.#togetherMs) due.push(row);
    }
    // The oldest of last time may have moved since.
    return nowMs - this.#oldestMs > this.#dueMs ? due : [];
  }
}
