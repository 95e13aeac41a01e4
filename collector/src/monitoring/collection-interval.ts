// How often what is dear is read: longer while it is quiet, at once as often as allowed when it moves.

/** Quiet readings make the interval longer by this: from 1 s to 300 s in 14 of them, twenty minutes. */
const GROWTH = 1.5;

export interface IntervalLimits {
  readonly baseMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** The interval of one reader. Pure: times are arguments. */
export class CollectionInterval {
  readonly #limits: IntervalLimits;
  #intervalMs: number;
  #dueMs = -Infinity;
  #lastMs = -Infinity;

  constructor(limits: IntervalLimits) {
    this.#limits = limits;
    this.#intervalMs = Math.min(limits.maxMs, Math.max(limits.minMs, limits.baseMs));
  }

  /** Milliseconds between readings now. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  /** Told of a reading, and whether it differed from what was known. */
  wasRead(nowMs: number, moved: boolean): void {
    const { minMs, maxMs } = this.#limits;
    this.#intervalMs = moved ? minMs : Math.min(maxMs, this.#intervalMs * GROWTH);
    this.#lastMs = nowMs;
    this.#dueMs = nowMs + this.#intervalMs;
  }

  /** Something says that it moves: it is read as soon as it may be. */
  hurry(): void {
    this.#intervalMs = this.#limits.minMs;
    this.#dueMs = Math.min(this.#dueMs, this.#lastMs + this.#limits.minMs);
  }
}
