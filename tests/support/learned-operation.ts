// An operation that has learned made-up traffic, and steps of such traffic.
import { BINS, binOf } from '../../collector/src/baseline/bins.ts';
import { Operation } from '../../collector/src/baseline/operation.ts';
import { addCall, clearStep, emptyStep, type Step } from '../../collector/src/baseline/step.ts';
import type { Random } from './random.ts';

/** Calls as they come, independent of each other. */
export interface CallShape {
  readonly callsPerSecond: number;
  readonly errorRatio?: number;
  /** Draws how long a call takes, in seconds. */
  readonly draw: (random: Random) => number;
}

const SECONDS_PER_FALSE_ALARM = 24 * 86_400;
const DAY_MS = 86_400_000;
/** When it began to take traffic. */
export const STARTED_MS = 1_800_000_000_000;

/** Normally distributed about 0 with a deviation of 1. @see Box and Muller 1958 */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function lognormal(medianSeconds: number, sigma: number): CallShape['draw'] {
  return (random) => medianSeconds * Math.exp(sigma * normal(random));
}

/** Fills a step with the calls of one second. @param factor times as long as they are by themselves */
export function fillStep(step: Step, shape: CallShape, random: Random, factor = 1): void {
  clearStep(step);
  step.timeMs += 1000;
  const { callsPerSecond, errorRatio = 0, draw } = shape;
  // Arrivals of a Poisson process within the second.
  for (let at = -Math.log(1 - random()); at < callsPerSecond; at -= Math.log(1 - random()))
    addCall(step, binOf(factor * draw(random)), random() < errorRatio);
}

/** An operation that has taken traffic for some time. */
export function learnedOperation(shape: CallShape, seconds: number, random: Random): Operation {
  const operation = new Operation({
    stepMs: 1000,
    seasonMs: DAY_MS,
    learnUntilMs: undefined,
    secondsPerFalseAlarm: SECONDS_PER_FALSE_ALARM,
  });
  const step = emptyStep(BINS);
  step.timeMs = STARTED_MS;
  for (let s = 0; s < seconds; s++) {
    fillStep(step, shape, random);
    operation.take(step);
  }
  return operation;
}
