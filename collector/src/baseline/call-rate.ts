// How often an operation is called of late, and how long it has not been: in calls that were to be expected meanwhile, so
// that a gap at night is the same as a shorter one by day.

/** The rate of late is taken over this long, exponentially weighted. */
const LATELY_MS = 300_000;

export class CallRate {
  /** Calls a second. */
  perS = 0;
  /** The last second with a call; NaN before any. */
  lastMs = NaN;
  /** Calls missed in the longest gap so far. */
  longestMissed = 0;
  #seenMs = 0;

  /** Takes a second that has ended. @param isJudged it is silent for longer than it ever was: its rate stands still meanwhile */
  take(timeMs: number, calls: number, lengthMs: number, isJudged: boolean): void {
    if (Number.isNaN(this.lastMs) && calls === 0) return;
    if (!isJudged) {
      this.#seenMs = Math.min(LATELY_MS, this.#seenMs + lengthMs);
      this.perS += (lengthMs / this.#seenMs) * (calls / (lengthMs / 1000) - this.perS);
    }
    if (calls > 0) this.lastMs = timeMs;
  }

  /** Notes the gap that ends now, if it is the longest. */
  note(timeMs: number): void {
    this.longestMissed = Math.max(this.longestMissed, this.missed(timeMs));
  }

  /** Passes over a time of which nothing is known. */
  pass(pauseMs: number): void {
    this.lastMs += pauseMs;
  }

  snapshot() {
    const { perS, lastMs, longestMissed } = this;
    return { perS, lastMs, longestMissed, seenMs: this.#seenMs };
  }

  restore({ perS, lastMs, longestMissed, seenMs }: ReturnType<CallRate['snapshot']>): void {
    Object.assign(this, { perS, lastMs, longestMissed });
    this.#seenMs = seenMs;
  }

  /** Calls that were to be expected since the last. */
  missed(timeMs: number): number {
    return Number.isNaN(this.lastMs) ? 0 : ((timeMs - this.lastMs) / 1000) * this.perS;
  }
}
