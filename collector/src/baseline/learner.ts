// Makes a baseline of windows: what is normal, what comes back, and how much minutes differ though nothing is wrong.
import { addShifted, BIN_WIDTH, BINS, meanPlace, spreadOf } from './bins.ts';
import { type Block, type Clean, cleanWindows, countsOf, medianOf, middleMs } from './clean-windows.ts';
import { densityOf } from './density.ts';
import { confidenceOf, type Learned } from './learned.ts';
import { fitSeason, type Season, seasonAt } from './season.ts';
import { joinWindows, type Window } from './windows.ts';

/** What a baseline needs at least. */
export const LEAST_CALLS = 100;
export const LEAST_WINDOWS = 20;
/** Noise is taken between minutes. */
const MINUTE_MS = 60_000;
/** Nothing real is steadier. */
const LEAST_NOISE = 0.008;
/** A minute counts as if it were no further out than so many standard deviations, and what that leaves of a normal variance. */
const DRAWN_IN = 2.5;
const DRAWN_IN_SHARE = 0.9776;
const ROUNDS = 12;
/** Of errors in a window, against chance: beyond this it was an event. */
const MOST_SQUARE = 15;
/** And as many errors have to be expected, or one alone would be an event. */
const LEAST_EXPECTED = 3;
/** The latest windows say where a drift has come to. */
const LATEST_MS = 600_000;

/** What else is known of the period. */
export interface Circumstances {
  readonly seasonMs: number;
  readonly correlation: number;
  /** Between minutes, bins; see MinuteNoise. */
  readonly minuteNoise: number;
}

/** @returns undefined where too little is clean */
export function learn(
  windows: readonly Window[],
  around: Circumstances,
  leastWindows = LEAST_WINDOWS,
): Learned | undefined {
  let clean = cleanWindows(windows);
  // Whole windows are needed for a season, those that stand out because of it as well.
  const season = fitSeason(cleanForSeason(windows, clean), around.seasonMs);
  if (season !== undefined) clean = cleanWindows(windows, (timeMs) => seasonAt(season, timeMs));
  const { blocks } = clean;
  const calls = blocks.reduce((sum, { window }) => sum + window.calls, 0);
  const counted = windows.length - clean.coldStart - clean.incident;
  if (calls < LEAST_CALLS || counted < leastWindows) return undefined;
  const shape = shapeOf(blocks, season, around.minuteNoise);
  const levels = clean.levels.map((level) => {
    const counts = countsOf(level);
    return { density: densityOf(counts), from: meanPlace(counts) - shape.centre };
  });
  return {
    ...shape,
    levels,
    leftOut: clean.leftOut,
    ...errorsOf(blocks),
    ...rest(clean, calls, counted, season, around),
  };
}

function cleanForSeason(windows: readonly Window[], { blocks, coldStart }: Clean): readonly Block[] {
  const all = cleanWindows(windows, () => 0);
  return coldStart > 0 || all.levels.length === 0 ? blocks : [...blocks, ...all.levels.flat()].sort(byTime);
}

function byTime(a: Block, b: Block): number {
  return a.window.fromMs - b.window.fromMs;
}

/** Density, centre and noise. */
function shapeOf(
  blocks: readonly Block[],
  season: Season | undefined,
  minuteNoise: number,
): Pick<Learned, 'density' | 'centre' | 'latest' | 'spread' | 'noise' | 'centreError'> {
  const residual = (block: Block): number => block.place - seasonAt(season, middleMs(block.window));
  const centre = medianOf(blocks.map(residual));
  const noise = noiseOf(blocks, residual, minuteNoise);
  const counts = new Float64Array(BINS);
  for (const block of blocks) {
    const off = residual(block) - centre;
    const share = noise ** 2 / (noise ** 2 + (block.error * BIN_WIDTH) ** 2);
    // What chance moved stays in the shape; what the minute moved does not.
    const by = -seasonAt(season, middleMs(block.window)) - share * off;
    const dense = new Uint32Array(BINS);
    block.window.bins.forEach((bin, i) => (dense[bin] = block.window.counts[i] ?? 0));
    addShifted(counts, dense, by);
  }
  const toMs = blocks.at(-1)?.window.toMs ?? 0;
  const late = blocks.filter(({ window }) => window.fromMs >= toMs - LATEST_MS);
  const calls = counts.reduce((sum, count) => sum + count, 0);
  const spread = spreadOf(counts);
  const own = meanPlace(counts);
  const minutes = Math.max(1, blocks.reduce((sum, { window }) => sum + window.toMs - window.fromMs, 0) / MINUTE_MS);
  return {
    density: densityOf(counts),
    centre: own,
    latest: late.length < 3 ? 0 : medianOf(late.map(residual)) - centre,
    spread,
    noise,
    centreError: Math.hypot((spread * BIN_WIDTH) / Math.sqrt(calls), noise / Math.sqrt(minutes)),
  };
}

/** Between minutes, robustly, with what chance alone makes taken off. */
function noiseOf(blocks: readonly Block[], residual: (block: Block) => number, minuteNoise: number): number {
  const minutes: { place: number; error: number }[] = [];
  let open: Block[] = [];
  for (const block of blocks) {
    open.push(block);
    if (block.window.toMs - (open[0]?.window.fromMs ?? 0) < MINUTE_MS) continue;
    const weight = open.reduce((sum, { error }) => sum + 1 / error ** 2, 0);
    const place = open.reduce((sum, each) => sum + residual(each) / each.error ** 2, 0) / weight;
    minutes.push({ place, error: 1 / Math.sqrt(weight) });
    open = [];
  }
  // Shorter than a minute: nothing is known of minutes.
  if (minutes.length === 0) return Math.max(LEAST_NOISE, minuteNoise * BIN_WIDTH);
  const middle = medianOf(minutes.map(({ place }) => place));
  const chance = medianOf(minutes.map(({ error }) => error ** 2));
  const variance = varianceOf(minutes.map(({ place }) => place - middle)) - chance;
  // Of windows longer than a minute the mean hides what minutes did.
  const isLong = blocks.some(({ window }) => window.toMs - window.fromMs > MINUTE_MS);
  const hidden = isLong ? minuteNoise ** 2 : 0;
  return Math.max(LEAST_NOISE, Math.sqrt(Math.max(0, variance) + hidden) * BIN_WIDTH);
}

/**
 * Variance about 0, what lies far out drawn in: nearly as exact as the plain one where nothing does, and hardly moved by
 * what does. A median of distances would need twice as many minutes to be as exact.
 *
 * @see Huber 1964, Robust estimation of a location parameter (proposal 2)
 */
function varianceOf(distances: readonly number[]): number {
  const squares = distances.map((distance) => distance ** 2);
  const mean = (most: number): number =>
    squares.reduce((sum, square) => sum + Math.min(square, most), 0) / Math.max(1, squares.length - 1);
  let variance = Math.max((1.4826 * medianOf(distances.map(Math.abs))) ** 2, mean(Infinity) / 4);
  for (let round = 0; round < ROUNDS; round++) variance = mean(DRAWN_IN ** 2 * variance) / DRAWN_IN_SHARE;
  return variance;
}

/** Error ratio without one run of windows in which it stood out. */
function errorsOf(blocks: readonly Block[]): Pick<Learned, 'errorRatio' | 'errorClusters'> {
  const all = ratioOf(blocks);
  const isHigh = blocks.map(({ window: { calls, errors } }) => {
    const expected = calls * (3 * all + 0.01);
    return errors > expected + 4 * Math.sqrt(expected) + 2;
  });
  const from = isHigh.indexOf(true);
  const to = isHigh.lastIndexOf(true) + 1;
  const kept =
    from >= 0 && to - from <= Math.max(1, 0.15 * blocks.length)
      ? [...blocks.slice(0, from), ...blocks.slice(to)]
      : blocks;
  const errorRatio = ratioOf(kept);
  const squares: number[] = [];
  let [calls, errors] = [0, 0];
  for (const { window } of kept) {
    calls += window.calls;
    errors += window.errors;
    const expected = calls * Math.max(errorRatio, 1e-4);
    if (expected < LEAST_EXPECTED) continue;
    squares.push((errors - expected) ** 2 / (expected * (1 - errorRatio) || 1));
    [calls, errors] = [0, 0];
  }
  // One burst of errors is not how errors always come.
  const clusters =
    squares.reduce((sum, square) => sum + Math.min(square, MOST_SQUARE), 0) / Math.max(1, squares.length);
  return { errorRatio, errorClusters: Math.max(1, Math.min(20, clusters)) };
}

function ratioOf(blocks: readonly Block[]): number {
  const { calls, errors } = blocks.reduce(
    (sum, { window }) => ({ calls: sum.calls + window.calls, errors: sum.errors + window.errors }),
    { calls: 0, errors: 0 },
  );
  return calls === 0 ? 0 : errors / calls;
}

function rest(
  { blocks }: Clean,
  calls: number,
  windows: number,
  season: Season | undefined,
  { correlation }: Circumstances,
): Pick<Learned, 'calls' | 'windows' | 'fromMs' | 'toMs' | 'season' | 'correlation' | 'callsPerSecond' | 'confidence'> {
  const all = joinWindows(blocks.map(({ window }) => window));
  const seconds = blocks.reduce((sum, { window }) => sum + window.toMs - window.fromMs, 0) / 1000;
  const callsPerSecond = calls / seconds;
  const clusters = 1 + Math.max(0, callsPerSecond - 1) * correlation;
  return {
    calls,
    windows,
    fromMs: all.fromMs,
    toMs: all.toMs,
    season,
    correlation,
    callsPerSecond,
    confidence: confidenceOf(calls / clusters),
  };
}
