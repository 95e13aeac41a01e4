// One operation: learns what is normal, then watches for what is not. Pure; a step a second, in order of time.
import { CallRate } from './call-rate.ts';
import type { ViolationKind } from './contract.ts';
import type { Learned } from './learned.ts';
import { LatencyWatch } from './latency-watch.ts';
import { ErrorWatch } from './error-watch.ts';
import { guardOf } from './hypotheses.ts';
import { type Circumstances, learn, LEAST_WINDOWS } from './learner.ts';
import { Learning } from './learning.ts';
import type { Excursion, Shadow } from './shadow.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { Step } from './step.ts';
import type { Change } from './violation-state.ts';

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
/** While learning, the tests on trial get a better baseline each time there are half as many windows more. */
const SHADOW_GROWTH = 1.5;
/** What evidence reached on trial, it may pass by so much; but no trial raises a threshold further than this. */
const TRIAL_FACTOR = 1.2;
const MOST_RAISED = 1.7;

/** Baselines that are kept beside the one in force. */
const MAX_FORMER = 3;

const NONE: readonly Change[] = [];

/** A baseline that was in force before. */
export interface Former {
  readonly version: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly learned: Learned;
}

/** What an operation needs to go on, as it is written. */
export type SavedOperation = ReturnType<Operation['snapshot']>;

interface Watches {
  readonly latency: LatencyWatch;
  readonly errors: ErrorWatch;
  readonly silence: SilenceWatch;
}

/** What tests on trial reached though nothing was wrong, nats. */
type Trial = ReturnType<Shadow['most']>;

export class Operation {
  readonly #options: WatchOptions;
  /** Undefined once a baseline is learned. */
  #learning: Learning | undefined = new Learning();
  #learned: Learned | undefined;
  #trial: Trial = { latency: 0, errors: 0 };
  #watches: Watches | undefined;
  #rate = new CallRate();
  /** End of the last step. */
  #timeMs = NaN;
  #version = 0;
  #former: readonly Former[] = [];

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Takes a second that has ended, also one without calls. @returns what changed, in no order */
  take(step: Step): readonly Change[] {
    const { stepMs } = this.#options;
    const watches = this.#watches;
    this.#pass(step.timeMs - stepMs - this.#timeMs);
    this.#timeMs = step.timeMs;
    const changes = watches === undefined ? NONE : changesOf(watches, step, stepMs);
    if (this.#learning !== undefined) this.#learn(step, this.#learning);
    if (this.#watches === undefined) this.#rate.take(step.timeMs, step.calls, stepMs, false);
    return changes;
  }

  /** What is known of it. */
  get learned(): Learned | undefined {
    return this.#learned;
  }

  get isProvisional(): boolean {
    return this.#learning !== undefined;
  }

  /** How many baselines were learned; that of a provisional one does not count yet. */
  get version(): number {
    return this.#version;
  }

  /** Baselines before this one, the latest first. */
  get former(): readonly Former[] {
    return this.#former;
  }

  get isViolated(): boolean {
    const watches = this.#watches;
    if (watches === undefined) return false;
    return watches.latency.isViolated || watches.errors.isViolated || watches.silence.isViolated;
  }

  /** Kinds of violations that are open. */
  get open(): readonly ViolationKind[] {
    if (this.#watches === undefined) return [];
    const { latency, errors, silence } = this.#watches;
    const open: [boolean, ViolationKind][] = [
      [latency.isViolated, 'latency'],
      [errors.isViolated, 'error'],
      [silence.isViolated, 'throughput'],
    ];
    return open.filter(([isOpen]) => isOpen).map(([, kind]) => kind);
  }

  /**
   * Takes what it does now for normal: ends what is open and learns from now on; what was normal is kept as a former
   * baseline.
   *
   * @returns what ends
   */
  accept(timeMs: number): readonly Change[] {
    if (this.#learned !== undefined && this.#learning === undefined) {
      const { fromMs, toMs } = this.#learned;
      const was = { version: this.#version, fromMs, toMs, learned: this.#learned };
      this.#former = [was, ...this.#former].slice(0, MAX_FORMER);
    }
    return this.#learnAnew(timeMs, 'accepted');
  }

  /** Forgets what it has learned, which was wrong, and learns from now on. @returns what ends */
  reset(timeMs: number): readonly Change[] {
    return this.#learnAnew(timeMs, 'reset');
  }

  /** Ends what is open, because nobody watches any more. @returns what ends */
  forget(timeMs: number): readonly Change[] {
    return this.#learnAnew(timeMs, 'forgotten');
  }

  /** All that it needs to go on, as plain values; evidence that is no violation yet is not part of it. */
  snapshot() {
    const watches = this.#watches;
    return {
      timeMs: this.#timeMs,
      version: this.#version,
      former: this.#former,
      learned: this.#learned,
      trial: this.#trial,
      rate: this.#rate.snapshot(),
      learning: this.#learning?.snapshot(),
      watches: watches && {
        latency: watches.latency.snapshot(),
        errors: watches.errors.snapshot(),
        silence: watches.silence.snapshot(),
      },
    };
  }

  /** Goes on where a snapshot was taken. The time between is passed over with the next step: it was no silence. */
  static restored(options: WatchOptions, saved: SavedOperation): Operation {
    const operation = new Operation(options);
    operation.#rate.restore(saved.rate);
    operation.#timeMs = saved.timeMs;
    [operation.#version, operation.#former, operation.#trial] = [saved.version, saved.former, saved.trial];
    operation.#learning = saved.learning === undefined ? undefined : Learning.restored(saved.learning);
    const { learned, watches } = saved;
    if (learned === undefined || watches === undefined) return operation;
    operation.#learned = learned;
    const { latency, errors, silence } = operation.#watchesFor(learned, watches.silence.usualMissed);
    latency.restore(watches.latency);
    errors.restore(watches.errors);
    silence.restore(watches.silence);
    operation.#watches = { latency, errors, silence };
    return operation;
  }

  /** Passes over a time of which nothing is known, after which a step comes. @param pauseMs NaN before the first step */
  #pass(pauseMs: number): void {
    if (pauseMs === 0 || Number.isNaN(pauseMs)) return;
    this.#rate.pass(pauseMs);
    this.#learning?.windows.pass(pauseMs);
    this.#learning?.shadow.pass(pauseMs);
    this.#watches?.latency.pass(pauseMs);
  }

  #learnAnew(timeMs: number, ended: NonNullable<Change['ended']>): readonly Change[] {
    const { latency, errors, silence } = this.#watches ?? {};
    const changes = [silence?.end(timeMs), latency?.end(timeMs), errors?.end(timeMs)];
    this.#learned = undefined;
    this.#watches = undefined;
    this.#learning = new Learning();
    this.#rate = new CallRate();
    return changes.filter((change) => change !== undefined).map((change) => ({ ...change, ended }));
  }

  #learn(step: Step, learning: Learning): void {
    const { windows, shadow } = learning;
    const isViolated = this.isViolated;
    if (!isViolated && (step.calls > 0 || windows.windows.length > 0)) {
      windows.add(step, this.#options.stepMs);
      if (step.calls > 0) this.#rate.note(step.timeMs - this.#options.stepMs);
    }
    shadow.take(step, this.#options.stepMs);
    const { length } = windows.windows;
    if (length >= learning.shadowAt) this.#renewShadow(learning, length);
    const { learnUntilMs } = this.#options;
    if (learnUntilMs !== undefined && step.timeMs < learnUntilMs) return;
    if (learnUntilMs === undefined && length < learning.tried + PROVISIONAL_EVERY) return;
    if (learnUntilMs !== undefined && learning.tried > 0 && length < learning.tried + PROVISIONAL_EVERY) return;
    if (isViolated) return;
    learning.tried = length;
    this.#try(learning);
  }

  #around({ windows }: Learning): Circumstances {
    const correlation = windows.clusters.correlation();
    return { seasonMs: this.#options.seasonMs, correlation, minuteNoise: windows.minutes.noise() };
  }

  #renewShadow(learning: Learning, length: number): void {
    learning.shadowAt = Math.ceil(length * SHADOW_GROWTH);
    const learned = learn(learning.windows.windows, this.#around(learning), PROVISIONAL_WINDOWS);
    if (learned !== undefined) learning.shadow.renew(learned);
  }

  #try(learning: Learning): void {
    const { windows } = learning.windows;
    const around = this.#around(learning);
    const whole = learn(windows, around, LEAST_WINDOWS);
    const isWhole = whole !== undefined && whole.confidence >= LEAST_CONFIDENCE;
    const learned = whole ?? learn(windows, around, PROVISIONAL_WINDOWS);
    if (learned === undefined) return;
    this.#learned = learned;
    this.#trial = learning.shadow.most((excursion) => learned.leftOut.some((time) => touches(excursion, time)));
    if (isWhole) {
      this.#learning = undefined;
      this.#version++;
    }
    this.#watches = this.#watchesFor(learned, this.#rate.longestMissed);
  }

  #watchesFor(learned: Learned, usualMissed: number): Watches {
    const guard = Math.max(guardOf(learned), this.isProvisional ? PROVISIONAL_GUARD : 0);
    const seconds = this.#options.secondsPerFalseAlarm;
    const calls = Math.max(2, seconds * learned.callsPerSecond);
    const chances = Math.log(Math.min(seconds, calls));
    const trial = this.#trial;
    return {
      latency: new LatencyWatch(learned, guard, raised(chances + Math.log(ALTERNATIVES), trial.latency)),
      errors: new ErrorWatch(learned, raised(chances + Math.log(ERROR_ALTERNATIVES), trial.errors)),
      silence: new SilenceWatch(this.#rate, learned, Math.log(calls), usualMissed),
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
