// What a series was over the last days and weeks: means and maxima of hours and of days, for reports.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Four days, so that yesterday and the day before are there by the hour until tomorrow. */
const HOURS = 96;
/** Two months and some days. */
const DAYS = 64;
/** Of each span: how many steps, their sum and the greatest. */
const WIDTH = 3;

/** One hour or day. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly mean: number;
  readonly max: number;
}

/** 1.9 KB a series. */
export class ResourceHistory {
  readonly #hours = new Spans(HOUR_MS, HOURS);
  readonly #days = new Spans(DAY_MS, DAYS);

  /** All that is known; to be kept and filled anew. */
  get state(): readonly ArrayBufferView[] {
    return [...this.#hours.state, ...this.#days.state];
  }

  /** @param timeMs not before those that came already, but for some seconds */
  take(timeMs: number, value: number): void {
    this.#hours.take(timeMs, value);
    this.#days.take(timeMs, value);
  }

  /** Hours where they reach back so far, else days of UTC; those whose middle lies between, and that which goes on. @param toMs not included */
  between(fromMs: number, toMs: number): Span[] {
    return [...(fromMs >= this.#hours.fromMs ? this.#hours : this.#days).between(fromMs, toMs)];
  }
}

/** Equal spans of time, the latest ones only. */
class Spans {
  readonly #spanMs: number;
  readonly #most: number;
  readonly #values: Float32Array;
  /** Number of each place's span since the epoch. */
  readonly #numbers: Int32Array;

  constructor(spanMs: number, most: number) {
    this.#spanMs = spanMs;
    this.#most = most;
    this.#values = new Float32Array(most * WIDTH);
    this.#numbers = new Int32Array(most).fill(-1);
  }

  get state(): readonly ArrayBufferView[] {
    return [this.#values, this.#numbers];
  }

  /** As far as they can reach back. */
  get fromMs(): number {
    return (this.#newest - this.#most + 1) * this.#spanMs;
  }

  get #newest(): number {
    return this.#numbers.reduce((newest, number) => Math.max(newest, number), -1);
  }

  take(timeMs: number, value: number): void {
    const number = Math.floor(timeMs / this.#spanMs);
    const place = number % this.#most;
    const at = place * WIDTH;
    if ((this.#numbers[place] ?? 0) > number) return;
    if (this.#numbers[place] !== number) {
      this.#numbers[place] = number;
      this.#values.fill(0, at, at + 2);
      this.#values[at + 2] = -Infinity;
    }
    this.#values[at] = (this.#values[at] ?? 0) + 1;
    this.#values[at + 1] = (this.#values[at + 1] ?? 0) + value;
    this.#values[at + 2] = Math.max(this.#values[at + 2] ?? 0, value);
  }

  *between(fromMs: number, toMs: number): Generator<Span> {
    const newest = this.#newest;
    const known = [...this.#numbers.keys()].filter((place) => {
      const number = this.#numbers[place] ?? -1;
      // That which goes on counts from its beginning.
      const timeMs = (number === newest ? number : number + 0.5) * this.#spanMs;
      return number >= 0 && timeMs >= fromMs && timeMs < toMs;
    });
    known.sort((a, b) => (this.#numbers[a] ?? 0) - (this.#numbers[b] ?? 0));
    for (const place of known) {
      const [count = 1, sum = 0, max = 0] = this.#values.subarray(place * WIDTH, (place + 1) * WIDTH);
      const number = this.#numbers[place] ?? 0;
      yield { fromMs: number * this.#spanMs, toMs: (number + 1) * this.#spanMs, mean: sum / count, max };
    }
  }
}
