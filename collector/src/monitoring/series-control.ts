// Decides which readings become points. Pure: time is an argument, and points leave through a callback.
// A level is pushed when it has left the band around the last point; a slope when no straight line from the last point
// passes through all readings since within their band (swinging door), and then up to the reading before.
import { Column } from './columns.ts';
import { restated } from './stated-error.ts';

/** What `stability_threshold` is relative to at least, as a share of the range seen. */
const RANGE_RATIO = 0.05;
/** Of a slope it is relative to this share of the range of its rate alone: a band that followed the rate would be wide where most happens. */
const RATE_RANGE_RATIO = 0.1;
/**
 * What is pushed for its movement widens the band by so much, and each second narrows it again: where nothing is quiet, ten
 * points a minute are in balance. Faster would follow bursts, and be widest where most happens.
 */
const WIDEN = 1.06;
const NARROW_PER_SECOND = 1 - 1 / 96;
/** Widest band, in terms of the configured one; a jump beyond it is always pushed. */
const MAX_WIDTH = 8;
/** The range seen forgets so much of itself each heartbeat: half within the hour. */
const RANGE_KEPT = 0.99;
/** A line may be off to both sides, so that the band of a slope is half of what its patience allows. */
const SIDES = 2;
/** A slope that turns within a second by more than this, in terms of its band, is pushed as it now stands too. */
const JUMP_BANDS = 2;

/** How one series is judged. */
export interface Law {
  readonly follows: 'level' | 'slope';
  readonly isRatio: boolean;
  readonly isMean: boolean;
  /** Not read every second: what happened before a reading was not seen, and may have lasted as long as it was not. */
  readonly isDear: boolean;
  readonly threshold: number;
  /** In the unit of the value. */
  readonly leastScale: number;
  /** Seconds for which a rate may be off by the threshold. */
  readonly patienceS: number;
}

/** Takes a point: the row of the series, its value, and the time it was read. */
export type Emit = (row: number, value: number, timeMs: number) => void;

/** Control of all series. */
export class SeriesControl {
  readonly #emit: Emit;
  readonly #restarted: (row: number, sinceMs: number) => void;
  readonly #ring: number;
  readonly #laws: Law[] = [];
  readonly #lastValue = new Column(NaN);
  readonly #lastMs = new Column(NaN);
  /** The reading before this one. */
  readonly #heldValue = new Column(NaN);
  readonly #heldMs = new Column(NaN);
  readonly #low = new Column(NaN);
  readonly #high = new Column(NaN);
  readonly #width = new Column(1);
  readonly #stated = new Column(NaN);
  /** Slopes: corridor of rates, a millisecond, that pass through all readings since the last point. */
  readonly #floor = new Column(-Infinity);
  readonly #ceiling = new Column(Infinity);
  /** Means: sum and count of readings since the last point. */
  readonly #sum = new Column(0);
  readonly #count = new Column(0);
  /** Readings of a slope since its last point: value and time, `#ring` of each a row. */
  readonly #values = new Column();
  readonly #times = new Column();

  /**
   * @param heartbeatS seconds between points at most, which bounds the readings between two
   * @param restarted is told that a counter began anew, after the reading of that time
   */
  constructor(emit: Emit, heartbeatS: number, restarted: (row: number, sinceMs: number) => void = () => {}) {
    this.#emit = emit;
    this.#restarted = restarted;
    this.#ring = Math.ceil(heartbeatS) + 2;
  }

  /** Begins a series. A row that was used before begins anew. */
  open(row: number, law: Law): void {
    this.#laws[row] = law;
    for (const column of [this.#lastValue, this.#lastMs, this.#heldValue, this.#heldMs, this.#low, this.#high])
      column.set(row, NaN);
    // Rates have a range from 0 on, before any is known.
    if (law.follows === 'slope') for (const column of [this.#low, this.#high]) column.set(row, 0);
    this.#width.set(row, 1);
    this.#stated.set(row, NaN);
    this.#restart(row);
  }

  /** When the last point of a series was read or repeated. */
  pushedMs(row: number): number {
    return this.#lastMs.at(row);
  }

  pushedValue(row: number): number {
    return this.#lastValue.at(row);
  }

  /** What the last point may be off by, or the line between two, in 99 of 100 seconds; NaN before anything is known. */
  statedError(row: number): number {
    const stated = this.#stated.at(row);
    const law = this.#laws[row];
    // Of a slope the seconds since the last point are not judged yet, and dear readings leave most seconds unseen: there the
    // band, within which nothing is pushed, is the least that can be promised.
    return law?.follows === 'slope' || law?.isDear === true ? Math.max(this.band(row), stated || 0) : stated;
  }

  /** What `stability_threshold` is a share of, in the unit of the value. */
  scale(row: number): number {
    const law = this.#laws[row];
    if (law === undefined || law.isRatio) return 1;
    const range = this.#high.at(row) - this.#low.at(row);
    if (law.follows === 'slope') return RATE_RANGE_RATIO * range;
    return Math.max(Math.abs(this.#lastValue.at(row)), RANGE_RATIO * range, law.leastScale);
  }

  /** What may differ without being pushed, in the unit of the value. */
  band(row: number): number {
    const law = this.#laws[row];
    if (law === undefined) return 0;
    const patience = law.follows === 'slope' ? law.patienceS / SIDES : 1;
    return law.threshold * this.scale(row) * patience * this.#width.at(row);
  }

  /**
   * Takes a reading.
   *
   * @param isUrgent every reading is pushed
   * @returns whether it moved
   */
  observe(row: number, value: number, timeMs: number, isUrgent: boolean): boolean {
    const law = this.#laws[row];
    if (law === undefined) return false;
    if (Number.isNaN(this.#lastValue.at(row))) {
      if (law.follows === 'level') this.#see(row, value);
      this.#push(row, value, timeMs);
      return true;
    }
    this.#narrow(row, timeMs);
    const moved =
      law.follows === 'level'
        ? this.#level(row, value, timeMs, isUrgent, law)
        : this.#slope(row, value, timeMs, isUrgent);
    this.#heldValue.set(row, value);
    this.#heldMs.set(row, timeMs);
    return moved;
  }

  /** Pushes what a series shows though nothing moved. @param timeMs of now; the value is that of its last reading */
  beat(row: number, timeMs: number): void {
    const law = this.#laws[row];
    const held = this.#heldValue.at(row);
    if (law === undefined) return;
    if (law.follows === 'slope') this.#judge(row, held, this.#heldMs.at(row));
    this.#low.set(row, this.#low.at(row) + ((1 - RANGE_KEPT) / 2) * (this.#high.at(row) - this.#low.at(row)));
    this.#high.set(row, this.#high.at(row) - ((1 - RANGE_KEPT) / 2) * (this.#high.at(row) - this.#low.at(row)));
    const count = this.#count.at(row);
    if (law.isMean && count > 0) this.#push(row, this.#sum.at(row) / count, timeMs);
    else this.#push(row, Number.isNaN(held) ? this.#lastValue.at(row) : held, timeMs);
  }

  #level(row: number, value: number, timeMs: number, isUrgent: boolean, { isMean, isDear }: Law): boolean {
    this.#see(row, value);
    const band = this.band(row);
    const error = Math.abs(value - this.#lastValue.at(row));
    const moved = error > band || isUrgent;
    const unseenS = isDear ? (timeMs - this.#readMs(row)) / 1000 : 1;
    this.#restate(row, moved && !isDear ? 0 : error, unseenS);
    if (isMean) {
      this.#sum.set(row, this.#sum.at(row) + value);
      this.#count.set(row, this.#count.at(row) + 1);
    }
    if (!moved) return false;
    this.#widen(row);
    this.#push(row, value, timeMs);
    return true;
  }

  /** Of the reading before. */
  #readMs(row: number): number {
    const heldMs = this.#heldMs.at(row);
    return Number.isNaN(heldMs) ? this.#lastMs.at(row) : heldMs;
  }

  #slope(row: number, value: number, timeMs: number, isUrgent: boolean): boolean {
    const sinceMs = timeMs - this.#lastMs.at(row);
    if (sinceMs <= 0) return false;
    const heldMs = this.#heldMs.at(row);
    const from = Number.isNaN(heldMs) ? this.#lastMs.at(row) : heldMs;
    const held = Number.isNaN(heldMs) ? this.#lastValue.at(row) : this.#heldValue.at(row);
    if (value >= held) this.#see(row, ((value - held) / (timeMs - from)) * 1000);
    if (value < held) return this.#begin(row, value, timeMs, held, from);
    const band = this.band(row);
    const grown = value - this.#lastValue.at(row);
    const rate = grown / sinceMs;
    const isInside = rate >= this.#floor.at(row) && rate <= this.#ceiling.at(row);
    if (isInside && !isUrgent) {
      this.#keep(row, value, timeMs);
      this.#floor.set(row, Math.max(this.#floor.at(row), (grown - band) / sinceMs));
      this.#ceiling.set(row, Math.min(this.#ceiling.at(row), (grown + band) / sinceMs));
      return false;
    }
    this.#widen(row);
    const off = rate < this.#floor.at(row) ? this.#floor.at(row) - rate : rate - this.#ceiling.at(row);
    if (from > this.#lastMs.at(row)) {
      this.#judge(row, held, from);
      this.#push(row, held, from);
    }
    if (off * sinceMs > JUMP_BANDS * band || isUrgent) {
      this.#judge(row, value, timeMs);
      this.#push(row, value, timeMs);
    } else this.#slope(row, value, timeMs, false);
    return true;
  }

  /** A counter began anew: what it had counted is pushed before. */
  #begin(row: number, value: number, timeMs: number, held: number, heldMs: number): boolean {
    if (heldMs > this.#lastMs.at(row)) {
      this.#judge(row, held, heldMs);
      this.#push(row, held, heldMs);
    }
    this.#restarted(row, heldMs);
    this.#push(row, value, timeMs);
    return true;
  }

  /** Notes a reading of a slope until the line that replaces it is known. */
  #keep(row: number, value: number, timeMs: number): void {
    const count = this.#count.at(row);
    if (count >= this.#ring) return;
    this.#values.set(row * this.#ring + count, value);
    this.#times.set(row * this.#ring + count, timeMs);
    this.#count.set(row, count + 1);
  }

  /** Judges the statement by every reading that a line from the last point to this one replaces. */
  #judge(row: number, value: number, timeMs: number): void {
    const lastMs = this.#lastMs.at(row);
    if (timeMs <= lastMs) return;
    const last = this.#lastValue.at(row);
    const rate = (value - last) / (timeMs - lastMs);
    let worst = 0;
    const count = this.#count.at(row);
    for (let i = row * this.#ring; i < row * this.#ring + count; i++)
      worst = Math.max(worst, Math.abs(this.#values.at(i) - last - rate * (this.#times.at(i) - lastMs)));
    this.#restate(row, worst, count);
  }

  #restate(row: number, error: number, seconds: number): void {
    if (seconds === 0) return;
    const stated = this.#stated.at(row);
    this.#stated.set(row, Number.isNaN(stated) ? Math.max(this.band(row), error) : restated(stated, error, seconds));
  }

  #push(row: number, value: number, timeMs: number): void {
    this.#lastValue.set(row, value);
    this.#lastMs.set(row, timeMs);
    this.#restart(row);
    this.#emit(row, value, timeMs);
  }

  #restart(row: number): void {
    this.#floor.set(row, -Infinity);
    this.#ceiling.set(row, Infinity);
    this.#sum.set(row, 0);
    this.#count.set(row, 0);
  }

  /** Widens the range seen. */
  #see(row: number, value: number): void {
    if (!(value >= this.#low.at(row))) this.#low.set(row, value);
    if (!(value <= this.#high.at(row))) this.#high.set(row, value);
  }

  #widen(row: number): void {
    this.#width.set(row, Math.min(MAX_WIDTH, this.#width.at(row) * WIDEN));
  }

  #narrow(row: number, timeMs: number): void {
    const heldMs = this.#heldMs.at(row);
    const seconds = Number.isNaN(heldMs) ? 1 : (timeMs - heldMs) / 1000;
    this.#width.set(row, Math.max(1, this.#width.at(row) * NARROW_PER_SECOND ** seconds));
  }
}
