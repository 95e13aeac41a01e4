// Numbers a plan of a stream is made of.
import type { Random } from '../../tests/support/random.ts';
import type { Component, Shape } from './shape.ts';
import type { Operation } from './stream.ts';

export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random();
}

/** Between two numbers, each doubling as likely as the next. */
export function logBetween(random: Random, from: number, to: number): number {
  return from * (to / from) ** random();
}

export function chance(random: Random, ratio: number): boolean {
  return random() < ratio;
}

/** Times of events that come by chance, in order. */
export function timesBetween(
  random: Random,
  { fromMs, toMs, perHour }: { readonly fromMs: number; readonly toMs: number; readonly perHour: number },
): number[] {
  const times: number[] = [];
  const next = (): number => (-Math.log(1 - random()) * HOUR) / perHour;
  for (let ms = fromMs + next(); ms < toMs; ms += next()) times.push(Math.round(ms));
  return times;
}

export function lognormal(medianMs: number, sigma: number, tail = 0): Shape {
  return { components: [{ weight: 1, mu: Math.log(medianMs), sigma, tail }], isCache: false };
}

/** Weights, medians and deviations, as of an operation that does several things. */
export function mixture(...parts: readonly (readonly [number, number, number])[]): Shape {
  const components = parts.map(([weight, medianMs, sigma]): Component => ({
    weight,
    mu: Math.log(medianMs),
    sigma,
    tail: 0,
  }));
  return { components, isCache: false };
}

/** A cache in front of something slow. */
export function cache(random: Random): Shape {
  const hitMs = logBetween(random, 0.5, 8);
  const missRatio = between(random, 0.03, 0.2);
  return {
    ...mixture(
      [1 - missRatio, hitMs, between(random, 0.2, 0.5)],
      [missRatio, hitMs * logBetween(random, 8, 40), between(random, 0.3, 0.7)],
    ),
    isCache: true,
  };
}

/** One of the shapes that durations of services have. */
export function anyShape(random: Random): Shape {
  const median = logBetween(random, 2, 400);
  const roll = random();
  if (roll < 0.45) return lognormal(median, between(random, 0.3, 0.7));
  if (roll < 0.6) return lognormal(median, between(random, 0.25, 0.5), between(random, 0.25, 0.5));
  if (roll < 0.8) return mixture([0.8, median, 0.35], [0.2, median * between(random, 2, 6), 0.5]);
  return cache(random);
}

/** An operation of no particular kind. */
export function anyOperation(random: Random, own: Partial<Operation>): Operation {
  return {
    name: 'operation',
    shape: own.shape ?? anyShape(random),
    ratePerS: logBetween(random, 0.5, 20),
    errorRatio: chance(random, 0.5) ? 0 : between(random, 0, 0.01),
    errorRun: 1,
    failScale: chance(random, 0.8) ? 1 : 0.3,
    tau: between(random, 0.02, 0.08),
    rho: between(random, 0, 0.7),
    driftPerHour: 0,
    season: undefined,
    levels: [1],
    arrivals: { batch: 1, batchSd: 0, burstiness: 0, isRegular: false },
    ...own,
  };
}
