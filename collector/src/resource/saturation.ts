// How near a resource is to its limit: used ratio against fixed shares, sustained, and the time that is left by its trend.
// It learns nothing: what is usual near a limit is still near the limit.
import type { Severity } from '../baseline/contract.ts';
import { medianOfSorted, type TimeToLimit, timeToLimit, trendOf } from './trend.ts';

export interface SaturationOptions {
  /** Used ratios above which it is said. */
  readonly warning: number;
  readonly critical: number;
  /** How long it must be above. */
  readonly sustainedMs: number;
  /** How long it must be below again. */
  readonly clearMs: number;
  /** So far below it must fall to be over. */
  readonly hysteresis: number;
  /** How far back the trend looks. */
  readonly trendMs: number;
}

export const SATURATION: SaturationOptions = {
  warning: 0.8,
  critical: 0.95,
  sustainedMs: 60_000,
  clearMs: 60_000,
  hysteresis: 0.03,
  trendMs: 6 * 3_600_000,
};

export interface SaturationVerdict {
  readonly severity: Extract<Severity, 'warning' | 'critical'> | 'none';
  /** Whether it is another one than at the reading before. */
  readonly isChange: boolean;
  /** When the reading came that began it; NaN while there is none. */
  readonly onsetMs: number;
}

/** Parts of the trend's time, each of which gives one median. */
const PARTS = 36;
/** The present part counts from so many readings on. */
const LEAST_OF_PART = 3;
/** Values kept to take a part's median from. */
const MOST_OF_PART = 32;

/** Watches one used ratio; 1.3 KB. */
export class ResourceSaturation {
  readonly #options: SaturationOptions;
  readonly #warning: Above;
  readonly #critical: Above;
  /** Medians of parts that are over, oldest first, and the readings of the present part. */
  #times: number[] = [];
  #medians: number[] = [];
  #part = -1;
  #values: number[] = [];
  #seen = 0;
  #severity: SaturationVerdict['severity'] = 'none';
  #lastMs = NaN;

  constructor(options: Partial<SaturationOptions> = {}) {
    this.#options = { ...SATURATION, ...options };
    this.#warning = new Above(this.#options.warning, this.#options);
    this.#critical = new Above(this.#options.critical, this.#options);
  }

  /** Takes a reading. One that is no number is passed over. @param usedRatio 0..1, or above where a limit can be passed */
  take(timeMs: number, usedRatio: number): SaturationVerdict {
    const before = this.#severity;
    if (Number.isFinite(usedRatio)) {
      const sinceMs = Math.max(0, timeMs - (Number.isNaN(this.#lastMs) ? timeMs : this.#lastMs));
      this.#lastMs = timeMs;
      this.#warning.take(timeMs, sinceMs, usedRatio);
      this.#critical.take(timeMs, sinceMs, usedRatio);
      this.#severity = this.#critical.holds ? 'critical' : this.#warning.holds ? 'warning' : 'none';
      this.#keep(timeMs, usedRatio);
    }
    const of = this.#severity === 'critical' ? this.#critical : this.#warning;
    return {
      severity: this.#severity,
      isChange: this.#severity !== before,
      onsetMs: this.#severity === 'none' ? NaN : of.onsetMs,
    };
  }

  /** When the trend of the last hours meets a limit, from the latest reading on. @returns none where it does not rise for certain, or too little is known */
  timeToLimit(limit = 1): TimeToLimit | undefined {
    const times = [...this.#times];
    const medians = [...this.#medians];
    if (this.#values.length >= LEAST_OF_PART) {
      times.push((this.#part * this.#partMs + this.#lastMs) / 2);
      medians.push(median(this.#values));
    }
    const trend = trendOf(times, medians, this.#lastMs);
    return trend === undefined ? undefined : timeToLimit(trend, limit);
  }

  /** What is known, to be kept; a copy. */
  snapshot() {
    return {
      warning: this.#warning.snapshot(),
      critical: this.#critical.snapshot(),
      times: [...this.#times],
      medians: [...this.#medians],
      part: this.#part,
      values: [...this.#values],
      seen: this.#seen,
      severity: this.#severity,
      lastMs: this.#lastMs,
    };
  }

  /** Goes on where a snapshot was taken. */
  restore(saved: SavedSaturation): void {
    this.#warning.restore(saved.warning);
    this.#critical.restore(saved.critical);
    this.#times = [...saved.times];
    this.#medians = [...saved.medians];
    this.#values = [...saved.values];
    [this.#part, this.#seen, this.#lastMs] = [saved.part, saved.seen, saved.lastMs];
    this.#severity = saved.severity;
  }

  get #partMs(): number {
    return this.#options.trendMs / PARTS;
  }

  #keep(timeMs: number, value: number): void {
    const part = Math.floor(timeMs / this.#partMs);
    if (part !== this.#part && this.#values.length > 0) {
      this.#times.push((this.#part + 0.5) * this.#partMs);
      this.#medians.push(median(this.#values));
      this.#values = [];
      this.#seen = 0;
    }
    while (this.#times.length > PARTS || (this.#times[0] ?? timeMs) < timeMs - this.#options.trendMs) {
      this.#times.shift();
      this.#medians.shift();
    }
    this.#part = part;
    // Beyond what is kept, the latest readings take the places of the oldest: still of this part.
    this.#values[this.#seen++ % MOST_OF_PART] = value;
  }
}

export type SavedSaturation = ReturnType<ResourceSaturation['snapshot']>;

/** Whether a value is above a threshold for long enough: time above fills a bucket, time below empties it. */
class Above {
  holds = false;
  onsetMs = NaN;
  readonly #threshold: number;
  readonly #options: Pick<SaturationOptions, 'hysteresis' | 'sustainedMs' | 'clearMs'>;
  #filledMs = 0;
  /** 1 where the latest reading was above, -1 where it was below again, 0 between. */
  #side: -1 | 0 | 1 = 0;

  constructor(threshold: number, options: Pick<SaturationOptions, 'hysteresis' | 'sustainedMs' | 'clearMs'>) {
    this.#threshold = threshold;
    this.#options = options;
  }

  snapshot() {
    return { holds: this.holds, onsetMs: this.onsetMs, filledMs: this.#filledMs, side: this.#side };
  }

  restore(saved: ReturnType<Above['snapshot']>): void {
    this.holds = saved.holds;
    this.onsetMs = saved.onsetMs;
    this.#filledMs = saved.filledMs;
    this.#side = saved.side;
  }

  take(timeMs: number, sinceMs: number, value: number): void {
    const { hysteresis, sustainedMs, clearMs } = this.#options;
    // The time since a reading is taken for what that reading was, but for no more than half of what it takes: so it
    // takes three of them, however seldom they come. Two are enough to be over.
    const gainMs =
      this.#side < 0 ? -sinceMs * (sustainedMs / clearMs) : Math.min(sinceMs, sustainedMs / 2) * this.#side;
    this.#filledMs = Math.max(0, Math.min(sustainedMs, this.#filledMs + gainMs));
    this.#side = value > this.#threshold ? 1 : value < this.#threshold - hysteresis ? -1 : 0;
    if (this.#side > 0 && Number.isNaN(this.onsetMs)) this.onsetMs = timeMs;
    if (this.#filledMs >= sustainedMs) this.holds = true;
    // A rest of rounding is nothing.
    if (this.#filledMs > 1 || this.#side >= 0) return;
    this.holds = false;
    this.onsetMs = NaN;
  }
}

function median(values: readonly number[]): number {
  return medianOfSorted([...values].sort((a, b) => a - b));
}
