// Decides which readings become points. Pure: time is an argument, and points leave through a callback.
// A level is pushed when it has left the band around the last point; a slope when no straight line from the last point
// passes all readings since within their band, and then where the longest such line ends.
import { Column } from './columns.ts';
import { Corridors } from './corridors.ts';
import { restated } from './stated-error.ts';

/** What `stability_threshold` is relative to at least, as a share of the range seen. */
const RANGE_RATIO = 0.05;
/** Of a slope it is relative to this share of the range of its rate alone: a band that followed the rate would be wide where most happens. */
const RATE_RANGE_RATIO = 0.1;
/**
 * What is pushed for its movement widens the band by so much, and each second narrows it again: a point in four minutes is
 * in balance, and what moves more often comes to the widest band it may have. Faster would follow bursts, and be widest
 * where most happens.
 */
const WIDEN = 1.5;
const NARROW_PER_SECOND = 1 - 1 / 600;
/**
 * What a band may hide at most, however often it is left: of a level this share of a change from one reading to the next
 * that was seen twice, so that a step is pushed as long as steps are what moves it; of a slope so many seconds at its
 * highest rate, so that a burst of a second is pushed.
 */
const MAX_CHANGE_RATIO = 0.5;
const MAX_HIDDEN_S = 0.25;
/** Of a change seen so much is left each second: half after three minutes. */
const CHANGE_KEPT_PER_SECOND = 1 - 1 / 300;
/** The range seen forgets so much of itself each heartbeat: half within the hour. */
const RANGE_KEPT = 0.99;
/** A line may be off to both sides, so that the band of a slope is half of what its patience allows. */
const SIDES = 2;
/** A slope that turns within a second by more than this, in terms of its band, is pushed as it now stands too. */
const JUMP_BANDS = 4;
/** Between dear readings it went further than they show; so many times as far is stated. */
const UNSEEN_RATIO = 2;

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
  readonly #laws: Law[] = [];
  readonly #lastValue = new Column(NaN);
  readonly #lastMs = new Column(NaN);
  /** The reading before this one. */
  readonly #heldValue = new Column(NaN);
  readonly #heldMs = new Column(NaN);
  readonly #low = new Column(NaN);
  readonly #high = new Column(NaN);
  /** The largest change from one reading to the next, and the largest but one. */
  readonly #largest = new Column();
  readonly #second = new Column();
  readonly #width = new Column(1);
  readonly #stated = new Column(NaN);
  /** Means: sum and count of readings since the last point. */
  readonly #sum = new Column(0);
  readonly #count = new Column(0);
  /** Slopes: readings since the last point, and the line through them. */
  readonly #lines: Corridors;

  /**
   * @param heartbeatS seconds between points at most, which bounds the readings between two
   * @param restarted is told that a counter began anew, after the reading of that time
   */
  constructor(emit: Emit, heartbeatS: number, restarted: (row: number, sinceMs: number) => void = () => {}) {
    this.#emit = emit;
    this.#restarted = restarted;
    this.#lines = new Corridors(Math.ceil(heartbeatS) + 2);
  }

  /** Begins a series. A row that was used before begins anew. */
  open(row: number, law: Law): void {
    this.#laws[row] = law;
    for (const column of [this.#lastValue, this.#lastMs, this.#heldValue, this.#heldMs, this.#low, this.#high])
      column.set(row, NaN);
    // Rates have a range from 0 on, before any is known.
    if (law.follows === 'slope') for (const column of [this.#low, this.#high]) column.set(row, 0);
    for (const column of [this.#largest, this.#second]) column.set(row, 0);
    this.#width.set(row, 1);
    this.#stated.set(row, NaN);
    this.#lines.begin(row, NaN, NaN);
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
    this.#low.set(row, this.#low.at(row) + ((1 - RANGE_KEPT) / 2) * (this.#high.at(row) - this.#low.at(row)));
    this.#high.set(row, this.#high.at(row) - ((1 - RANGE_KEPT) / 2) * (this.#high.at(row) - this.#low.at(row)));
    this.#drawAll(row);
    if (this.#lastMs.at(row) >= timeMs) return;
    const count = this.#count.at(row);
    if (law.isMean && count > 0) this.#push(row, this.#sum.at(row) / count, timeMs);
    else this.#push(row, Number.isNaN(held) ? this.#lastValue.at(row) : held, timeMs);
  }

  #level(row: number, value: number, timeMs: number, isUrgent: boolean, { isMean, isDear }: Law): boolean {
    this.#see(row, value);
    this.#change(row, value);
    const band = this.band(row);
    const error = Math.abs(value - this.#lastValue.at(row));
    const moved = error > band || isUrgent;
    // A step that is pushed at once is no error; what a dear reading finds has been one for as long as nobody looked.
    if (isDear) this.#restate(row, UNSEEN_RATIO * error, 1);
    else this.#restate(row, moved ? 0 : error, 1);
    if (isMean) {
      this.#sum.set(row, this.#sum.at(row) + value);
      this.#count.set(row, this.#count.at(row) + 1);
    }
    if (!moved) return false;
    this.#widen(row);
    this.#push(row, value, timeMs);
    return true;
  }

  #slope(row: number, value: number, timeMs: number, isUrgent: boolean): boolean {
    const sinceMs = timeMs - this.#lastMs.at(row);
    if (sinceMs <= 0) return false;
    const heldMs = this.#heldMs.at(row);
    const from = Number.isNaN(heldMs) ? this.#lastMs.at(row) : heldMs;
    const held = Number.isNaN(heldMs) ? this.#lastValue.at(row) : this.#heldValue.at(row);
    if (value >= held) this.#see(row, ((value - held) / (timeMs - from)) * 1000);
    if (value < held) return this.#begin(row, value, timeMs, from);
    const band = this.band(row);
    const off = this.#lines.off(row, value, timeMs);
    if (this.#lines.take(row, value, timeMs, band) && !isUrgent) return false;
    this.#widen(row);
    if (!isUrgent) this.#draw(row);
    if (isUrgent || (off > JUMP_BANDS * band && this.#lines.isWhole(row))) this.#drawAll(row);
    return true;
  }

  /** Pushes where the longest line ends, and goes on from there. */
  #draw(row: number): void {
    const { value, timeMs } = this.#lines.end(row);
    const { count, worst } = this.#lines.judge(row);
    const rest = this.#lines.rest(row);
    this.#restate(row, worst, count);
    this.#push(row, value, timeMs);
    for (const reading of rest)
      if (!this.#lines.take(row, reading.value, reading.timeMs, this.band(row))) this.#draw(row);
  }

  /** Pushes lines up to the last reading. */
  #drawAll(row: number): void {
    while (this.#lines.count(row) > 0) this.#draw(row);
  }

  /** A counter began anew: what it had counted is pushed before. */
  #begin(row: number, value: number, timeMs: number, heldMs: number): boolean {
    this.#drawAll(row);
    this.#restarted(row, heldMs);
    this.#push(row, value, timeMs);
    return true;
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
    this.#lines.begin(row, value, timeMs);
    this.#emit(row, value, timeMs);
  }

  #restart(row: number): void {
    this.#sum.set(row, 0);
    this.#count.set(row, 0);
  }

  /** Widens the range seen. */
  #see(row: number, value: number): void {
    if (!(value >= this.#low.at(row))) this.#low.set(row, value);
    if (!(value <= this.#high.at(row))) this.#high.set(row, value);
  }

  /** Notes how far a level is from the reading before. */
  #change(row: number, value: number): void {
    const held = this.#heldValue.at(row);
    const change = Math.abs(value - (Number.isNaN(held) ? this.#lastValue.at(row) : held));
    const largest = this.#largest.at(row) * CHANGE_KEPT_PER_SECOND;
    const second = this.#second.at(row) * CHANGE_KEPT_PER_SECOND;
    this.#largest.set(row, Math.max(largest, change));
    this.#second.set(row, Math.max(second, Math.min(largest, change)));
  }

  #widen(row: number): void {
    const width = this.#width.at(row);
    const narrowest = this.band(row) / width;
    const hidden =
      this.#laws[row]?.follows === 'slope'
        ? MAX_HIDDEN_S * (this.#high.at(row) - this.#low.at(row))
        : MAX_CHANGE_RATIO * this.#second.at(row);
    const widest = narrowest === 0 ? 1 : hidden / narrowest;
    const wider = Math.max(1, Math.min(widest, width * WIDEN));
    this.#width.set(row, wider);
    // Before a wider band has hidden anything, it is known that it will; more than itself it cannot hide.
    const stated = this.#stated.at(row);
    this.#stated.set(row, Math.max(stated, Math.min(stated * (wider / width), this.band(row))));
  }

  #narrow(row: number, timeMs: number): void {
    const heldMs = this.#heldMs.at(row);
    const seconds = Number.isNaN(heldMs) ? 1 : (timeMs - heldMs) / 1000;
    this.#width.set(row, Math.max(1, this.#width.at(row) * NARROW_PER_SECOND ** seconds));
  }
}
