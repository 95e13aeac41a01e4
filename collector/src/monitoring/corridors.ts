// Straight lines through readings: the longest that is within a band of every reading it replaces, and ends at one.
// Pure; one row a series. Lines end at readings, so that nothing that was counted is lost.
import { Column } from './columns.ts';

/** Where a line may end. */
export interface Reading {
  readonly value: number;
  readonly timeMs: number;
}

/**
 * Readings since the last point of each row, and the corridor of rates that are within the band of all of them. A reading
 * outside the corridor ends no line, but a later one may as long as any rate is left: noise is no turn.
 *
 * @see Sklansky and Gonzalez 1980, Fast polygonal approximation of digitized curves
 */
export class Corridors {
  readonly #ring: number;
  readonly #fromValue = new Column(NaN);
  readonly #fromMs = new Column(NaN);
  /** Rates, a millisecond. */
  readonly #floor = new Column(-Infinity);
  readonly #ceiling = new Column(Infinity);
  /** Values and times, `#ring` of each a row, and how many there are. */
  readonly #values = new Column();
  readonly #times = new Column();
  readonly #count = new Column();
  /** How many of them the longest line spans. */
  readonly #spans = new Column();

  /** @param readings between two points at most */
  constructor(readings: number) {
    this.#ring = readings;
  }

  /** Begins at a point. */
  begin(row: number, value: number, timeMs: number): void {
    this.#fromValue.set(row, value);
    this.#fromMs.set(row, timeMs);
    this.#floor.set(row, -Infinity);
    this.#ceiling.set(row, Infinity);
    this.#count.set(row, 0);
    this.#spans.set(row, 0);
  }

  /** Readings since the point. */
  count(row: number): number {
    return this.#count.at(row);
  }

  /** Whether the longest line ends at the last reading. */
  isWhole(row: number): boolean {
    return this.#spans.at(row) === this.#count.at(row);
  }

  /** How far outside the corridor a reading is, in the unit of the value; 0 inside. */
  off(row: number, value: number, timeMs: number): number {
    const sinceMs = timeMs - this.#fromMs.at(row);
    const rate = (value - this.#fromValue.at(row)) / sinceMs;
    return Math.max(0, this.#floor.at(row) - rate, rate - this.#ceiling.at(row)) * sinceMs;
  }

  /** Takes a reading. @returns whether a line is left that is within the band of every reading */
  take(row: number, value: number, timeMs: number, band: number): boolean {
    const count = this.#count.at(row);
    this.#values.set(row * this.#ring + count, value);
    this.#times.set(row * this.#ring + count, timeMs);
    this.#count.set(row, count + 1);
    if (this.off(row, value, timeMs) === 0) this.#spans.set(row, count + 1);
    const sinceMs = timeMs - this.#fromMs.at(row);
    const grown = value - this.#fromValue.at(row);
    this.#floor.set(row, Math.max(this.#floor.at(row), (grown - band) / sinceMs));
    this.#ceiling.set(row, Math.min(this.#ceiling.at(row), (grown + band) / sinceMs));
    return this.#floor.at(row) <= this.#ceiling.at(row) && count + 1 < this.#ring;
  }

  /** Where the longest line ends; the first reading always is on one. */
  end(row: number): Reading {
    return this.#reading(row, this.#spans.at(row) - 1);
  }

  /** How many readings the longest line replaces, and how far it is from the one it is furthest from. */
  judge(row: number): { readonly count: number; readonly worst: number } {
    const { value, timeMs } = this.end(row);
    const fromMs = this.#fromMs.at(row);
    const fromValue = this.#fromValue.at(row);
    const rate = (value - fromValue) / (timeMs - fromMs);
    const count = this.#spans.at(row) - 1;
    let worst = 0;
    for (let i = row * this.#ring; i < row * this.#ring + count; i++)
      worst = Math.max(worst, Math.abs(this.#values.at(i) - fromValue - rate * (this.#times.at(i) - fromMs)));
    return { count, worst };
  }

  /** Readings after the longest line. */
  rest(row: number): Reading[] {
    const rest: Reading[] = [];
    for (let i = this.#spans.at(row); i < this.#count.at(row); i++) rest.push(this.#reading(row, i));
    return rest;
  }

  #reading(row: number, index: number): Reading {
    const at = row * this.#ring + index;
    return { value: this.#values.at(at), timeMs: this.#times.at(at) };
  }
}
