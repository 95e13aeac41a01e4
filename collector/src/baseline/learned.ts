// What is known of a normal operation, and how well. Data only; made by the learner, read by the tests.
import type { LogDensity } from './density.ts';
import type { Season } from './season.ts';

/** A learned baseline of one operation. Places and spreads are in bins, logarithms in nats. */
export interface Learned {
  /** Clean calls, and windows they came from. */
  readonly calls: number;
  readonly windows: number;
  /** Times that were not normal. */
  readonly leftOut: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Density of durations where the centre is at `centre`; its own differences between minutes are taken out. */
  readonly density: LogDensity;
  readonly centre: number;
  /** Where the latest windows lay, from the centre; a slow drift goes on from here. */
  readonly latest: number;
  readonly spread: number;
  /** Densities of levels the operation also has, as they were seen. */
  readonly levels: readonly Level[];
  readonly season: Season | undefined;
  /** Standard deviation of the logarithm of durations between minutes, beyond chance. */
  readonly noise: number;
  /** Standard error of the centre, nats. */
  readonly centreError: number;
  /** Of calls within a second, 0..1. */
  readonly correlation: number;
  readonly errorRatio: number;
  /** How many times as far as chance the error ratios of windows lie apart, at least 1. */
  readonly errorClusters: number;
  readonly callsPerSecond: number;
  /** Chance that the true distribution lies within 0.136 of the learned one everywhere. */
  readonly confidence: number;
}

/** Where an operation also lies, again and again. */
export interface Level {
  readonly density: LogDensity;
  /** Mean place, from the centre; bins. */
  readonly from: number;
}

/** How far off a distribution may be for `confidence`: a hundred independent calls then give 0.95. */
const DISTANCE = 0.136;

/**
 * Confidence in a distribution learned from calls.
 *
 * @param independentCalls after correlation is taken off
 * @returns 0..1
 * @see Massart 1990, the tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality
 */
export function confidenceOf(independentCalls: number): number {
  return Math.max(0, 1 - 2 * Math.exp(-2 * independentCalls * DISTANCE * DISTANCE));
}
