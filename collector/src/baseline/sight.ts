// How soon a change of an operation would be said, given what is known of it. Pure arithmetic on what the tests do: they
// add up evidence, so the time is the threshold over what a second adds on average.
import { BIN_WIDTH, BINS } from './bins.ts';
import { type LogDensity, logShare } from './density.ts';
import { BURST, CAP, errorBankOf } from './error-test.ts';
import { type Alternative, BURSTS, CAP as LATENCY_CAP, type Null, nullsOf, scalesOf } from './hypotheses.ts';
import { CALL_CLIP, FADE_NATS, SPARSE_RATE } from './latency-test.ts';
import type { Learned } from './learned.ts';

/** What evidence has to pass until something is said. */
export interface Limits {
  /** Slower by this is normal, nats. */
  readonly guard: number;
  readonly latencyNats: number;
  readonly errorNats: number;
  /** A stop is said after so long. */
  readonly silentMs: number;
}

/** Bins that hold less of the calls have no part in how fast evidence grows. */
const LEAST_SHARE = 1e-4;

/** How sharply growth goes over from what calls say to what may be added: chance blurs the border, more where calls are few. */
const SHARPNESS = 3;
const SPARSE_SHARPNESS = 2;

/** What calls of a second say on average, and how much that differs from call to call; nats. */
interface Evidence {
  readonly mean: number;
  readonly square: number;
  /** Of what speaks for the alternative alone. */
  readonly positive: number;
}

/**
 * Seconds until slower calls are said, on average, for each of several ratios.
 *
 * @param ratios how many times as long each call takes
 * @returns years where it is within normal
 * @see Lorden 1971, Procedures for reacting to a change in distribution
 */
export function secondsToSlower(learned: Learned, { guard, latencyNats }: Limits, ratios: readonly number[]): number[] {
  const { density, callsPerSecond: rate, correlation } = learned;
  const least = guard / BIN_WIDTH - 1e-6;
  // What is faster than the guard explains slower calls no better than the guard does; a level may.
  const nulls = nullsOf(learned, guard).filter((each) => each.density !== density || each.by >= least);
  const scales = scalesOf(learned, guard);
  const cells = cellsOf(density);
  // Of those in which all calls are slower.
  const [plain] = BURSTS;
  const burst = rate < SPARSE_RATE ? Math.max(plain, CALL_CLIP) : plain;
  const weight = 1 / (1 + rate * correlation);
  return ratios.map((ratio) => {
    const by = Math.log(ratio) / BIN_WIDTH;
    const seconds = nearest(scales, by).map((alternative) => {
      const pace = { rate, weight, cap: LATENCY_CAP, burst, fade: FADE_NATS };
      const gains = evidenceOf(cells, by, alternative, nulls, burst);
      return Math.max(
        ...gains.map((one, h) => secondsToPass(Math.max(0, latencyNats - (nulls[h]?.penalty ?? 0)), one, pace)),
      );
    });
    return Math.min(...seconds);
  });
}

/**
 * Seconds until it is said that more calls fail, on average.
 *
 * @param ratio of failed calls that it rises to
 * @returns Infinity where it is within normal
 */
export function secondsToErrors(learned: Learned, { errorNats }: Limits, ratio: number): number {
  const { within, gains } = errorBankOf(learned);
  if (ratio <= within) return Infinity;
  const pace = { rate: learned.callsPerSecond, weight: 1 / learned.errorClusters, cap: CAP, burst: BURST, fade: 0 };
  const seconds = gains.map(({ failed, good }) => {
    const positive = ratio * failed;
    const one = {
      mean: positive + (1 - ratio) * good,
      square: ratio * failed ** 2 + (1 - ratio) * good ** 2,
      positive,
    };
    return secondsToPass(errorNats, one, pace);
  });
  return Math.min(...seconds);
}

/** The alternatives next to a place, one on each side. */
function nearest(scales: readonly Alternative[], by: number): Alternative[] {
  const above = scales.findIndex((scale) => scale.by >= by);
  return above < 0 ? scales.slice(-1) : scales.slice(Math.max(0, above - 1), above + 1);
}

/** Bins that hold calls, and the share of each. */
interface Cells {
  readonly bins: readonly number[];
  readonly shares: readonly number[];
}

function cellsOf(density: LogDensity): Cells {
  const least = Math.log(LEAST_SHARE);
  const bins = Array.from({ length: BINS }, (_, bin) => bin).filter((bin) => (density[bin] ?? 0) >= least);
  const shares = bins.map((bin) => Math.exp(density[bin] ?? 0));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return { bins, shares: shares.map((share) => share / total) };
}

/** What one call of the moved density says for an alternative against each null. */
function evidenceOf(
  { bins, shares }: Cells,
  by: number,
  alternative: Alternative,
  nulls: readonly Null[],
  burst: number,
): Evidence[] {
  const likely = bins.map((bin) => logShare(alternative.density, bin + by - alternative.by));
  return nulls.map((other) => {
    let [mean, square, positive] = [0, 0, 0];
    for (let i = 0; i < bins.length; i++) {
      const share = shares[i] ?? 0;
      const ratio = (likely[i] ?? 0) - logShare(other.density, (bins[i] ?? 0) + by - other.by);
      const gain = Math.max(-CALL_CLIP, Math.min(burst, ratio));
      mean += share * gain;
      square += share * gain * gain;
      positive += share * Math.max(0, gain);
    }
    return { mean, square, positive };
  });
}

interface Pace {
  readonly rate: number;
  /** What a call counts among those of its second. */
  readonly weight: number;
  /** Nats a second in the long run, and at once. */
  readonly cap: number;
  readonly burst: number;
  /** Nats a second that are lost. */
  readonly fade: number;
}

/** Only what speaks for a change is capped; what speaks against it counts whole. */
function secondsToPass(nats: number, one: Evidence, { rate, weight, cap, burst, fade }: Pace): number {
  const mean = rate * weight * one.mean;
  const variance = rate * weight ** 2 * one.square;
  // Of many calls a second the sum is about normal; of few, each is a second by itself.
  const positive = rate <= 1 ? rate * weight * one.positive : positivePart(mean, Math.sqrt(variance));
  const against = positive - mean + fade;
  // Between calls that are far apart, what may be added is full, and what comes on top of it is lost.
  const most = cap * (1 - Math.exp((-rate * burst) / cap));
  const sharpness = rate <= 1 ? SPARSE_SHARPNESS : SHARPNESS;
  const added = positive <= 0 ? 0 : (positive ** -sharpness + most ** -sharpness) ** (-1 / sharpness);
  const free = passage(nats, mean - fade, variance);
  // What is held back differs the less from second to second, the more of it there is.
  const held = (positive === 0 ? 1 : added / positive) ** 4;
  const capped = passage(nats - burst, added - against, held * variance);
  return Math.max(0, free, capped);
}

/**
 * Mean time in which a sum that never falls below 0 reaches a height.
 *
 * @see Siegmund 1985, Sequential analysis, chapter 10: Brownian motion with a reflecting barrier
 */
function passage(height: number, drift: number, variance: number): number {
  if (height <= 0) return 0;
  const steepness = (2 * drift * height) / variance;
  if (Math.abs(steepness) < 1e-6) return height ** 2 / variance;
  return height / drift - (variance / (2 * drift ** 2)) * (1 - Math.exp(-steepness));
}

/** Mean of what is above 0 of a normal variable. */
function positivePart(mean: number, deviation: number): number {
  if (deviation === 0) return Math.max(0, mean);
  const z = mean / deviation;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return mean * cumulative(z) + deviation * density;
}

/** @see Abramowitz and Stegun 1964, formula 26.2.17; off by less than 1e-7 */
function cumulative(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const beyond = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
  return z >= 0 ? 1 - beyond : beyond;
}
