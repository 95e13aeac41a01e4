// A baseline of a running sidecar as a run was recorded, for documents. Single calls are not kept, so counts are made of
// what is known of their distribution.
import { addShifted, BIN_WIDTH, BINS, quantilePlace } from './bins.ts';
import { sharesOf } from './density.ts';
import { type Figures, QUANTILES } from './figures.ts';
import type { Learned } from './learned.ts';
import type { RecordedOperation } from './recorded-run.ts';
import { kindOf } from './trace-tree.ts';
import type { WatchedOperation } from './watched.ts';

/** Of differences between minutes smaller than this nothing would be seen in bins. */
const LEAST_NOISE_BINS = 0.1;
/** A kernel reaches so many standard deviations. */
const REACH = 3;

/** @returns undefined while nothing is learned */
export function recordedOf({ subject, operation }: WatchedOperation): RecordedOperation | undefined {
  const { learned, serviceVersion, isProvisional, usualMissed } = operation;
  const { 'service.name': service = '', 'span.name': name = '', 'span.kind': kind = '' } = subject.attributes;
  // Documents have no operation without a name.
  if (learned === undefined || name === '') return undefined;
  const figures = figuresOf(learned);
  return { name, service, kind: kindOf(kind), version: serviceVersion, isProvisional, figures, learned, usualMissed };
}

function figuresOf(learned: Learned): Figures {
  const { calls, errorRatio, errorClusters, fromMs, toMs } = learned;
  const shares = withNoise(sharesOf(learned.density), learned.noise / BIN_WIDTH);
  return {
    errors: Math.round(errorRatio * calls),
    fromMs,
    toMs,
    counts: wholeCounts(shares, calls),
    clusters: { ...clustersOf(learned, shares), errors: errorClusters },
  };
}

/** Puts back what minutes differ by, which the density is without. */
function withNoise(shares: Float64Array, bins: number): Float64Array {
  if (bins < LEAST_NOISE_BINS) return shares;
  const reach = Math.ceil(REACH * bins);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) / bins) ** 2) / 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const into = new Float64Array(BINS);
  weights.forEach((weight, i) => {
    const part = shares.map((share) => (share * weight) / total);
    addShifted(into, part, i - reach);
  });
  return into;
}

/** Whole numbers that add up to so many calls, the largest remainders rounded up. */
function wholeCounts(shares: Float64Array, calls: number): Uint32Array {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const exact = shares.map((share) => (share * calls) / total);
  const counts = Uint32Array.from(exact, Math.floor);
  const left = calls - counts.reduce((sum, count) => sum + count, 0);
  const byRemainder = [...exact.keys()].sort((a, b) => ((exact[b] ?? 0) % 1) - ((exact[a] ?? 0) % 1));
  for (const bin of byRemainder.slice(0, left)) counts[bin] = (counts[bin] ?? 0) + 1;
  return counts;
}

/** By how much less is known than independent calls would tell: what is known of the centre says it of all of them. */
function clustersOf(learned: Learned, shares: Float64Array): Pick<Figures['clusters'], 'mean' | 'quantiles'> {
  const { calls, callsPerSecond, correlation, centreError, spread } = learned;
  const withinSeconds = 1 + Math.max(0, callsPerSecond - 1) * correlation;
  const effect = (chance: number, error: number): number => Math.max(withinSeconds, error ** 2 / (chance / calls) || 1);
  return {
    mean: effect((spread ** 2 + 1 / 12) * BIN_WIDTH ** 2, centreError),
    quantiles: QUANTILES.map((quantile) => {
      // As the centre moves, calls pass by the place of a quantile, as many as there lie.
      const there = shares[Math.round(quantilePlace(shares, quantile))] ?? 0;
      return effect(quantile * (1 - quantile), (there / BIN_WIDTH) * centreError);
    }),
  };
}
