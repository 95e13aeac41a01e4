// By what all operations of a run are slower or faster alike: the machine of that day, or something that all of them need.
import type { Ratio } from './contract.ts';

export interface Shift {
  readonly ratio: Ratio;
  readonly operations: number;
  /** More than runs of the same build differ by, and alike for all. */
  readonly isCommon: boolean;
  /** Ratios of operations are taken from it: it is within the tolerance, or that was asked for. */
  readonly isDividedOut: boolean;
}

/** An operation that can tell. Logarithms are nats. */
export interface Shifted {
  readonly log: number;
  /** Standard error of `log`, with `noise` in it: what minutes leave in the difference of two runs. */
  readonly error: number;
  readonly noise: number;
}

/** Two-sided 95 %. */
export const Z95 = 1.96;
/** Of fewer operations nobody can say that all have moved. */
const LEAST_OPERATIONS = 3;
/** Slower by so many standard deviations of minutes is ordinary. */
const ORDINARY_DEVIATIONS = 1.5;
/** The median of normal numbers is less sure than their mean by this factor. */
const MEDIAN_FACTOR = 1.2533;

/** What noise of minutes may leave in a difference without anything being wrong, nats. */
export function ordinaryOf(noise: number): number {
  return ORDINARY_DEVIATIONS * noise;
}

/**
 * Finds the shift as the median, which holds while fewer than half of the operations have changed by themselves.
 *
 * @returns undefined where there are too few operations
 */
export function shiftOf(
  able: readonly Shifted[],
  { tolerance, isNormalized }: { readonly tolerance: number; readonly isNormalized: boolean },
): Shift | undefined {
  if (able.length < LEAST_OPERATIONS) return undefined;
  const middle = medianOf(able.map(({ log }) => log));
  // Robust as the median is: one operation that has changed says nothing of how well the others agree.
  const apart = 1.4826 * medianOf(able.map(({ log }) => Math.abs(log - middle)));
  const spread = Math.max(apart, medianOf(able.map(({ error }) => error)));
  const chance = (Z95 * MEDIAN_FACTOR * spread) / Math.sqrt(able.length);
  // Half of what minutes do is each operation's own, and no part of the median.
  const ordinary = ordinaryOf(medianOf(able.map(({ noise }) => noise))) * Math.SQRT1_2;
  const within = Math.log1p(tolerance);
  const isBeyond = Math.abs(middle) > within + ordinary;
  return {
    ratio: { value: Math.exp(middle), low: Math.exp(middle - chance), high: Math.exp(middle + chance) },
    operations: able.length,
    isCommon: isBeyond && able.every(({ log, error }) => Math.abs(log - middle) <= within + Z95 * error),
    isDividedOut: isNormalized || !isBeyond,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}
