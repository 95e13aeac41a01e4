// Evidence that calls have stopped: how unlikely the gap since the last one is at the rate there was.

/** Rates fall without anything being wrong; this share of what is expected is still expected. */
const SURE_SHARE = 0.6;
/** And a gap is none that was seen before, with so much on top. */
const GAP_FACTOR = 2.5;
/** The rate of late is taken over this long. */
const LATELY_MS = 300_000;

export class SilenceTest {
  readonly #learnedPerS: number;
  readonly #longestGapMs: number;
  /** Rate over the last minutes, exponentially weighted; calls a second. */
  #latePerS: number;
  #lastMs: number;

  /** @param lastMs when it was last called */
  constructor(
    { callsPerSecond, longestGapMs }: { readonly callsPerSecond: number; readonly longestGapMs: number },
    lastMs: number,
  ) {
    this.#learnedPerS = callsPerSecond;
    this.#latePerS = callsPerSecond;
    this.#longestGapMs = longestGapMs;
    this.#lastMs = lastMs;
  }

  /** Calls have come again. */
  resume(timeMs: number): void {
    this.#lastMs = timeMs;
  }

  /** Takes a second that has ended. */
  take(timeMs: number, calls: number, lengthMs: number): void {
    if (calls > 0) this.#lastMs = timeMs;
    // While nothing comes the rate stands still: silence is what is judged by it.
    if (calls === 0 && this.gapMs(timeMs) > this.#longestGapMs) return;
    this.#latePerS += (lengthMs / LATELY_MS) * (calls / (lengthMs / 1000) - this.#latePerS);
  }

  gapMs(timeMs: number): number {
    return Number.isNaN(this.#lastMs) ? 0 : timeMs - this.#lastMs;
  }

  /** Calls a second that are surely expected. */
  get surePerS(): number {
    return SURE_SHARE * Math.min(this.#learnedPerS, this.#latePerS);
  }

  /** Nats against the gap being chance; 0 while one as long was seen before. */
  nats(timeMs: number): number {
    const gapMs = this.gapMs(timeMs);
    return gapMs <= GAP_FACTOR * this.#longestGapMs ? 0 : (gapMs / 1000) * this.surePerS;
  }

  /** The last call before the gap. */
  get lastMs(): number {
    return this.#lastMs;
  }
}
