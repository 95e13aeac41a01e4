// What is known of an operation, in the words of the API. Pure; nothing here changes what is watched.
import type { BaselineDetail, BaselineLine, LearnedQuantile, LearnedSummary, Sight } from '../web/api.ts';
import { BIN_WIDTH, BINS, logAt } from './bins.ts';
import { LEAST_CALLS, LEAST_WINDOWS } from './learner.ts';
import type { Learned } from './learned.ts';
import { seasonAt } from './season.ts';
import { type Limits, secondsToErrors, secondsToSlower } from './sight.ts';
import type { WatchedOperation } from './watched.ts';

const QUANTILES = [0.5, 0.95, 0.99] as const;
/** Independent calls above a quantile without which nothing is said of it. */
const LEAST_ABOVE = 3;
/** Two-sided 95 %. */
const Z = 1.96;
/** Changes of which it is said how soon they would be seen: where severities begin, and less. */
const SLOWER = [1.2, 1.5, 2, 5] as const;
const ERROR_RATIOS = [0.05, 0.25] as const;
/** What takes longer than this is said not to be seen: so small an excess may as well be chance. */
const MOST_SECONDS = 600;
/** Bins with a smaller share are not drawn. */
const LEAST_DRAWN = 1e-4;
/** Times of a season at which its least and its most are looked for. */
const SEASON_LOOKS = 96;

/** @param judgedAfterMs how long after its end a second is judged */
export function describeLine({ subject, operation }: WatchedOperation, judgedAfterMs: number): BaselineLine {
  const { 'service.name': service = '', 'span.name': name = '', 'span.kind': kind = '' } = subject.attributes;
  const { learned, limits } = operation;
  const { calls, windows } = learned ?? operation.seen;
  return {
    key: subject.key,
    service,
    operation: name,
    kind,
    state: learned === undefined ? 'learning' : operation.isProvisional ? 'provisional' : 'learned',
    progress: { calls, ofCalls: LEAST_CALLS, windows, ofWindows: LEAST_WINDOWS },
    ...(learned === undefined || limits === undefined
      ? {}
      : { learned: summaryOf(operation, learned, limits, judgedAfterMs) }),
  };
}

/** What an operation itself does not know. */
interface KnownBeside extends Pick<BaselineDetail, 'changes' | 'minChange'> {
  readonly judgedAfterMs: number;
  readonly nowMs: number;
}

/** @returns undefined while nothing is known */
export function describeDetail(
  { operation }: WatchedOperation,
  { judgedAfterMs, nowMs, minChange, changes }: KnownBeside,
): BaselineDetail | undefined {
  const { learned, limits } = operation;
  if (learned === undefined || limits === undefined) return undefined;
  const { season, correlation, fromMs, toMs, leftOut } = learned;
  return {
    ...momentsOf(learned),
    density: densityOf(learned),
    levelRatios: learned.levels.map(({ from }) => Math.exp(from * BIN_WIDTH)),
    ...(season === undefined ? {} : { season: seasonOf(season, nowMs) }),
    correlation,
    fromMs,
    toMs,
    leftOut,
    guardRatio: Math.exp(limits.guard),
    minChange,
    judgedAfterSeconds: judgedAfterMs / 1000,
    former: operation.former.map((former) => ({
      version: former.version,
      ...(former.serviceVersion === undefined ? {} : { serviceVersion: former.serviceVersion }),
      toMs: former.learned.toMs,
    })),
    changes,
  };
}

function summaryOf(
  { version, serviceVersion }: WatchedOperation['operation'],
  learned: Learned,
  limits: Limits,
  judgedAfterMs: number,
): LearnedSummary {
  const { confidence, errorRatio, callsPerSecond, noise, season, levels, toMs } = learned;
  return {
    confidence,
    quantiles: quantilesOf(learned),
    errorRatio,
    callsPerSecond,
    noise,
    hasSeason: season !== undefined,
    levels: levels.length,
    version,
    ...(serviceVersion === undefined ? {} : { serviceVersion }),
    learnedMs: toMs,
    sight: sightOf(learned, limits, judgedAfterMs / 1000),
  };
}

/** Tells whether calls were enough for a quantile. */
export function hasQuantile(learned: Learned, quantile: number): boolean {
  return independentOf(learned) * (1 - quantile) >= LEAST_ABOVE;
}

/** Calls that were learned from, as many as they would be if each told something of its own. */
function independentOf({ calls, callsPerSecond, correlation }: Learned): number {
  return calls / (1 + Math.max(0, callsPerSecond - 1) * correlation);
}

/** Quantiles with intervals: of what chance makes of a rank, and of how well the centre is known. */
function quantilesOf(learned: Learned): LearnedQuantile[] {
  const { density, calls, centreError, spread } = learned;
  const below = cumulative(density);
  const independent = independentOf(learned);
  // The part of chance is in the ranks already.
  const between = Math.sqrt(Math.max(0, centreError ** 2 - (spread * BIN_WIDTH) ** 2 / calls));
  return QUANTILES.filter((quantile) => hasQuantile(learned, quantile)).map((quantile) => {
    const place = placeAt(below, quantile);
    const ranks = Z * Math.sqrt((quantile * (1 - quantile)) / independent);
    const low = place - placeAt(below, Math.max(0, quantile - ranks));
    const high = placeAt(below, Math.min(1 - 1e-6, quantile + ranks)) - place;
    const log = logAt(place);
    return {
      quantile,
      ms: 1000 * Math.exp(log),
      lowMs: 1000 * Math.exp(log - Math.hypot(low * BIN_WIDTH, Z * between)),
      highMs: 1000 * Math.exp(log + Math.hypot(high * BIN_WIDTH, Z * between)),
    };
  });
}

/** Shares below the end of each bin, 0..1. */
function cumulative(density: Learned['density']): Float64Array {
  const below = Float64Array.from(density, Math.exp);
  for (let b = 1; b < BINS; b++) below[b] = (below[b] ?? 0) + (below[b - 1] ?? 0);
  const total = below[BINS - 1] ?? 1;
  return below.map((share) => share / total);
}

/** Place below which a share lies, interpolated within its bin. */
function placeAt(below: Float64Array, share: number): number {
  let [low, high] = [0, BINS - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((below[middle] ?? 0) < share) low = middle + 1;
    else high = middle;
  }
  const before = below[low - 1] ?? 0;
  return low - 0.5 + (share - before) / ((below[low] ?? 1) - before);
}

function sightOf(learned: Learned, limits: Limits, judgedAfterSeconds: number): Sight[] {
  const within = (seconds: number): number | null => {
    // A change begins within a second, on average in its middle, and a second is judged as a whole.
    const whole = seconds + 0.5 + judgedAfterSeconds;
    return whole <= MOST_SECONDS ? whole : null;
  };
  return [
    ...secondsToSlower(learned, limits, SLOWER).map((seconds, i) => {
      return { kind: 'latency', to: SLOWER[i] ?? 1, seconds: within(seconds) } as const;
    }),
    ...ERROR_RATIOS.map((to) => {
      return { kind: 'error', to, seconds: within(secondsToErrors(learned, limits, to)) } as const;
    }),
    { kind: 'throughput', to: 0, seconds: within(limits.silentMs / 1000) },
  ];
}

function momentsOf({ density }: Learned): Pick<BaselineDetail, 'meanMs' | 'deviationMs'> {
  let [total, sum, squares] = [0, 0, 0];
  for (let b = 0; b < BINS; b++) {
    const share = Math.exp(density[b] ?? 0);
    // What is assumed of calls that were never seen is nothing to take a mean of.
    if (share < LEAST_DRAWN) continue;
    const ms = 1000 * Math.exp(logAt(b));
    total += share;
    sum += share * ms;
    squares += share * ms * ms;
  }
  const meanMs = sum / total;
  return { meanMs, deviationMs: Math.sqrt(Math.max(0, squares / total - meanMs ** 2)) };
}

function densityOf({ density }: Learned): BaselineDetail['density'] {
  const shares = Array.from(density, Math.exp);
  const first = shares.findIndex((share) => share >= LEAST_DRAWN);
  const last = shares.findLastIndex((share) => share >= LEAST_DRAWN);
  return shares.slice(first, last + 1).map((share, i) => [1000 * Math.exp(logAt(first + i)), share]);
}

function seasonOf(season: NonNullable<Learned['season']>, nowMs: number): NonNullable<BaselineDetail['season']> {
  const { periodMs } = season;
  const ratioAt = (timeMs: number): number => Math.exp(seasonAt(season, timeMs) * BIN_WIDTH);
  const ratios = Array.from({ length: SEASON_LOOKS }, (_, i) => ratioAt((i * periodMs) / SEASON_LOOKS));
  return {
    periodSeconds: periodMs / 1000,
    now: ratioAt(nowMs),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
  };
}
