// What is slow for one operation, learned from its own earlier durations without those that were slow themselves.
import { DurationCounts, durationBucket } from './duration-counts.ts';

export interface SlowLimitOptions {
  /** Slow is above p99 × times, and above p99 + excessMs. */
  readonly times: number;
  readonly excessMs: number;
  /** Share of an operation's spans that may be slow; what is beyond is its new normal. */
  readonly maxShare: number;
  /** Durations from which a p99 is believed. */
  readonly minSamples: number;
}

/** Durations of a window are learned from once the window is over for 60 s. */
export const WINDOW_MS = 30_000;
const WAITING_WINDOWS = 2;

const QUANTILE = 0.99;
/**
 * Share of healthy traffic that is slow by chance. So many of the durations left out still count for the rank of the
 * quantile: without them it would sink a little with every window. More of them are not health.
 */
const HEALTHY_SHARE = 0.005;
/** What was learned weighs half after 5 minutes, */
const DECAY = 0.5 ** (WINDOW_MS / 300_000);
/** unless less than this would be left: operations with little traffic remember longer. */
const REMEMBERED = 1000;
/** The share of slow ones is that of about the last two windows, or of so many durations, */
const SHARE_DECAY = 0.5;
const SHARE_OF = 100;
/** and more than may be slow are when the share is above by so many standard errors. What is learned by mistake stays. */
const CERTAIN = 3;

interface Window {
  /** Spans, and how many of them were above the limit. */
  total: number;
  slow: number;
  readonly counts: DurationCounts;
  /** Durations of spans called slow. */
  left: DurationCounts | undefined;
}

/** One operation. */
export class SlowLimit {
  /** Above it a span is slow; Infinity while too little is known. */
  limitMs = Infinity;
  readonly #options: SlowLimitOptions;
  readonly #learned = new DurationCounts();
  /** Durations left out of what was learned, fading alike. */
  #leftOut = 0;
  /** Slow ones that may still be kept: what the share leaves unused is saved, up to that of one window. */
  #credit: number;
  #recentTotal = 0;
  #recentSlow = 0;
  #window = emptyWindow();
  readonly #waiting: Window[] = [];

  constructor(options: SlowLimitOptions) {
    this.#options = options;
    this.#credit = options.maxShare * SHARE_OF;
  }

  /** Counts a span. @returns whether it is slow, and still within the share that may be */
  isSlow(durationMs: number): boolean {
    const window = this.#window;
    const { maxShare } = this.#options;
    window.total++;
    this.#credit = Math.min(this.#credit + maxShare, maxShare * Math.max(SHARE_OF, this.#waiting.at(-1)?.total ?? 0));
    const bucket = durationBucket(durationMs);
    if (durationMs > this.limitMs) {
      window.slow++;
      if (this.#credit >= 1) {
        this.#credit--;
        (window.left ??= new DurationCounts()).add(bucket);
        return true;
      }
    }
    window.counts.add(bucket);
    return false;
  }

  /** Ends a window. @returns whether it had any span */
  turn(): boolean {
    const { total } = this.#window;
    this.#waiting.push(this.#window);
    this.#window = emptyWindow();
    if (this.#waiting.length > WAITING_WINDOWS) this.#learn(this.#waiting.shift() ?? this.#window);
    return total > 0;
  }

  #learn({ total, slow, counts, left }: Window): void {
    const { minSamples, times, excessMs } = this.#options;
    if (total === 0) return;
    const learned = this.#learned;
    const fading = fadingOf(learned.total, DECAY, Math.max(REMEMBERED, minSamples * 2));
    learned.scale(fading);
    learned.addAll(counts);
    const shareFading = fadingOf(this.#recentTotal, SHARE_DECAY, SHARE_OF);
    this.#recentTotal = this.#recentTotal * shareFading + total;
    this.#recentSlow = this.#recentSlow * shareFading + slow;
    this.#leftOut *= fading;
    // Too many to be called slow: the operation has changed, and this is how it is now.
    if (left !== undefined) {
      if (this.#isTooMany()) learned.addAll(left);
      else this.#leftOut += left.total;
    }
    if (learned.total < minSamples) return;
    const counted = learned.total + Math.min(this.#leftOut, HEALTHY_SHARE * (learned.total + this.#leftOut));
    const p99 = learned.atRank(Math.min(learned.total, QUANTILE * counted));
    this.limitMs = Math.max(p99 * times, p99 + excessMs);
  }

  #isTooMany(): boolean {
    const { maxShare } = this.#options;
    const total = this.#recentTotal;
    return this.#recentSlow > maxShare * total + CERTAIN * Math.sqrt(maxShare * (1 - maxShare) * total);
  }
}

/** By how much to fade so that what is left is not less than `least`. */
function fadingOf(total: number, decay: number, least: number): number {
  return total <= least ? 1 : Math.max(decay, least / total);
}

function emptyWindow(): Window {
  return { total: 0, slow: 0, counts: new DurationCounts(), left: undefined };
}
