// How far off a series may be without being pushed: what is configured, and more where it moves much, but always less than
// half of what somebody would miss who reads it at a fixed interval. Pure; one row a series.
import { Column } from './columns.ts';
import { FixedErrors } from './fixed-errors.ts';

/** What `stability_threshold` is relative to at least, as a share of the range seen. */
const RANGE_RATIO = 0.05;
/** Of a slope it is relative to this share of the range of its rate alone: a band that followed the rate would be wide where most happens. */
const RATE_RANGE_RATIO = 0.1;
/** The range seen forgets so much of itself each heartbeat: half within the hour. */
const RANGE_KEPT = 0.99;
/** A line may be off to both sides, so that the band of a slope is half of what its patience allows. */
const SIDES = 2;
/** What the widest band may hide, as a share of what a fixed interval missed: under a half, because it may miss less from now on. */
const FIXED_RATIO = 0.4;
/**
 * And what it may hide before that is known, because half a minute of narrow bands is many points: of a level a share of the
 * largest change, within two readings since a step that begins between two is seen in both; of a slope so many seconds at
 * its highest rate, so that a burst of a second is pushed.
 */
const CHANGE_RATIO = 0.33;
const HIDDEN_S = 0.22;
/** Of the largest change so much is left each second: half after three minutes. */
const CHANGE_KEPT_PER_SECOND = 1 - 1 / 300;
/**
 * Of points for movement one is remembered for nothing, so that what moves once stays as configured; a second makes the band
 * as wide as it may be, more keep it so for longer. In seven minutes half of them are forgotten.
 */
const FREE_POINTS = 1;
const MAX_POINTS = 4;
/** After half an hour at most there are none. */
const LEAST_POINTS = 0.2;
const POINTS_KEPT_PER_SECOND = 1 - 1 / 600;

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

/** The bands of all series, and what they are learned from. */
export class Bands {
  readonly #laws: Law[] = [];
  readonly #fixed = new FixedErrors();
  /** The reading before this one, and of levels the one before that. */
  readonly #heldValue = new Column(NaN);
  readonly #heldMs = new Column(NaN);
  readonly #earlierValue = new Column(NaN);
  /** Of values, or of a slope's rates a second. */
  readonly #low = new Column(NaN);
  readonly #high = new Column(NaN);
  readonly #change = new Column();
  /** Points for movement, as far as they are remembered. */
  readonly #points = new Column();

  /** Begins a series. A row that was used before begins anew. */
  open(row: number, law: Law): void {
    this.#laws[row] = law;
    // Rates have a range from 0 on, before any is known.
    const nothing = law.follows === 'slope' ? 0 : NaN;
    for (const column of [this.#low, this.#high]) column.set(row, nothing);
    for (const column of [this.#heldValue, this.#heldMs, this.#earlierValue]) column.set(row, NaN);
    for (const column of [this.#change, this.#points]) column.set(row, 0);
    this.#fixed.begin(row);
  }

  /** What `stability_threshold` is a share of, in the unit of the value. @param pushed the last point */
  scale(row: number, pushed: number): number {
    const law = this.#laws[row];
    if (law === undefined || law.isRatio) return 1;
    const range = this.#high.at(row) - this.#low.at(row);
    if (law.follows === 'slope') return RATE_RANGE_RATIO * range;
    return Math.max(Math.abs(pushed), RANGE_RATIO * range, law.leastScale);
  }

  /** What may differ without being pushed, in the unit of the value. @param pushed the last point */
  band(row: number, pushed: number): number {
    const law = this.#laws[row];
    if (law === undefined) return 0;
    const patience = law.follows === 'slope' ? law.patienceS / SIDES : 1;
    const narrowest = law.threshold * this.scale(row, pushed) * patience;
    const ease = Math.min(1, this.#points.at(row) - FREE_POINTS);
    if (ease <= 0) return narrowest;
    const widest = Math.max(narrowest, this.#hidden(row, law));
    // By factors, as far as there is one: from nothing it is not far to anything.
    return narrowest === 0 ? ease * widest : narrowest * (widest / narrowest) ** ease;
  }

  /** Takes a reading, before it is judged. */
  take(row: number, value: number, timeMs: number): void {
    const law = this.#laws[row];
    if (law === undefined) return;
    const held = this.#heldValue.at(row);
    const seconds = Number.isNaN(held) ? 0 : (timeMs - this.#heldMs.at(row)) / 1000;
    if (law.follows === 'level') this.#level(row, value, held, seconds);
    else if (value >= held && seconds > 0) this.#see(row, (value - held) / seconds);
    this.#heldValue.set(row, value);
    this.#heldMs.set(row, timeMs);
    this.#remember(row, seconds);
    if (this.#points.at(row) === 0) return;
    // Where a counter begins anew no line leads.
    if (law.follows === 'slope' && value < held) this.#fixed.begin(row);
    this.#fixed.take(row, value, timeMs, law.follows);
  }

  /** Told of a point that was pushed because the series had moved. */
  moved(row: number): void {
    this.#points.set(row, Math.min(MAX_POINTS, this.#points.at(row) + 1));
  }

  /** Forgets a little of the range that was seen. */
  beat(row: number): void {
    const forgotten = ((1 - RANGE_KEPT) / 2) * (this.#high.at(row) - this.#low.at(row));
    this.#low.set(row, this.#low.at(row) + forgotten);
    this.#high.set(row, this.#high.at(row) - forgotten);
  }

  #level(row: number, value: number, held: number, seconds: number): void {
    this.#see(row, value);
    const change = Math.max(Math.abs(value - held) || 0, Math.abs(value - this.#earlierValue.at(row)) || 0);
    this.#change.set(row, Math.max(change, this.#change.at(row) * CHANGE_KEPT_PER_SECOND ** seconds));
    this.#earlierValue.set(row, held);
  }

  /** Forgets points, and in the end what a fixed interval missed: most series hardly move, and are not to cost anything. */
  #remember(row: number, seconds: number): void {
    const points = this.#points.at(row);
    if (points === 0) return;
    const kept = points * POINTS_KEPT_PER_SECOND ** seconds;
    this.#points.set(row, kept < LEAST_POINTS ? 0 : kept);
    if (kept < LEAST_POINTS) this.#fixed.begin(row);
  }

  /** What may be hidden at most, however often the band is left. */
  #hidden(row: number, { follows }: Law): number {
    const seen =
      follows === 'level' ? CHANGE_RATIO * this.#change.at(row) : HIDDEN_S * (this.#high.at(row) - this.#low.at(row));
    return Math.max(seen, FIXED_RATIO * this.#fixed.error(row));
  }

  #see(row: number, value: number): void {
    if (!(value >= this.#low.at(row))) this.#low.set(row, value);
    if (!(value <= this.#high.at(row))) this.#high.set(row, value);
  }
}
