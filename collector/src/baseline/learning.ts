// An operation that is being learned: its windows, the tests on trial beside them, and when a baseline is worth trying.
import type { Learned } from './learned.ts';
import { type Circumstances, learn, LEAST_WINDOWS } from './learner.ts';
import { type Excursion, Shadow } from './shadow.ts';
import type { Step } from './step.ts';
import { LearningWindows } from './windows.ts';

/** A provisional baseline takes so many windows. */
const PROVISIONAL_WINDOWS = 6;
/** It is made anew each so many windows. */
const PROVISIONAL_EVERY = 2;
const LEAST_CONFIDENCE = 0.95;
/** The tests are on trial from so many windows on, with a better baseline each time there are half as many more. */
const FIRST_SHADOW = 16;
const SHADOW_GROWTH = 1.5;

const NO_TRIAL = { latency: 0, errors: 0 };

/** A baseline that can be watched by. */
export interface Lesson {
  readonly learned: Learned;
  /** Enough is known of it. */
  readonly isWhole: boolean;
  /** What evidence reached on trial though nothing was wrong, nats. */
  readonly trial: { readonly latency: number; readonly errors: number };
}

export class Learning {
  readonly #seasonMs: number;
  readonly #untilMs: number | undefined;
  readonly #windows = new LearningWindows();
  /** Where there is time for a trial. */
  readonly #shadow: Shadow | undefined;
  #shadowAt = FIRST_SHADOW;
  /** Windows known when a baseline was last tried; and the time it spanned, once enough was known. */
  #tried = 0;
  #fromMs = NaN;
  #wholeMs = 0;

  /** @param untilMs no baseline is made before; undefined: as soon as enough is known */
  constructor(seasonMs: number, untilMs: number | undefined) {
    this.#seasonMs = seasonMs;
    this.#untilMs = untilMs;
    this.#shadow = untilMs === undefined ? undefined : new Shadow();
  }

  /** Calls and windows so far, not all of them clean. */
  get seen(): { readonly calls: number; readonly windows: number } {
    const { windows } = this.#windows;
    return { calls: windows.reduce((sum, { calls }) => sum + calls, 0), windows: windows.length };
  }

  /** Whether enough was known once; what comes since makes it better. */
  get isWhole(): boolean {
    return this.#wholeMs > 0;
  }

  /** Time that was learned from, milliseconds. */
  get wholeMs(): number {
    return this.#wholeMs;
  }

  /** Passes over a time of which nothing is known. */
  pass(pauseMs: number): void {
    this.#fromMs += pauseMs;
    this.#windows.pass(pauseMs);
    this.#shadow?.pass(pauseMs);
  }

  snapshot() {
    return {
      windows: this.#windows.snapshot(),
      shadow: this.#shadow?.snapshot(),
      shadowAt: this.#shadowAt,
      tried: this.#tried,
      fromMs: this.#fromMs,
      wholeMs: this.#wholeMs,
    };
  }

  restore({ windows, shadow, shadowAt, tried, fromMs, wholeMs }: ReturnType<Learning['snapshot']>): void {
    this.#windows.restore(windows);
    if (shadow !== undefined) this.#shadow?.restore(shadow);
    [this.#shadowAt, this.#tried, this.#fromMs, this.#wholeMs] = [shadowAt, tried, fromMs, wholeMs];
  }

  /** Takes a second in which nothing is known to be wrong. */
  add(step: Step, lengthMs: number): void {
    if (Number.isNaN(this.#fromMs)) {
      if (step.calls === 0) return;
      this.#fromMs = step.timeMs - lengthMs;
    }
    this.#windows.add(step, lengthMs);
    this.#shadow?.take(step, lengthMs);
    if (this.#shadow === undefined || this.#windows.count < this.#shadowAt) return;
    this.#shadowAt = Math.ceil(this.#windows.count * SHADOW_GROWTH);
    const learned = learn(this.#windows.windows, this.#around(), PROVISIONAL_WINDOWS);
    if (learned !== undefined) this.#shadow.renew(learned);
  }

  /** A baseline, where it is time for one. */
  lesson(timeMs: number): Lesson | undefined {
    const { count } = this.#windows;
    const isFirst = this.#untilMs !== undefined && this.#tried === 0;
    if (this.#untilMs !== undefined && timeMs < this.#untilMs) return undefined;
    // Once enough is known, twice as much has to be for a better one; joining makes windows fewer, not shorter.
    const spanMs = timeMs - this.#fromMs;
    if (this.#wholeMs > 0 ? spanMs < 2 * this.#wholeMs : !isFirst && count < this.#tried + PROVISIONAL_EVERY)
      return undefined;
    this.#tried = Math.max(1, count);
    const { windows } = this.#windows;
    const whole = learn(windows, this.#around(), LEAST_WINDOWS);
    const learned = whole ?? learn(windows, this.#around(), PROVISIONAL_WINDOWS);
    if (learned === undefined) return undefined;
    const isWhole = whole !== undefined && whole.confidence >= LEAST_CONFIDENCE;
    if (isWhole) this.#wholeMs = spanMs;
    const trial =
      this.#shadow?.most((excursion) => learned.leftOut.some((time) => touches(excursion, time))) ?? NO_TRIAL;
    return { learned, isWhole, trial };
  }

  #around(): Circumstances {
    const correlation = this.#windows.clusters.correlation();
    return { seasonMs: this.#seasonMs, correlation, minuteNoise: this.#windows.minutes.noise() };
  }
}

function touches(excursion: Excursion, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): boolean {
  return excursion.fromMs <= toMs && excursion.toMs >= fromMs;
}
