// What is compared of one operation between two runs: its calls by duration, its errors, and how well each figure is known.
import { BIN_WIDTH, BINS, logAt, meanPlace, quantilePlace, spreadOf, totalOf } from './bins.ts';
import { orderLimits } from '../model/binomial.ts';
import { countsOfAll, joinedBy } from './call-batches.ts';
import { cleanWindows } from './clean-windows.ts';
import type { Window } from './windows.ts';

export const QUANTILES = [0.5, 0.95, 0.99] as const;

/**
 * By how much less calls say of a figure than if each were by itself, at least 1: of the mean, of each of QUANTILES, of the
 * error ratio.
 *
 * @see Kish 1965, Survey sampling, section 5.4: design effect of clusters
 */
export interface Clusters {
  readonly mean: number;
  readonly quantiles: readonly number[];
  readonly errors: number;
}

export interface Figures {
  readonly errors: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Calls by bin. */
  readonly counts: Uint32Array;
  readonly clusters: Clusters;
}

/** A logarithm of seconds with its limits; infinite where too few calls say nothing of a side. */
export interface Limited {
  readonly log: number;
  readonly low: number;
  readonly high: number;
}

/** With fewer batches than this none is left out. */
const LEAST_BATCHES = 12;
/** A quarter as many batches see what lasts longer, but know less; this much of what they find is sure. */
const COARSE = 4;
const COARSE_SURE = 0.7;

/**
 * What is left out: of a baseline a cold start and one incident, of a run that is held against it only the cold start. An
 * incident of the run may be what is looked for.
 */
export type Cleaning = 'baseline' | 'run';

/** @param batches of one operation, in order of time, at least one */
export function figuresOf(batches: readonly Window[], cleaning: Cleaning): Figures {
  const kept = cleaned(batches, cleaning);
  const counts = countsOfAll(kept);
  return {
    errors: kept.reduce((sum, { errors }) => sum + errors, 0),
    fromMs: kept[0]?.fromMs ?? 0,
    toMs: kept.at(-1)?.toMs ?? 0,
    counts,
    clusters: clustersOf(kept, counts),
  };
}

function cleaned(batches: readonly Window[], cleaning: Cleaning): readonly Window[] {
  if (batches.length < LEAST_BATCHES) return batches;
  const { leftOut, coldStart } = cleanWindows(batches);
  const times = cleaning === 'baseline' ? leftOut : leftOut.slice(0, coldStart > 0 ? 1 : 0);
  return batches.filter(({ fromMs, toMs }) => !times.some((time) => fromMs >= time.fromMs && toMs <= time.toMs));
}

function clustersOf(batches: readonly Window[], counts: Uint32Array): Clusters {
  const mean = meanPlace(counts);
  // A bin is not a point: its own width spreads calls as well.
  const variance = spreadOf(counts) ** 2 + 1 / 12;
  const calls = totalOf(counts);
  const errorRatio = batches.reduce((sum, { errors }) => sum + errors, 0) / calls;
  return {
    mean: effect(batches, ({ bins, counts: some, calls: n }) => sumOf(bins, some) / n - mean, variance),
    quantiles: QUANTILES.map((quantile) => {
      const place = quantilePlace(counts, quantile);
      return effect(batches, (batch) => shareBelow(batch, place) - quantile, quantile * (1 - quantile));
    }),
    errors: effect(batches, ({ errors, calls: n }) => errors / n - errorRatio, errorRatio * (1 - errorRatio)),
  };
}

/** Squares between batches, against those that chance alone makes. @param off of a batch, from the figure of all */
function effect(batches: readonly Window[], off: (batch: Window) => number, variance: number): number {
  if (!(variance > 0)) return 1;
  const squares = (some: readonly Window[]): number =>
    some.reduce((sum, batch) => sum + batch.calls * off(batch) ** 2, 0) / Math.max(1, some.length - 1) / variance;
  const coarse = batches.length < 2 * COARSE ? 0 : COARSE_SURE * squares(joinedBy(batches, COARSE));
  return Math.max(1, squares(batches), coarse);
}

function sumOf(bins: Uint8Array, counts: Uint32Array): number {
  return bins.reduce((sum, bin, i) => sum + bin * (counts[i] ?? 0), 0);
}

/** The bin in which the place lies counts in part. */
function shareBelow({ bins, counts, calls }: Window, place: number): number {
  const below = bins.reduce((sum, bin, i) => sum + (counts[i] ?? 0) * Math.max(0, Math.min(1, place - (bin - 0.5))), 0);
  return below / calls;
}

export function callsOf({ counts }: Figures): number {
  return totalOf(counts);
}

export function secondsOf({ fromMs, toMs }: Figures): number {
  return (toMs - fromMs) / 1000;
}

/** Geometric mean, and its standard error in nats. */
export function typicalOf({ counts, clusters }: Figures): { readonly log: number; readonly error: number } {
  const calls = totalOf(counts);
  const spread = Math.sqrt(spreadOf(counts) ** 2 + 1 / 12) * BIN_WIDTH;
  return { log: logAt(meanPlace(counts)), error: spread / Math.sqrt(Math.max(1, calls / clusters.mean)) };
}

/** One of QUANTILES, with order-statistic limits each of which is wrong with a chance of `alpha`. */
export function quantileOf({ counts, clusters }: Figures, index: number, alpha: number): Limited {
  const quantile = QUANTILES[index] ?? NaN;
  const limits = orderLimits(totalOf(counts) / (clusters.quantiles[index] ?? 1), quantile, alpha);
  const at = (share: number): number => logAt(quantilePlace(counts, share));
  return {
    log: at(quantile),
    low: limits.low <= 0 ? -Infinity : at(limits.low),
    high: limits.high >= 1 ? Infinity : at(limits.high),
  };
}

/** Makes counts by bin of pairs of a bin and its count. */
export function countsFrom(pairs: readonly number[]): Uint32Array {
  const counts = new Uint32Array(BINS);
  for (let i = 0; i < pairs.length; i += 2) counts[pairs[i] ?? 0] = pairs[i + 1] ?? 0;
  return counts;
}

/** Bins that hold calls, each followed by how many. */
export function pairsOf(counts: Uint32Array): number[] {
  return [...counts].flatMap((count, bin) => (count > 0 ? [bin, count] : []));
}
