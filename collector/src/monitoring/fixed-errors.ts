// What somebody who reads a series at a fixed interval would miss of it: the yardstick of what a band may hide.
// Pure; one row a series.
import { Column } from './columns.ts';

/** Readings between two points of the fixed interval: what moves much has about as many between its own. */
const READINGS = 14;
/** Of the largest error so much is left each second: half after half an hour. */
const KEPT_PER_SECOND = 1 - 1 / 2600;

/**
 * A fixed interval in each of its phases, and the largest error each of them has made lately: of a level that is held from
 * one of its points to the next, of a slope that is drawn between them.
 */
export class FixedErrors {
  /** The last readings of each row, as a ring. */
  readonly #values = new Column(NaN);
  readonly #times = new Column(NaN);
  readonly #count = new Column();
  /** By phase, the largest error. */
  readonly #largest = new Column();
  /** By row, that of the luckiest phase. */
  readonly #least = new Column();

  /** Begins a row. */
  begin(row: number): void {
    this.#count.set(row, 0);
    this.#least.set(row, 0);
    for (let i = row * READINGS; i < (row + 1) * READINGS; i++) this.#largest.set(i, 0);
  }

  /** Largest error of the phase that was luckiest; 0 until each of them has been through an interval. */
  error(row: number): number {
    return this.#least.at(row);
  }

  /** Takes a reading, with which an interval of one of the phases ends and the next begins. */
  take(row: number, value: number, timeMs: number, follows: 'level' | 'slope'): void {
    const count = this.#count.at(row);
    const phase = row * READINGS + (count % READINGS);
    if (count >= READINGS) {
      const seconds = (timeMs - this.#times.at(phase)) / 1000;
      const kept = this.#largest.at(phase) * KEPT_PER_SECOND ** seconds;
      this.#largest.set(phase, Math.max(kept, this.#missed(row, phase, value, timeMs, follows)));
      this.#least.set(row, this.#leastOf(row));
    }
    this.#values.set(phase, value);
    this.#times.set(phase, timeMs);
    this.#count.set(row, count + 1);
  }

  /** Largest error of the interval that began at the phase's last reading and ends with this one. */
  #missed(row: number, phase: number, value: number, timeMs: number, follows: 'level' | 'slope'): number {
    const fromValue = this.#values.at(phase);
    const fromMs = this.#times.at(phase);
    const rate = follows === 'level' ? 0 : (value - fromValue) / (timeMs - fromMs);
    let worst = 0;
    for (let at = row * READINGS; at < (row + 1) * READINGS; at++)
      worst = Math.max(worst, Math.abs(this.#values.at(at) - fromValue - rate * (this.#times.at(at) - fromMs)));
    return worst;
  }

  #leastOf(row: number): number {
    let least = Infinity;
    for (let at = row * READINGS; at < (row + 1) * READINGS; at++) least = Math.min(least, this.#largest.at(at));
    return least;
  }
}
