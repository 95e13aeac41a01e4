// One operation: learns what is normal, then watches for what is not. Pure; a step a second, in order of time.
import { CallRate } from './call-rate.ts';
import type { Change, ViolationKind } from './contract.ts';
import type { Learned } from './learned.ts';
import { Learning, type Lesson } from './learning.ts';
import type { Limits } from './sight.ts';
import type { Step } from './step.ts';
import { changesOf, isViolated, openKinds, type Watches, watchesFor } from './watches.ts';

/** What all operations share. */
export interface WatchOptions {
  /** Length of a step. */
  readonly stepMs: number;
  readonly seasonMs: number;
  /** Nothing is judged before, and everything is learned; undefined: as soon as enough is known. */
  readonly learnUntilMs: number | undefined;
  /** One false alarm in so many seconds of one operation is accepted. */
  readonly secondsPerFalseAlarm: number;
  /** Senders are told how much to sample, so how often calls come may change at any time. */
  readonly isHeadSampled?: boolean;
}

/** A baseline that has followed this far down is not that of before. */
const FASTER_NATS = -Math.log(1.25);
/** After so many seasons learning begins anew, and what was learned stays until that is enough. */
const SEASONS = 8;

/** Until so much was learned from, a violation may be how it always is now and then. */
const YOUNG_MS = 2_400_000;
/**
 * So much of each violation is learned meanwhile: less than the 15 % of ten minutes, the shortest time that is enough, that are
 * left out as an incident where there is only one. What comes back becomes a level.
 */
const MOST_OF_VIOLATION_MS = 70_000;
/** So many violations are incidents, of which nothing is learned: a fault that comes twice is told twice. */
const MOST_INCIDENTS = 2;

/** Baselines that are kept beside the one in force. */
const MAX_FORMER = 3;

const NONE: readonly Change[] = [];

/** A baseline that was in force before. */
export interface Former {
  readonly version: number;
  /** The `service.version` it was learned under. */
  readonly serviceVersion?: string | undefined;
  readonly learned: Learned;
}

/** What an operation needs to go on, as it is written. */
export type SavedOperation = ReturnType<Operation['snapshot']>;

export class Operation {
  readonly #options: WatchOptions;
  /** Until enough is known. */
  #learning: Learning | undefined;
  #learned: Learned | undefined;
  #isWhole = false;
  #trial: Lesson['trial'] = { latency: 0, errors: 0 };
  #watches: Watches | undefined;
  #rate: CallRate;
  /** End of the last step. */
  #timeMs = NaN;
  /** The last second in which it was not in violation, and how often it came to be in one while it is learned. */
  #soundMs = NaN;
  #early = 0;
  #version = 0;
  /** The `service.version` the baseline in force was learned under, where it is known. */
  serviceVersion: string | undefined;
  #former: readonly Former[] = [];

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#rate = new CallRate(options.isHeadSampled);
    this.#learning = new Learning(options.seasonMs, options.learnUntilMs);
  }

  /** Takes a second that has ended, also one without calls. @returns what changed, in no order */
  take(step: Step): readonly Change[] {
    const { stepMs } = this.#options;
    const watches = this.#watches;
    this.#pass(step.timeMs - stepMs - this.#timeMs);
    this.#timeMs = step.timeMs;
    // Before the watch takes the call that ends it: a gap that nobody called a stop is normal.
    const wasSound = !isViolated(watches);
    if (this.#learning !== undefined && step.calls > 0 && wasSound) this.#rate.note(step.timeMs - stepMs);
    const changes = watches === undefined ? NONE : changesOf(watches, step, stepMs);
    if (this.#learning !== undefined) {
      if (!isViolated(this.#watches)) {
        this.#soundMs = step.timeMs;
        this.#learn(this.#learning, step);
      } else {
        if (wasSound) this.#early++;
        const isYoung = this.#learning.wholeMs < YOUNG_MS && this.#early > MOST_INCIDENTS;
        if (isYoung && step.timeMs - this.#soundMs <= MOST_OF_VIOLATION_MS) this.#learning.add(step, stepMs);
      }
    }
    if (this.#watches === undefined) this.#rate.take(step.timeMs, step.calls, stepMs, false);
    return changes;
  }

  /** What is known of it. */
  get learned(): Learned | undefined {
    return this.#learned;
  }

  /** More is still to be learned. */
  get isProvisional(): boolean {
    return this.#learned === undefined || !this.#isWhole;
  }

  /** Calls and windows seen while it is learned, not all of them clean. */
  get seen(): { readonly calls: number; readonly windows: number } {
    return this.#learning?.seen ?? { calls: 0, windows: 0 };
  }

  /** What it has to pass until something is said; undefined while it is not watched. */
  get limits(): Limits | undefined {
    const watches = this.#watches;
    return watches && { ...watches.limits, silentMs: watches.silence.silentMs };
  }

  /** How many baselines were learned; one that was only learned further is the same, and a provisional one is none yet. */
  get version(): number {
    return this.#version;
  }

  /** Baselines before this one, the latest first. */
  get former(): readonly Former[] {
    return this.#former;
  }

  /** Calls that were to be expected in the longest gap that was normal. */
  get usualMissed(): number {
    return this.#watches?.silence.snapshot().usualMissed ?? this.#rate.longestMissed;
  }

  /** How often it is called of late; what senders do about sampling is told there. */
  get rate(): CallRate {
    return this.#rate;
  }

  /** Kinds of violations that are open. */
  get open(): readonly ViolationKind[] {
    return openKinds(this.#watches);
  }

  /**
   * Takes what it does now for normal: ends what is open and learns from now on; what was normal is kept as a former
   * baseline.
   *
   * @returns what ends
   */
  accept(timeMs: number): readonly Change[] {
    this.#retire();
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
      early: this.#early,
      ...(this.serviceVersion === undefined ? {} : { serviceVersion: this.serviceVersion }),
      former: this.#former,
      learned: this.#learned,
      isWhole: this.#isWhole,
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
    [operation.#timeMs, operation.#version, operation.#former] = [saved.timeMs, saved.version, saved.former];
    operation.#early = saved.early;
    operation.serviceVersion = saved.serviceVersion;
    if (saved.learning === undefined) operation.#learning = undefined;
    else operation.#learning?.restore(saved.learning);
    const { learned, watches, isWhole, trial } = saved;
    if (learned === undefined || watches === undefined) return operation;
    [operation.#learned, operation.#isWhole, operation.#trial] = [learned, isWhole, trial];
    // Thresholds are those of the configuration that is in force now.
    const lesson = { learned, isWhole, trial };
    const { usualMissed } = watches.silence;
    operation.#watches = watchesFor(lesson, options.secondsPerFalseAlarm, operation.#rate, usualMissed);
    operation.#watches.latency.restore(watches.latency);
    operation.#watches.errors.restore(watches.errors);
    operation.#watches.silence.restore(watches.silence);
    return operation;
  }

  /** Passes over a time of which nothing is known, after which a step comes. @param pauseMs NaN before the first step */
  #pass(pauseMs: number): void {
    if (pauseMs === 0 || Number.isNaN(pauseMs)) return;
    this.#rate.pass(pauseMs);
    this.#watches?.latency.pass(pauseMs);
    // Where the clock was set back, what was learned lies in the future.
    if (pauseMs > 0) this.#learning?.pass(pauseMs);
    else if (this.#learning !== undefined) this.#learning = this.#newLearning();
  }

  #newLearning(): Learning {
    return new Learning(this.#options.seasonMs, this.#options.learnUntilMs);
  }

  #learnAnew(timeMs: number, ended: NonNullable<Change['ended']>): readonly Change[] {
    const { latency, errors, silence } = this.#watches ?? {};
    const changes = [silence?.end(timeMs), latency?.end(timeMs), errors?.end(timeMs)];
    this.#learned = this.#watches = undefined;
    this.#isWhole = false;
    this.#early = 0;
    this.#learning = this.#newLearning();
    this.#rate = new CallRate(this.#rate.isHeadSampled);
    return changes.filter((change) => change !== undefined).map((change) => ({ ...change, ended }));
  }

  /** Keeps the baseline in force as a former one. */
  #retire(): void {
    if (this.#learned === undefined || !this.#isWhole) return;
    const was = { version: this.#version, serviceVersion: this.serviceVersion, learned: this.#learned };
    this.#former = [was, ...this.#former].slice(0, MAX_FORMER);
  }

  #learn(learning: Learning, step: Step): void {
    learning.add(step, this.#options.stepMs);
    const { secondsPerFalseAlarm } = this.#options;
    // What there is evidence against is not taken for normal; a lesson can wait.
    const isAnew = !learning.isWhole;
    const lesson =
      this.#isWhole && this.#watches?.latency.isSuspect === true ? undefined : learning.lesson(step.timeMs);
    if (lesson !== undefined && (lesson.isWhole || !this.#isWhole)) {
      if (lesson.isWhole && isAnew) {
        this.#retire();
        this.#version++;
        this.serviceVersion = undefined;
      }
      this.#learned = lesson.learned;
      this.#isWhole = lesson.isWhole;
      this.#trial = lesson.trial;
      this.#watches = watchesFor(lesson, secondsPerFalseAlarm, this.#rate, this.#rate.longestMissed);
    }
    if (this.#isWhole) this.#learning = this.#learnOn(learning);
  }

  /** What is learned further: a recorded period is over, a season was seen, what became faster for good is learned anew. */
  #learnOn(learning: Learning): Learning | undefined {
    const { learnUntilMs, seasonMs } = this.#options;
    if (learnUntilMs !== undefined) return undefined;
    const isFaster = learning.isWhole && (this.#watches?.latency.driftNats ?? 0) < FASTER_NATS;
    const isLong = learning.wholeMs > SEASONS * seasonMs;
    return isFaster || isLong ? this.#newLearning() : learning;
  }
}
