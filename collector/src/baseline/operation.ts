// One operation: learns what is normal, then watches for what is not. Pure; a step a second, in order of time.
import { CallRate } from './call-rate.ts';
import type { Learned } from './learned.ts';
import { LatencyWatch } from './latency-watch.ts';
import { ErrorWatch } from './error-watch.ts';
import { guardOf } from './hypotheses.ts';
import { type Circumstances, learn, LEAST_WINDOWS } from './learner.ts';
import { type Excursion, Shadow } from './shadow.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { Limits } from './sight.ts';
import type { Step } from './step.ts';
import type { Change } from './violation-state.ts';
import { LearningWindows } from './windows.ts';

/** What all operations share. */
export interface WatchOptions {
  /** Length of a step. */
  readonly stepMs: number;
  readonly seasonMs: number;
  /** Nothing is judged before, and everything is learned; undefined: as soon as enough is known. */
  readonly learnUntilMs: number | undefined;
  /** One false alarm in so many seconds of one operation is accepted. */
  readonly secondsPerFalseAlarm: number;
}

/** A provisional baseline takes so many windows, and allows for this much more than a learned one. */
const PROVISIONAL_WINDOWS = 6;
const PROVISIONAL_GUARD = Math.log(1.5);
/** It is made anew each so many windows. */
const PROVISIONAL_EVERY = 2;
/** Ways in which durations may have changed, each of which could be a false alarm. */
const ALTERNATIVES = 14;
const ERROR_ALTERNATIVES = 4;
const LEAST_CONFIDENCE = 0.95;
/** While learning, the tests are on trial from so many windows on, with a better baseline each time there are half as many more. */
const FIRST_SHADOW = 16;
const SHADOW_GROWTH = 1.5;
/** What evidence reached on trial, it may pass by so much; but no trial raises a threshold further than this. */
const TRIAL_FACTOR = 1.2;
const MOST_RAISED = 1.7;

const NONE: readonly Change[] = [];

interface Watches {
  readonly latency: LatencyWatch;
  readonly errors: ErrorWatch;
  readonly silence: SilenceWatch;
}

export class Operation {
  readonly #options: WatchOptions;
  readonly #windows = new LearningWindows();
  #learned: Learned | undefined;
  #isProvisional = true;
  #watches: Watches | undefined;
  #limits: Omit<Limits, 'silentMs'> | undefined;
  readonly #shadow = new Shadow();
  #shadowAt = FIRST_SHADOW;
  /** Windows known when a baseline was last tried. */
  #tried = 0;
  readonly #rate = new CallRate();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Takes a second that has ended, also one without calls. @returns what changed, in no order */
  take(step: Step): readonly Change[] {
    const { stepMs } = this.#options;
    const watches = this.#watches;
    const changes = watches === undefined ? NONE : changesOf(watches, step, stepMs);
    if (this.#isProvisional) this.#learn(step);
    if (this.#watches === undefined) this.#rate.take(step.timeMs, step.calls, stepMs, false);
    return changes;
  }

  /** What is known of it. */
  get learned(): Learned | undefined {
    return this.#learned;
  }

  get isProvisional(): boolean {
    return this.#isProvisional;
  }

  /** Calls and windows seen while it is learned, not all of them clean. */
  get seen(): { readonly calls: number; readonly windows: number } {
    const { windows } = this.#windows;
    return { calls: windows.reduce((sum, { calls }) => sum + calls, 0), windows: windows.length };
  }

  /** What it has to pass until something is said; undefined while it is not watched. */
  get limits(): Limits | undefined {
    return this.#limits && { ...this.#limits, silentMs: this.#watches?.silence.silentMs ?? Infinity };
  }

  #learn(step: Step): void {
    const watches = this.#watches;
    const isViolated =
      watches !== undefined && (watches.latency.isViolated || watches.errors.isViolated || watches.silence.isViolated);
    if (!isViolated && (step.calls > 0 || this.#windows.windows.length > 0)) {
      this.#windows.add(step, this.#options.stepMs);
      if (step.calls > 0) this.#rate.note(step.timeMs - this.#options.stepMs);
    }
    this.#shadow.take(step, this.#options.stepMs);
    const { length } = this.#windows.windows;
    if (length >= this.#shadowAt) this.#renewShadow(length);
    const { learnUntilMs } = this.#options;
    if (learnUntilMs !== undefined && step.timeMs < learnUntilMs) return;
    if (learnUntilMs === undefined && length < this.#tried + PROVISIONAL_EVERY) return;
    if (learnUntilMs !== undefined && this.#tried > 0 && length < this.#tried + PROVISIONAL_EVERY) return;
    if (isViolated) return;
    this.#tried = length;
    this.#try();
  }

  #around(): Circumstances {
    const correlation = this.#windows.clusters.correlation();
    return { seasonMs: this.#options.seasonMs, correlation, minuteNoise: this.#windows.minutes.noise() };
  }

  #renewShadow(length: number): void {
    this.#shadowAt = Math.ceil(length * SHADOW_GROWTH);
    const learned = learn(this.#windows.windows, this.#around(), PROVISIONAL_WINDOWS);
    if (learned !== undefined) this.#shadow.renew(learned);
  }

  #try(): void {
    const { windows } = this.#windows;
    const around = this.#around();
    const whole = learn(windows, around, LEAST_WINDOWS);
    const isWhole = whole !== undefined && whole.confidence >= LEAST_CONFIDENCE;
    const learned = whole ?? learn(windows, around, PROVISIONAL_WINDOWS);
    if (learned === undefined) return;
    this.#learned = learned;
    this.#isProvisional = !isWhole;
    const guard = Math.max(guardOf(learned), isWhole ? 0 : PROVISIONAL_GUARD);
    const seconds = this.#options.secondsPerFalseAlarm;
    const calls = Math.max(2, seconds * learned.callsPerSecond);
    const chances = Math.log(Math.min(seconds, calls));
    const trial = this.#shadow.most((excursion) => learned.leftOut.some((time) => touches(excursion, time)));
    const latencyNats = raised(chances + Math.log(ALTERNATIVES), trial.latency);
    const errorNats = raised(chances + Math.log(ERROR_ALTERNATIVES), trial.errors);
    this.#limits = { guard, latencyNats, errorNats };
    this.#watches = {
      latency: new LatencyWatch(learned, guard, latencyNats),
      errors: new ErrorWatch(learned, errorNats),
      silence: new SilenceWatch(this.#rate, learned, Math.log(calls)),
    };
  }
}

function changesOf({ latency, errors, silence }: Watches, step: Step, stepMs: number): readonly Change[] {
  const [first, second, third] = [silence.take(step, stepMs), latency.take(step, stepMs), errors.take(step, stepMs)];
  // Nearly always there is none, and nothing is made.
  if (first === undefined && second === undefined && third === undefined) return NONE;
  return [first, second, third].filter((change) => change !== undefined);
}

function touches(excursion: Excursion, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): boolean {
  return excursion.fromMs <= toMs && excursion.toMs >= fromMs;
}

function raised(thresholdNats: number, trialNats: number): number {
  return Math.min(MOST_RAISED * thresholdNats, Math.max(thresholdNats, TRIAL_FACTOR * trialNats));
}
