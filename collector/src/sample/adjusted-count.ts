// How many spans there were, estimated from those that were kept: what a backend can know, held against what we counted.
// Pure sums; one estimate is for one stretch of time and one set of traces.
import { adjustedCount, type Half56 } from '../otlp/trace-state.ts';

/** Kept traces with a threshold above 0 from which an interval says something. */
export const LEAST_TRACES = 30;
/** Standard errors either side of an interval that holds in 95 of 100 cases. */
const Z_95 = 1.959964;

/** Student's quantile by its expansion, good to 1 % from 5 degrees on. @see Abramowitz and Stegun 26.7.5 */
function quantile95(freedom: number): number {
  return Z_95 + (Z_95 ** 3 + Z_95) / (4 * freedom);
}

/** An estimate with its 95 % interval, in spans. */
export interface CountEstimate {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** False where so few traces were kept by chance that the interval says little. */
  readonly isEnough: boolean;
}

/** Sums over kept traces. Traces kept for another's sake, without a threshold, are not to be added. */
export class CountEstimator {
  /** Spans of traces kept in any case: they stand for themselves only. */
  #sure = 0;
  #chance = 0;
  #variance = 0;
  /** Sum of the squares of what each trace stands for. */
  #squares = 0;
  #traces = 0;

  /** Adds a kept trace. @param threshold at which it was kept, the same for all its spans */
  add(spans: number, threshold: Half56): void {
    const weight = adjustedCount(threshold.high, threshold.low);
    if (weight === 1) {
      this.#sure += spans;
      return;
    }
    this.#traces++;
    this.#chance += spans * weight;
    this.#squares += (spans * weight) ** 2;
    // Horvitz and Thompson: a trace is in or out as a whole, so the variance goes by trace, with its spans squared.
    this.#variance += spans * spans * weight * (weight - 1);
  }

  /** Adds what another estimator has seen. */
  merge(other: CountEstimator): void {
    this.#sure += other.#sure;
    this.#chance += other.#chance;
    this.#variance += other.#variance;
    this.#squares += other.#squares;
    this.#traces += other.#traces;
  }

  /**
   * The estimate, with a log-normal interval round the part that was left to chance: it is never below what was seen, and
   * skewed as counts of few large traces are.
   */
  get count(): CountEstimate {
    const chance = this.#chance;
    if (chance === 0) return { estimate: this.#sure, low: this.#sure, high: this.#sure, isEnough: true };
    const spread = Math.sqrt(Math.log1p(this.#variance / (chance * chance)));
    // The spread is itself estimated, from as many traces as would weigh so much if all weighed alike.
    const freedom = Math.max(1, (chance * chance) / this.#squares - 1);
    const factor = Math.exp(quantile95(freedom) * spread);
    return {
      estimate: this.#sure + chance,
      low: this.#sure + chance / factor,
      high: this.#sure + chance * factor,
      isEnough: this.#traces >= LEAST_TRACES,
    };
  }
}

/** Minutes an estimate is made over. */
export const ESTIMATED_MINUTES = 10;

/** An estimate of the last minutes beside what was counted. */
export interface CheckedEstimate extends CountEstimate {
  /** Spans of all traces decided in that time. */
  readonly exact: number;
}

/** Decided traces of the last minutes, by minute. */
export class RecentEstimate {
  readonly #minutes: { minute: number; exact: number; kept: CountEstimator }[] = [];

  /** Counts a decided trace. @param threshold undefined where it was not kept, or kept for another's sake */
  add(spans: number, threshold: Half56 | undefined, nowMs: number): void {
    const minute = Math.floor(nowMs / 60_000);
    let newest = this.#minutes.at(-1);
    if (newest === undefined || newest.minute !== minute) {
      newest = { minute, exact: 0, kept: new CountEstimator() };
      this.#minutes.push(newest);
      if (this.#minutes.length > ESTIMATED_MINUTES) this.#minutes.shift();
    }
    newest.exact += spans;
    if (threshold !== undefined) newest.kept.add(spans, threshold);
  }

  read(nowMs: number): CheckedEstimate {
    const oldest = Math.floor(nowMs / 60_000) - ESTIMATED_MINUTES;
    const recent = this.#minutes.filter(({ minute }) => minute > oldest);
    const all = new CountEstimator();
    for (const { kept } of recent) all.merge(kept);
    return { ...all.count, exact: recent.reduce((sum, { exact }) => sum + exact, 0) };
  }
}
