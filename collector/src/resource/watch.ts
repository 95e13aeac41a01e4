// Watches one series of a resource: learns what is normal as readings come and says how much speaks for something else.
// It knows no limits of a resource (saturation.ts) and raises nothing by itself.
import { Ring } from './ring.ts';
import { type Learns, ResourceSeason } from './season.ts';
import { filled, joined } from './snapshot.ts';
import { figures, LONG, SHORT, type Sign, SIGNS } from './signs.ts';
import { ResourceTails } from './tails.ts';

/** Of snapshots: raised with whatever changes what is learned. */
const VERSION = 1;

/** What a reading was found to be. */
export interface ResourceVerdict {
  /** 0..1; at `EVENT_SCORE` and above an event begins. Within an event it is below, until something worse comes. */
  readonly score: number;
  /** ln of an e-value, whose mean is at most 1 while a series is what it was; 0 where nothing speaks, 20 at most. */
  readonly nats: number;
  /** What speaks most. */
  readonly sign: Sign;
  readonly direction: 'up' | 'down';
  /** What was expected: of the same time of day or week where that is of use, else the running level; NaN of the first. */
  readonly usual: number;
  /** How far off readings usually lie, as it was before this one. */
  readonly spread: number;
  /** Whether `usual` is that of the time of day or week. */
  readonly isSeasonal: boolean;
  readonly state: ResourceState;
}

/**
 * `begins` and `worsens` are news. After them readings are `held` while they are apart from what was usual before, and
 * `back` where they are not; after 150 without news what they are is normal, be it as before or not.
 */
export type ResourceState = 'learning' | 'normal' | 'begins' | 'worsens' | 'held' | 'back';

/** The one threshold, of all series: evidence of `EVENT_NATS`. */
export const EVENT_SCORE = 0.5;
/**
 * An e-value of 6.7: one sign alone has to see what comes once in 11 000 readings, all eight together once in 180.
 * Chosen on half of the series of NAB, the benchmark of Numenta (bench/nab).
 */
const EVENT_NATS = 1.9;
/**
 * What noise hardly ever says: once in about 45 000 readings, where an event of any size comes once in 1100 (bench/nab).
 * Weaker ones are worth a look, no more.
 */
export const STRONG_NATS = 4;
/** Something in an event is news when it says so much more than all before it in the event; nats. */
const WORSE_NATS = 1.5;
/** Readings that an event lasts: what comes in them is the same event, and after them what lasts has been learned. */
const HELD_READINGS = 150;
/** Readings are back where their short mean is so many spreads from the usual, and no sign says more than this. */
const BACK_SPREADS = 3;
const BACK_NATS = 0.5;
/** The running level, and what readings usually lie away from it; shares of a new reading. */
const LEVEL_GAIN = 0.05;
const SPREAD_GAIN = 0.005;
/** By then all signs have a baseline, that of the season aside. */
const LEARNING_READINGS = 25 * LONG;
/** A spread says nothing before so many readings. */
const LEAST_READINGS = 30;
/** So small a share of the level is neither spread nor step. */
const LEAST_SPREAD = 1e-3;
/** More than this times what is usual, and half more than the longest, is a missing reading. */
const USUAL_INTERVALS = 4;
const LONGEST_INTERVALS = 1.5;
const INTERVAL_GAIN = 0.02;

/** Readings that season was chosen for. */
const USUAL_STEP_MS = 300_000;

/** What runs along with a series. */
interface Running {
  readings: number;
  /** The running level, and how far off readings usually are. */
  level: number;
  spread: number;
  /** Readings for which the present event goes on, and the most that was said in it. */
  held: number;
  worst: number;
  /** What was usual before it, and how far off readings were. */
  usualBefore: number;
  spreadBefore: number;
  lastMs: number;
  intervalMs: number;
  longestMs: number;
}
const AT_FIRST: Running = {
  readings: 0,
  level: 0,
  spread: 0,
  held: 0,
  worst: 0,
  usualBefore: 0,
  spreadBefore: 0,
  lastMs: NaN,
  intervalMs: 0,
  longestMs: 0,
};

/** Signs of one reading put together. */
interface Evidence {
  signs: number;
  sum: number;
  most: number;
  sign: Sign;
  direction: 'up' | 'down';
}

/**
 * Learns one series and judges each of its readings by those before it; 7.2 KB a series, whatever its length.
 *
 * Each sign's tail probability p becomes the e-value 0.5 / sqrt(p), and their mean is an e-value however much signs
 * depend on each other. Readings should come evenly: ResourceSteps makes
 * them so.
 * @see Vovk and Wang 2021, "E-values: calibration, combination and applications"
 */
export class ResourceWatch {
  readonly #leastChange: number;
  readonly #tails: ResourceTails;
  readonly #season: ResourceSeason;
  readonly #recent = new Ring(LONG);
  readonly #offSeason = new Ring(LONG);
  readonly #running: Running = { ...AT_FIRST };

  /**
   * @param leastChange what is no change at all, in the metric's unit; 0 leaves it to 0.3 % of the value
   * @param stepMs how far readings are apart
   */
  constructor({
    leastChange = 0,
    stepMs = USUAL_STEP_MS,
  }: { readonly leastChange?: number; readonly stepMs?: number } = {}) {
    this.#leastChange = leastChange;
    this.#season = new ResourceSeason(USUAL_STEP_MS / stepMs);
    this.#tails = new ResourceTails(figures(leastChange));
  }

  /** Memory of what is learned, without the objects around it. */
  get sizeBytes(): number {
    return this.snapshot().byteLength;
  }

  /**
   * Judges a reading, then learns it. A value that is no number is passed over.
   *
   * @param timeMs since the epoch
   * @param season whether the season learns it
   */
  take(timeMs: number, value: number, season: Learns = 'now'): ResourceVerdict {
    const expected = this.#season.expected(timeMs);
    const hasSeason = this.#season.isUseful && !Number.isNaN(expected);
    const usual = hasSeason ? expected : this.#running.readings === 0 ? NaN : this.#running.level;
    const spread = this.#running.spread;
    const known = { usual, spread, isSeasonal: hasSeason };
    if (!Number.isFinite(value))
      return { ...known, score: 0, nats: 0, sign: 'level', direction: 'up', state: this.#quiet() };
    this.#running.readings++;
    this.#takeTime(timeMs);
    const found: Evidence = { signs: 0, sum: 0, most: -1, sign: 'level', direction: 'up' };
    this.#takeLevels(found, value);
    this.#takeSteps(found);
    this.#takeSeason(found, value, expected);
    this.#season.learn(timeMs, value, season);
    const nats = Math.max(0, Math.log(found.sum / found.signs));
    const event = this.#event(nats, hasSeason ? expected : this.#running.usualBefore);
    if (event.state === 'begins') {
      this.#running.usualBefore = usual;
      this.#running.spreadBefore = spread;
    }
    return { ...known, ...event, nats, sign: found.sign, direction: found.direction };
  }

  /** Since when a reading is overdue, by the intervals they came in. @returns nothing while none is */
  overdueSinceMs(nowMs: number): number | undefined {
    if (this.#running.readings < LEAST_READINGS) return undefined;
    const due =
      this.#running.lastMs +
      Math.max(USUAL_INTERVALS * this.#running.intervalMs, LONGEST_INTERVALS * this.#running.longestMs);
    return nowMs > due ? this.#running.lastMs + this.#running.intervalMs : undefined;
  }

  /** What was learned, to be kept; a copy. */
  snapshot(): Uint8Array {
    return joined(VERSION, [Float64Array.from(Object.values(this.#running)), ...this.#arrays]);
  }

  /** Goes on where a snapshot was taken. @returns false, and nothing is changed, where another version took it */
  restore(snapshot: Uint8Array): boolean {
    const names = Object.keys(AT_FIRST);
    const numbers = new Float64Array(names.length);
    if (!filled(VERSION, [numbers, ...this.#arrays], snapshot)) return false;
    Object.assign(this.#running, Object.fromEntries(names.map((name, i) => [name, numbers[i]])));
    return true;
  }

  get #arrays(): readonly ArrayBufferView[] {
    return [this.#tails.state, ...this.#season.state, this.#recent.state, this.#offSeason.state];
  }

  #takeTime(timeMs: number): void {
    const interval = timeMs - this.#running.lastMs;
    // Clocks that are set back give no interval.
    if (interval > 0) {
      this.#running.intervalMs +=
        (interval - this.#running.intervalMs) * Math.max(INTERVAL_GAIN, 1 / (this.#running.readings - 1));
      this.#running.longestMs = Math.max(interval, this.#running.longestMs * (1 - INTERVAL_GAIN / 10));
    }
    this.#running.lastMs = timeMs;
  }

  #takeLevels(found: Evidence, value: number): void {
    const off = value - this.#running.level;
    this.#recent.push(value);
    this.#see(found, 'level', value);
    if (this.#running.readings > LEAST_READINGS)
      this.#see(found, 'spike', off / (this.#running.spread + this.#leastSpread()));
    if (this.#running.readings > 1)
      this.#running.spread += (Math.abs(off) - this.#running.spread) * this.#gain(SPREAD_GAIN);
    this.#running.level += off * this.#gain(LEVEL_GAIN);
    if (this.#recent.length >= SHORT) this.#see(found, 'shift', this.#recent.mean(SHORT));
    if (this.#recent.length >= LONG) this.#see(found, 'drift', this.#recent.mean(LONG));
  }

  #takeSteps(found: Evidence): void {
    const floor = this.#leastSpread();
    if (this.#recent.length >= LONG) this.#see(found, 'activity', Math.log(this.#recent.steps(LONG) + floor));
    if (this.#recent.length >= SHORT) this.#see(found, 'burst', Math.log(this.#recent.steps(SHORT) + floor));
  }

  #takeSeason(found: Evidence, value: number, expected: number): void {
    const isUseful = this.#season.isUseful;
    if (!Number.isNaN(expected)) {
      const off = value - expected;
      this.#offSeason.push(off);
      // Its tails are learned even while the season is of no use, so they are known once it is.
      const none: Evidence = { ...found };
      this.#see(isUseful ? found : none, 'season', off);
      if (this.#offSeason.length >= LONG)
        this.#see(isUseful ? found : none, 'season shift', this.#offSeason.mean(LONG));
    }
  }

  #see(found: Evidence, sign: Sign, figure: number): void {
    const { nats, direction } = this.#tails.take(SIGNS.indexOf(sign), figure);
    found.signs++;
    found.sum += 0.5 * Math.exp(nats / 2);
    if (nats <= found.most) return;
    found.most = nats;
    found.sign = sign;
    found.direction = direction;
  }

  /** Begins, holds and ends events. @param usual what readings should be back at */
  #event(nats: number, usual: number): Pick<ResourceVerdict, 'score' | 'state'> {
    const isHeld = this.#running.held > 0;
    if (isHeld) this.#running.held--;
    const isNews = nats >= EVENT_NATS && (!isHeld || nats > this.#running.worst + WORSE_NATS);
    this.#running.worst = isHeld ? Math.max(this.#running.worst, nats) : nats;
    if (isNews) this.#running.held = HELD_READINGS;
    const held = isNews ? 'worsens' : this.#isBack(nats, usual) ? 'back' : 'held';
    const state = isHeld ? held : isNews ? 'begins' : this.#quiet();
    const heard = isHeld && !isNews ? Math.min(nats, EVENT_NATS) / 2 : nats;
    return { score: scoreOf(heard), state };
  }

  #isBack(nats: number, usual: number): boolean {
    const off = Math.abs(this.#recent.mean(Math.min(SHORT, this.#recent.length)) - usual);
    return nats <= BACK_NATS && off <= BACK_SPREADS * (this.#running.spreadBefore + this.#leastSpread());
  }

  #quiet(): 'learning' | 'normal' {
    return this.#running.readings < LEARNING_READINGS ? 'learning' : 'normal';
  }

  #leastSpread(): number {
    return LEAST_SPREAD * Math.abs(this.#running.level) + this.#leastChange + Number.EPSILON;
  }

  #gain(least: number): number {
    return Math.max(least, 1 / this.#running.readings);
  }
}

/** The score of evidence where nothing is held. */
export function scoreOf(nats: number): number {
  return nats / (nats + EVENT_NATS);
}
