// What watches one operation once something is known of it: durations, errors and silence, each with its threshold.
import type { CallRate } from './call-rate.ts';
import type { Change, ViolationKind } from './contract.ts';
import { ErrorWatch } from './error-watch.ts';
import { ALTERNATIVES, guardOf } from './hypotheses.ts';
import { LatencyWatch } from './latency-watch.ts';
import type { Lesson } from './learning.ts';
import type { Limits } from './sight.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { Step } from './step.ts';

/** A provisional baseline allows for this much more than a learned one. */
const PROVISIONAL_GUARD = Math.log(1.5);
/** Ways in which calls may have come to fail, each of which could be a false alarm. */
const ERROR_ALTERNATIVES = 4;
/** What evidence reached on trial, it may pass by so much; but no trial raises a threshold further than this. */
const TRIAL_FACTOR = 1.2;
const MOST_RAISED = 1.7;

const NONE: readonly Change[] = [];

export interface Watches {
  readonly latency: LatencyWatch;
  readonly errors: ErrorWatch;
  readonly silence: SilenceWatch;
  /** What has to be passed until something is said. */
  readonly limits: Omit<Limits, 'silentMs'>;
}

/**
 * Makes watches of what was learned.
 *
 * @param seconds one false alarm in so many is accepted
 * @param rate is kept by the watch of silence from now on; @param usualMissed calls missed in the longest normal gap
 */
export function watchesFor(
  { learned, isWhole, trial }: Lesson,
  seconds: number,
  rate: CallRate,
  usualMissed: number,
): Watches {
  const guard = Math.max(guardOf(learned), isWhole ? 0 : PROVISIONAL_GUARD);
  const calls = Math.max(2, seconds * learned.callsPerSecond);
  const chances = Math.log(Math.min(seconds, calls));
  const latencyNats = raised(chances + Math.log(ALTERNATIVES), trial.latency);
  const errorNats = raised(chances + Math.log(ERROR_ALTERNATIVES), trial.errors);
  return {
    limits: { guard, latencyNats, errorNats },
    latency: new LatencyWatch(learned, guard, latencyNats),
    errors: new ErrorWatch(learned, errorNats),
    silence: new SilenceWatch(rate, learned, Math.log(calls), usualMissed),
  };
}

export function isViolated(watches: Watches | undefined): boolean {
  if (watches === undefined) return false;
  return watches.latency.isViolated || watches.errors.isViolated || watches.silence.isViolated;
}

/** Kinds of violations that are open. */
export function openKinds(watches: Watches | undefined): readonly ViolationKind[] {
  if (watches === undefined) return [];
  const { latency, errors, silence } = watches;
  const open: [boolean, ViolationKind][] = [
    [latency.isViolated, 'latency'],
    [errors.isViolated, 'error'],
    [silence.isViolated, 'throughput'],
  ];
  return open.filter(([isOpen]) => isOpen).map(([, kind]) => kind);
}

/** Has each take a second. @returns what changed */
export function changesOf({ latency, errors, silence }: Watches, step: Step, stepMs: number): readonly Change[] {
  const [first, second, third] = [silence.take(step, stepMs), latency.take(step, stepMs), errors.take(step, stepMs)];
  // Nearly always there is none, and nothing is made.
  if (first === undefined && second === undefined && third === undefined) return NONE;
  return [first, second, third].filter((change) => change !== undefined);
}

function raised(thresholdNats: number, trialNats: number): number {
  return Math.min(MOST_RAISED * thresholdNats, Math.max(thresholdNats, TRIAL_FACTOR * trialNats));
}
