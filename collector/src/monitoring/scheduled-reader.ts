// One reader with its interval, what it costs, and how it fails.
import { CollectionInterval, type IntervalLimits } from './collection-interval.ts';
import type { Failure } from './instruments.ts';
import type { Reader } from './reader.ts';

/**
 * What is declared cheap costs up to 50 µs where it is read in a loop, and stays at the shortest interval. Once a second,
 * with everything out of the caches, it may cost ten times that; beyond, this machine has too much of it.
 */
const CHEAP_MS = 0.5;
/** Share of a core that a dear reading may take while it moves: as much as all that is cheap. */
const DEAR_CPU_RATIO = 1 / 3000;
/** The cheapest of so many readings is what it costs: others were interrupted, or ran code for the first time. */
const COST_READINGS = 16;
/** A share of what the sentinel shows that is movement. */
const SENTINEL_RATIO = 0.05;

/** A reader as it is run. */
export class ScheduledReader {
  readonly reader: Reader;
  readonly interval: CollectionInterval;
  /** Steered by the interval. */
  isDear: boolean;
  /** An answer is waited for. */
  isBusy = false;
  /** Milliseconds of a reading. */
  costMs = 0;
  readonly #minMs: number;
  #failure: Failure | undefined;
  #readings = 0;
  #leastMs = Infinity;
  #figure = NaN;
  #lastMs = -Infinity;

  constructor(reader: Reader, limits: IntervalLimits) {
    this.reader = reader;
    this.isDear = reader.isDear;
    this.interval = new CollectionInterval(limits);
    this.#minMs = limits.minMs;
  }

  /** Milliseconds between readings now. */
  get currentIntervalMs(): number {
    return this.isDear ? this.interval.intervalMs : this.#minMs;
  }

  /** Whether it is to be read now. Looks at the sentinel of a dear one. */
  isDue(nowMs: number): boolean {
    if (this.isBusy) return false;
    if (!this.isDear && this.#failure === undefined) return true;
    if (this.#failure === undefined && this.#sentinelMoved()) this.interval.hurry();
    return this.interval.isDue(nowMs) && nowMs - this.#lastMs >= this.costMs / DEAR_CPU_RATIO;
  }

  /** Told of a reading that worked. @param tookMs undefined where it waited for an answer */
  worked(nowMs: number, moved: boolean, tookMs: number | undefined): void {
    this.#failure = undefined;
    this.#lastMs = nowMs;
    this.interval.wasRead(nowMs, moved);
    if (tookMs === undefined) return;
    this.costMs = this.costMs === 0 ? tookMs : this.costMs + (tookMs - this.costMs) / COST_READINGS;
    this.#leastMs = Math.min(this.#leastMs, tookMs);
    if (++this.#readings % COST_READINGS !== 0) return;
    if (!this.reader.isDear) this.isDear = this.#leastMs > CHEAP_MS;
    this.#leastMs = Infinity;
  }

  /** Told that it failed. @returns why, where it did not fail so the last time */
  failed(nowMs: number, error: unknown): Failure | undefined {
    const failure = failureOf(error);
    const isNew = failure !== this.#failure;
    this.#failure = failure;
    this.interval.wasRead(nowMs, false);
    return isNew ? failure : undefined;
  }

  #sentinelMoved(): boolean {
    if (this.reader.sentinel === undefined) return false;
    let figure: number;
    try {
      figure = this.reader.sentinel();
    } catch {
      // Without it the interval alone decides.
      return false;
    }
    const moved = Math.abs(figure - this.#figure) > SENTINEL_RATIO * Math.abs(this.#figure);
    if (moved || Number.isNaN(this.#figure)) this.#figure = figure;
    return moved;
  }
}

function failureOf(error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
  return code === 'EACCES' || code === 'EPERM' ? 'forbidden' : 'other';
}
