// How often an operation is called of late, and how long it has not been: in calls that were to be expected meanwhile, so
// that a gap at night is the same as a shorter one by day.

/** The rate of late is taken over this long, exponentially weighted. */
const LATELY_MS = 300_000;

/** Where senders sample, the rate of late is also that of so many calls: it follows at once when they sample less. */
const RECENT_CALLS = 10;
/** After senders were told to sample less, this many calls tell how often they come now; nothing is judged before. */
const SETTLED_CALLS = 20;
/** But no longer than this: whoever has stopped does not settle. */
const SETTLED_MS = 600_000;

export class CallRate {
  /** Not every call is sent: how many are may change, and says nothing of how often it is called. */
  isHeadSampled: boolean;
  /** Calls a second. */
  perS = 0;
  /** The last second with a call; NaN before any. */
  lastMs = NaN;
  /** Calls missed in the longest gap so far. */
  longestMissed = 0;
  #seenMs = 0;
  /** Between calls, the last ones counting most. */
  #recentGapMs = NaN;
  /** Since senders were told to sample less. */
  #callsSince = Infinity;
  #lessMs = NaN;

  constructor(isHeadSampled = false) {
    this.isHeadSampled = isHeadSampled;
  }

  /** Takes a second that has ended. @param isJudged it is silent for longer than it ever was: its rate stands still meanwhile */
  take(timeMs: number, calls: number, lengthMs: number, isJudged: boolean): void {
    if (Number.isNaN(this.lastMs) && calls === 0) return;
    if (!isJudged) {
      this.#seenMs = Math.min(LATELY_MS, this.#seenMs + lengthMs);
      this.perS += (lengthMs / this.#seenMs) * (calls / (lengthMs / 1000) - this.perS);
    }
    if (calls === 0) return;
    if (!Number.isNaN(this.lastMs)) this.#noteGap((timeMs - this.lastMs) / calls, calls);
    this.lastMs = timeMs;
  }

  /** Senders were told to sample less. */
  sampledLess(): void {
    [this.#callsSince, this.#lessMs] = [0, NaN];
  }

  /** Whether it is known how often calls come. */
  isSettled(timeMs: number): boolean {
    if (!this.isHeadSampled || this.#callsSince >= SETTLED_CALLS) return true;
    if (Number.isNaN(this.#lessMs)) this.#lessMs = timeMs;
    return timeMs - this.#lessMs > SETTLED_MS;
  }

  /** Calls a second that are to be expected: of late, and of the last few where senders sample. */
  get expectedPerS(): number {
    // Before the second call there are no gaps, and nothing to be less than.
    return this.isHeadSampled && this.#recentGapMs > 0 ? Math.min(this.perS, 1000 / this.#recentGapMs) : this.perS;
  }

  /** Notes the gap that ends now, if it is the longest; not one that came of sampling less. */
  note(timeMs: number): void {
    if (!this.isSettled(timeMs)) return;
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
    return Number.isNaN(this.lastMs) ? 0 : ((timeMs - this.lastMs) / 1000) * this.expectedPerS;
  }

  #noteGap(gapMs: number, calls: number): void {
    this.#callsSince += calls;
    const weight = 1 - (1 - 1 / RECENT_CALLS) ** calls;
    this.#recentGapMs = Number.isNaN(this.#recentGapMs)
      ? gapMs
      : this.#recentGapMs + weight * (gapMs - this.#recentGapMs);
  }
}
