// What a stream of recorded calls is made of. Times are milliseconds from its start.
import type { Shape } from './shape.ts';

/** What is done to some operations for a while, harmless or not. Scales and rates go from one value to the other. */
export interface Effect {
  readonly what: string;
  /** Places in `ops`. */
  readonly ops: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly scaleFrom: number;
  readonly scaleTo: number;
  /** The share of calls that are scaled. */
  readonly share: number;
  readonly rateFrom: number;
  readonly rateTo: number;
  readonly missRatio: number | undefined;
  readonly errorRatio: number | undefined;
  /** Calls start, and none ends before the effect does. */
  readonly hangs: boolean;
}

/** An effect that does what is said and nothing else. */
export function effect(
  what: string,
  ops: readonly number[],
  [fromMs, toMs]: readonly [number, number],
  does: Partial<Effect>,
): Effect {
  const { scaleFrom = 1, rateFrom = 1 } = does;
  return {
    scaleFrom,
    scaleTo: scaleFrom,
    rateFrom,
    rateTo: rateFrom,
    share: 1,
    missRatio: undefined,
    errorRatio: undefined,
    hangs: false,
    ...does,
    what,
    ops,
    fromMs,
    toMs,
  };
}

export type RegressionKind = 'scale' | 'tail' | 'cache' | 'errors' | 'stop' | 'hang' | 'ramp';

/** One thing that goes wrong, with what it does to each operation it hits. */
export interface Cause {
  readonly kind: RegressionKind;
  readonly onsetMs: number;
  readonly recoveryMs: number;
  readonly effects: readonly Effect[];
}

/** A wave of latency and rate; amplitudes are of the logarithm. */
export interface Season {
  readonly periodMs: number;
  readonly latency: number;
  readonly rate: number;
  /** 0..1 */
  readonly phase: number;
}

/** How calls begin. */
export interface Arrivals {
  /** Mean number of calls that begin together. */
  readonly batch: number;
  /** Standard deviation of the logarithm that calls of one batch share. */
  readonly batchSd: number;
  /** Shape of a gamma factor on the rate of each second; 0 for none. */
  readonly burstiness: number;
  /** Like a clock with jitter, as health checks are. */
  readonly isRegular: boolean;
}

export interface Operation {
  readonly name: string;
  readonly shape: Shape;
  readonly ratePerS: number;
  readonly errorRatio: number;
  /** Mean number of errors in a row; 1 where they are independent. */
  readonly errorRun: number;
  /** Durations of failed calls against those of good ones. */
  readonly failScale: number;
  /** Standard deviation of the logarithm of a factor that all calls of a minute share, and its correlation by minutes. */
  readonly tau: number;
  readonly rho: number;
  /** Growth of the logarithm of durations. */
  readonly driftPerHour: number;
  readonly season: Season | undefined;
  /** Levels it alternates between, as factors; 1 is among them. */
  readonly levels: readonly number[];
  readonly arrivals: Arrivals;
}

export interface StreamSpec {
  /** Kind and seed; names the file of a dump. */
  readonly name: string;
  readonly kind: string;
  readonly seed: number;
  readonly service: string;
  /** Time of its start. */
  readonly baseMs: number;
  readonly learnMs: number;
  readonly endMs: number;
  readonly seasonMs: number | undefined;
  /** Whether the clock ticks each second where no call ends. */
  readonly hasTicks: boolean;
  /** Whether times have fractions of a millisecond. */
  readonly isFine: boolean;
  /** The part of the variance between minutes that all operations share. */
  readonly sharedNoise: number;
  readonly ops: readonly Operation[];
  readonly harmless: readonly Effect[];
  readonly causes: readonly Cause[];
}

export const NO_CHANGE = { scale: 1, share: 1, missRatio: undefined } as const;

/** How far through an effect a time is, 0..1. */
function progress({ fromMs, toMs }: Effect, ms: number): number {
  return toMs === fromMs ? 1 : (ms - fromMs) / (toMs - fromMs);
}

/** Scale of an effect at a time within it. */
export function scaleAt(of: Effect, ms: number): number {
  if (of.scaleFrom === of.scaleTo) return of.scaleFrom;
  return of.scaleFrom * (of.scaleTo / of.scaleFrom) ** progress(of, ms);
}

/** Factor on the rate of an effect at a time within it. */
export function rateFactorAt(of: Effect, ms: number): number {
  return of.rateFrom + (of.rateTo - of.rateFrom) * progress(of, ms);
}

/** The season's part of the logarithm of durations and of the rate. */
export function seasonAt(season: Season | undefined, ms: number): { latency: number; rate: number } {
  if (season === undefined) return { latency: 0, rate: 0 };
  const wave = Math.sin(2 * Math.PI * (ms / season.periodMs + season.phase));
  return { latency: season.latency * wave, rate: season.rate * wave };
}
