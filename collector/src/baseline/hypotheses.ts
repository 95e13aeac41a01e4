// What an operation could have become, and what it may be without anybody having to know: alternatives and nulls.
import { BIN_WIDTH } from './bins.ts';
import { type LogDensity, withParts, withUpper } from './density.ts';
import type { Learned } from './learned.ts';

/** A density, moved by places that need not be whole. */
export interface Hypothesis {
  readonly density: LogDensity;
  readonly by: number;
}

/** What kind of change an alternative is. */
export type Shape = 'scale' | 'tail' | 'upper';

export interface Alternative extends Hypothesis {
  readonly shape: Shape;
}

export interface Null extends Hypothesis {
  /** How unlikely it is in itself, nats: evidence against it counts so much more. */
  readonly penalty: number;
}

/** What is certain of no operation: this much slower is not worth a word. */
const LEAST_RATIO = 1.08;
/** Slower by so many standard deviations of minutes is ordinary. */
const ORDINARY_DEVIATIONS = 1.5;
/** Minutes that lie this far out happen, but rarely: the normal distribution says how rarely. */
const RARE_DEVIATIONS = [2.4, 3.1] as const;
/** Faster is no violation; what then comes back is none either. */
const IMPROVEMENTS = [0.55, 0.7, 0.85] as const;
/** Times the guard: the smallest change that is looked for, and so on to those that need no looking. */
const SCALES = [1.12, 1.28, 1.5, 1.85, 2.4, 3.5, 5.5, 10, 25] as const;
/** Evidence a second may add in the long run, and at once, nats: a pause, a blip, a burst of a few seconds says little. */
export const CAP = 1.05;
const BURST = 3;
/** Of a tail a second holds one call or none; those that hold one have to make up for the others. */
const TAIL_BURST = 5.5;
/** Share of calls, and how many times as long they take, in equal parts. */
const TAILS = [
  { share: 0.025, factors: [5, 8, 13] },
  { share: 0.06, factors: [5, 8, 13] },
  { share: 0.05, factors: [3, 4.5] },
  { share: 0.15, factors: [4] },
] as const;
/** Share of the calls that are the slower ones, and the share that they become. */
const UPPERS = [
  [0.15, 0.45],
  [0.4, 0.8],
] as const;

/** The slower calls of a baseline, by their share, are known to so many standard errors. */
const SLOWER_SHARES = [0.4, 0.15, 0.03] as const;
const UNSURE_ERRORS = 1.5;

/** How many alternatives there are, and what each may say at once. */
export const ALTERNATIVES = SCALES.length + TAILS.length + UPPERS.length;
export const BURSTS = Float64Array.from({ length: ALTERNATIVES }, (_, a) =>
  a >= SCALES.length && a < SCALES.length + TAILS.length ? TAIL_BURST : BURST,
);

/**
 * Every second is a look at each alternative, and the threshold allows for all of them; a minute is one draw of the noise
 * for all alternatives and its sixty seconds. What a rare minute explains needs so much less to be improbable; nats.
 */
const LOOKS_NATS = Math.log(60 * ALTERNATIVES);

/** Slower than the baseline by this is within what is normal; nats. */
export function guardOf({ noise, centreError }: Pick<Learned, 'noise' | 'centreError'>): number {
  return Math.log(LEAST_RATIO) + ORDINARY_DEVIATIONS * noise + centreError;
}

/** Those alternatives in which all calls are slower, the least first. */
export function scalesOf({ density }: Pick<Learned, 'density'>, guard: number): Alternative[] {
  return SCALES.map((scale) => {
    return { shape: 'scale', density, by: (Math.log(scale) + guard) / BIN_WIDTH } as const;
  });
}

export function alternativesOf(learned: Learned, guard = guardOf(learned)): Alternative[] {
  const { density } = learned;
  const scales = scalesOf(learned, guard);
  const tails = TAILS.map(({ share, factors }) => {
    const parts = factors.map((factor) => ({ share: share / factors.length, by: Math.log(factor) / BIN_WIDTH }));
    const mixed = withParts(density, parts);
    return { shape: 'tail', density: mixed, by: 0 } as const;
  });
  const uppers = UPPERS.map(([above, then]) => {
    return { shape: 'upper', density: withUpper(density, above, then), by: 0 } as const;
  });
  return [...scales, ...tails, ...uppers];
}

export function nullsOf(learned: Learned, guard = guardOf(learned)): Null[] {
  const { density, levels, noise } = learned;
  const at = (log: number, penalty = 0): Null => ({ density, by: log / BIN_WIDTH, penalty });
  const rare = RARE_DEVIATIONS.filter((deviations) => deviations * noise > guard).map((deviations) =>
    at(deviations * noise, rarityOf(deviations) + LOOKS_NATS),
  );
  const ofLevels = levels.flatMap(({ density: level }) =>
    [0, guard].map((log) => ({ density: level, by: log / BIN_WIDTH, penalty: 0 })),
  );
  const heavier = heavierByChance(learned);
  const byChance = [0, guard].map((log) => ({ density: heavier, by: log / BIN_WIDTH, penalty: 0 }));
  const scales = [...IMPROVEMENTS.map(Math.log), 0, guard / 2, guard].map((log) => at(log));
  return [...scales, ...byChance, ...rare, ...ofLevels];
}

/** How rarely a normal number lies so many deviations above its mean, nats; from 2 on a sixth too little at most. */
function rarityOf(deviations: number): number {
  return deviations ** 2 / 2 + Math.log(deviations * Math.sqrt(2 * Math.PI));
}

/** The density as it may be though fewer slow calls came by while it was learned. */
function heavierByChance({ density, calls, callsPerSecond, correlation }: Learned): LogDensity {
  const independent = calls / (1 + Math.max(0, callsPerSecond - 1) * correlation);
  let heavier = density;
  let grown = 1;
  for (const share of SLOWER_SHARES) {
    const above = Math.min(0.9, share * grown);
    const then = Math.min(0.95, above + UNSURE_ERRORS * Math.sqrt((share * (1 - share)) / independent));
    heavier = withUpper(heavier, above, then);
    grown *= then / above;
  }
  return heavier;
}
