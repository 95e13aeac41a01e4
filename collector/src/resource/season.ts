// What a resource's value was at the same time of other days and weeks. It decides itself which of the two is of use, or
// that none is.

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Half an hour of the day, an hour of the week. */
const DAY_BINS = 48;
const WEEK_BINS = 168;
/** A time of day is known once seen on so many days. */
const LEAST_PERIODS = 2;
/** A mean follows as if it were of no more readings, so a season may change. */
const MOST_READINGS = 40;
const MOST_COUNTED = 255;
/** A season is used where it explains so much of the variance. */
const LEAST_EXPLAINED = 0.3;
/** The week is used where it leaves so much less than the day. */
const WEEK_BETTER = 0.7;
/** Variances are those of about the last 500 readings. */
const VARIANCE_GAIN = 0.002;

/** Readings that are withheld at most. */
const MOST_WITHHELD = 60;

/** Whether a reading is learned: `later` leaves it open until the next that is or never is. */
export type Learns = 'now' | 'later' | 'never';

/** What is expected at a time of a series with a season; 2.2 KB. */
export class ResourceSeason {
  readonly #day: Reference;
  readonly #week: Reference;
  /** Readings of which it is not certain yet that they are learned. */
  #withheld: (readonly [timeMs: number, value: number])[] = [];

  /** @param often how many times as often readings come as each five minutes */
  constructor(often = 1) {
    const most = Math.max(1, Math.min(MOST_COUNTED, Math.round(MOST_READINGS * often)));
    this.#day = new Reference(DAY_BINS, DAY_MS, most);
    this.#week = new Reference(WEEK_BINS, WEEK_MS, most);
  }

  /** All that is learned; to be kept and filled anew, not to be changed otherwise. */
  get state(): readonly ArrayBufferView[] {
    return [...this.#day.state, ...this.#week.state];
  }

  /** Whether what `expected` says is better than a constant. */
  get isUseful(): boolean {
    return this.#day.explains || this.#week.explains;
  }

  /** What was usual at this time of week or day. @returns NaN where it was not seen twice */
  expected(timeMs: number): number {
    const [day, week] = [this.#day, this.#week];
    const ofWeek = week.at(timeMs);
    const isWeekBetter = week.explains && week.rest < WEEK_BETTER * day.rest;
    return isWeekBetter && !Number.isNaN(ofWeek) ? ofWeek : day.at(timeMs);
  }

  /** Takes a reading. */
  learn(timeMs: number, value: number, when: Learns = 'now'): void {
    if (when === 'never') {
      this.#withheld = [];
      return;
    }
    this.#withheld.push([timeMs, value]);
    const kept = when === 'later' ? MOST_WITHHELD : 0;
    while (this.#withheld.length > kept) {
      const [thenMs, then] = this.#withheld.shift() ?? [timeMs, value];
      this.#day.learn(thenMs, then);
      this.#week.learn(thenMs, then);
    }
  }
}

/** Readings, their mean and variance, and the variance that is left around the reference: places in `#sums`. */
const [COUNT, MEAN, TOTAL, REST] = [0, 1, 2, 3] as const;

/** Means by time of one period. */
class Reference {
  readonly #bins: number;
  readonly #periodMs: number;
  readonly #mostReadings: number;
  readonly #means: Float32Array;
  readonly #lastPeriod: Int32Array;
  readonly #readings: Uint8Array;
  readonly #periods: Uint8Array;
  readonly #sums = new Float64Array(4);

  constructor(bins: number, periodMs: number, mostReadings: number) {
    this.#bins = bins;
    this.#periodMs = periodMs;
    this.#mostReadings = mostReadings;
    this.#means = new Float32Array(bins);
    this.#lastPeriod = new Int32Array(bins).fill(-1);
    this.#readings = new Uint8Array(bins);
    this.#periods = new Uint8Array(bins);
  }

  get state(): readonly ArrayBufferView[] {
    return [this.#means, this.#lastPeriod, this.#readings, this.#periods, this.#sums];
  }

  /** Variance that is left around the reference. */
  get rest(): number {
    return this.#sums[REST] ?? 0;
  }

  get explains(): boolean {
    const total = this.#sums[TOTAL] ?? 0;
    return total > 0 && this.rest < (1 - LEAST_EXPLAINED) * total;
  }

  /** The mean at a time, drawn towards the nearer neighbour, as a line between the middles of bins would. */
  at(timeMs: number): number {
    const place = ((timeMs % this.#periodMs) / this.#periodMs) * this.#bins;
    const bin = Math.floor(place) % this.#bins;
    if ((this.#periods[bin] ?? 0) < LEAST_PERIODS) return NaN;
    const off = place - Math.floor(place) - 0.5;
    const neighbour = (bin + (off < 0 ? this.#bins - 1 : 1)) % this.#bins;
    const own = this.#means[bin] ?? 0;
    if ((this.#periods[neighbour] ?? 0) === 0) return own;
    return own + ((this.#means[neighbour] ?? 0) - own) * Math.abs(off);
  }

  learn(timeMs: number, value: number): void {
    const expected = this.at(timeMs);
    const bin = Math.floor(((timeMs % this.#periodMs) / this.#periodMs) * this.#bins) % this.#bins;
    const period = Math.floor(timeMs / this.#periodMs);
    if (this.#lastPeriod[bin] !== period) {
      this.#lastPeriod[bin] = period;
      this.#periods[bin] = Math.min(LEAST_PERIODS, (this.#periods[bin] ?? 0) + 1);
    }
    const readings = Math.min(this.#mostReadings, (this.#readings[bin] ?? 0) + 1);
    this.#readings[bin] = readings;
    this.#means[bin] = (this.#means[bin] ?? 0) + (value - (this.#means[bin] ?? 0)) / readings;
    const count = (this.#sums[COUNT] ?? 0) + 1;
    const off = value - (this.#sums[MEAN] ?? 0);
    const gain = Math.max(VARIANCE_GAIN, 1 / count);
    this.#sums[COUNT] = count;
    this.#sums[MEAN] = value - off * (1 - gain);
    if (Number.isNaN(expected)) return;
    this.#follow(TOTAL, (off * (1 - gain)) ** 2);
    this.#follow(REST, (value - expected) ** 2);
  }

  #follow(place: typeof TOTAL | typeof REST, square: number): void {
    const before = this.#sums[place] ?? 0;
    this.#sums[place] = before + VARIANCE_GAIN * (square - before);
  }
}
