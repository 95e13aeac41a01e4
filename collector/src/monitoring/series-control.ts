// Decides which readings become points. Pure: time is an argument, and points leave through a callback.
// A level is pushed when it has left the band around the last point; a slope when no straight line from the last point
// passes all readings since within their band, and then where the longest such line ends.
import { Bands, type Law } from './bands.ts';
import { Column } from './columns.ts';
import { Corridors } from './corridors.ts';
import { restated } from './stated-error.ts';

/** A slope that turns within a second by more than this, in terms of its band, is pushed as it now stands too. */
const JUMP_BANDS = 4;
/** Between dear readings it went further than they show; so many times as far is stated. */
const UNSEEN_RATIO = 2;

/** Takes a point: the row of the series, its value, and the time it was read. */
export type Emit = (row: number, value: number, timeMs: number) => void;

/** Control of all series. */
export class SeriesControl {
  readonly #emit: Emit;
  readonly #restarted: (row: number, sinceMs: number) => void;
  readonly #laws: Law[] = [];
  readonly #bands = new Bands();
  readonly #lastValue = new Column(NaN);
  readonly #lastMs = new Column(NaN);
  /** The reading before this one. */
  readonly #heldValue = new Column(NaN);
  readonly #heldMs = new Column(NaN);
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
    this.#bands.open(row, law);
    for (const column of [this.#lastValue, this.#lastMs, this.#heldValue, this.#heldMs]) column.set(row, NaN);
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
    return this.#bands.scale(row, this.#lastValue.at(row));
  }

  /** What may differ without being pushed, in the unit of the value. */
  band(row: number): number {
    return this.#bands.band(row, this.#lastValue.at(row));
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
    this.#bands.take(row, value, timeMs);
    if (Number.isNaN(this.#lastValue.at(row))) {
      this.#push(row, value, timeMs);
      return true;
    }
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
    this.#bands.beat(row);
    this.#drawAll(row);
    if (this.#lastMs.at(row) >= timeMs) return;
    const count = this.#count.at(row);
    if (law.isMean && count > 0) this.#push(row, this.#sum.at(row) / count, timeMs);
    else this.#push(row, Number.isNaN(held) ? this.#lastValue.at(row) : held, timeMs);
  }

  #level(row: number, value: number, timeMs: number, isUrgent: boolean, { isMean, isDear }: Law): boolean {
    const band = this.band(row);
    const error = Math.abs(value - this.#lastValue.at(row));
    const left = error > band;
    const moved = left || isUrgent;
    // A step that is pushed at once is no error; what a dear reading finds has been one for as long as nobody looked.
    if (isDear) this.#restate(row, UNSEEN_RATIO * error, 1);
    else this.#restate(row, moved ? 0 : error, 1);
    if (isMean) {
      this.#sum.set(row, this.#sum.at(row) + value);
      this.#count.set(row, this.#count.at(row) + 1);
    }
    if (!moved) return false;
    if (left) this.#widen(row);
    this.#push(row, value, timeMs);
    return true;
  }

  #slope(row: number, value: number, timeMs: number, isUrgent: boolean): boolean {
    const sinceMs = timeMs - this.#lastMs.at(row);
    if (sinceMs <= 0) return false;
    const heldMs = this.#heldMs.at(row);
    const from = Number.isNaN(heldMs) ? this.#lastMs.at(row) : heldMs;
    const held = Number.isNaN(heldMs) ? this.#lastValue.at(row) : this.#heldValue.at(row);
    if (value < held) return this.#begin(row, value, timeMs, from);
    const band = this.band(row);
    const off = this.#lines.off(row, value, timeMs);
    const left = !this.#lines.take(row, value, timeMs, band);
    if (!left && !isUrgent) return false;
    if (left) this.#widen(row);
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

  /** The band has been left, and may be wider from now on. */
  #widen(row: number): void {
    const before = this.band(row);
    this.#bands.moved(row);
    // Before a wider band has hidden anything, it is known that it will; more than itself it cannot hide.
    const after = this.band(row);
    const stated = this.#stated.at(row);
    if (before > 0) this.#stated.set(row, Math.max(stated, Math.min(stated * (after / before), after)));
  }
}
