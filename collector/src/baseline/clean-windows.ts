// Which windows of a learning period are normal: a cold start at its beginning and one incident are left out; what comes
// back is how the operation is, and becomes a level of its own.
import { BIN_WIDTH, meanPlace } from './bins.ts';
import { addWindow, joinWindows, type Window } from './windows.ts';
import { BINS } from './bins.ts';

/** Blocks of fewer calls are joined with the next: their mean says little. */
const LEAST_CALLS = 8;
/** A block stands out by a fifth at least, and by so many robust standard deviations. */
const LEAST_DISTANCE = Math.log(1.2) / BIN_WIDTH;
const DEVIATIONS = 4.5;
/** One incident may last so much of the whole, a cold start as well. */
const INCIDENT_SHARE = 0.15;
/** What stands out this often, in runs of two blocks or more, is a level. */
const LEVEL_RUNS = 2;
const MAX_LEVELS = 3;
/**
 * Levels lie so many of their standard deviations apart; more where blocks of one differ more than chance makes them. The
 * halves of one normal distribution lie 2.65 apart, those of a few dozen minutes of it up to 3.6.
 */
const LEAST_APART = 4;
const LEAST_APART_WIDE = 5;
/** Blocks of one level differ this much though nothing is wrong. */
const LEVEL_NOISE = 0.04 / BIN_WIDTH;
/** Blocks nearer than this are of one level. */
const SAME_LEVEL = Math.log(1.25) / BIN_WIDTH;

/** A window, or several joined, and where its calls lie. */
export interface Block {
  readonly window: Window;
  /** Mean place of its calls, the far tails drawn in, and its standard error. */
  readonly place: number;
  readonly error: number;
}

/** What is left of a learning period. */
export interface Clean {
  /** In order of time. */
  readonly blocks: readonly Block[];
  /** Groups of blocks that lie elsewhere again and again. */
  readonly levels: readonly (readonly Block[])[];
  readonly coldStart: number;
  readonly incident: number;
  /** Times of both. */
  readonly leftOut: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/**
 * Sorts windows.
 *
 * @param windows in order of time, each with calls
 * @param expected place at a time, where something is known of it already (a season); bins
 */
export function cleanWindows(windows: readonly Window[], expected: (timeMs: number) => number = () => 0): Clean {
  const blocks = blocksOf(windows);
  const residuals = blocks.map(({ place, window }) => place - expected(middleMs(window)));
  const border = borderOf(blocks, residuals);
  // Where there are two levels, that of more blocks is the measure.
  const isUpper =
    border !== undefined && 2 * residuals.filter((residual) => residual > border).length > residuals.length;
  const isBase = (residual: number): boolean => border === undefined || residual > border === isUpper;
  const base = residuals.filter(isBase);
  const middle = medianOf(base);
  const scale = 1.4826 * medianOf(base.map((residual) => Math.abs(residual - middle)));
  const outstanding = blocks.map(({ error }, i) => {
    const distance = Math.abs(residuals[i] - middle);
    return !isBase(residuals[i]) || distance > Math.max(LEAST_DISTANCE, DEVIATIONS * Math.hypot(scale, error));
  });
  const runs = runsOf(outstanding);
  const left = new Set<number>();
  const most = Math.max(1, INCIDENT_SHARE * blocks.length);
  let coldStart = 0;
  const [first] = runs;
  if (first !== undefined && first.from <= 1 && first.to - first.from <= most && residuals[first.from] > middle) {
    for (let i = 0; i < first.to; i++) left.add(i);
    coldStart = first.to;
    runs.shift();
  }
  const long = runs.filter(({ from, to }) => to - from >= 2);
  const isIncident = long.length < LEVEL_RUNS && long.every(({ from, to }) => to - from <= most);
  // Single blocks are blips: they are no level, and not normal either.
  const levelRuns = isIncident ? [] : long;
  for (const run of runs) for (let i = run.from; i < run.to; i++) left.add(i);
  const levels = levelsOf(levelRuns.flatMap(({ from, to }) => blocks.slice(from, to)));
  const incident = isIncident ? long.reduce((sum, { from, to }) => sum + to - from, 0) : 0;
  const leftOut = [...(coldStart > 0 ? [{ from: 0, to: coldStart }] : []), ...(isIncident ? long : [])].map(
    ({ from, to }) => ({ fromMs: blocks[from].window.fromMs, toMs: blocks[to - 1].window.toMs }),
  );
  return { blocks: blocks.filter((_, i) => !left.has(i)), levels, coldStart, incident, leftOut };
}

/** Time in the middle of a window. */
export function middleMs({ fromMs, toMs }: Window): number {
  return (fromMs + toMs) / 2;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}

/** Counts of blocks by bin. */
export function countsOf(blocks: readonly Block[]): Uint32Array {
  const counts = new Uint32Array(BINS);
  for (const { window } of blocks) addWindow(counts, window);
  return counts;
}

function blocksOf(windows: readonly Window[]): Block[] {
  const joined: Window[] = [];
  let open: Window[] = [];
  for (const window of windows) {
    open.push(window);
    if (open.reduce((sum, { calls }) => sum + calls, 0) < LEAST_CALLS) continue;
    joined.push(joinWindows(open));
    open = [];
  }
  if (open.length > 0) joined.push(joinWindows([...joined.splice(-1), ...open]));
  const all = new Uint32Array(BINS);
  for (const window of joined) addWindow(all, window);
  const [low, high] = drawnIn(all);
  return joined.map((window) => blockOf(window, low, high));
}

/** Places between which almost all calls lie; what is beyond counts as if it were there. */
function drawnIn(counts: Uint32Array): readonly [number, number] {
  let total = 0;
  for (const count of counts) total += count;
  let [low, high, below] = [0, BINS - 1, 0];
  for (let b = 0; b < BINS; b++) {
    const before = below;
    below += counts[b] ?? 0;
    if (before <= 0.005 * total && below > 0.005 * total) low = b;
    if (before < 0.995 * total && below >= 0.995 * total) high = b;
  }
  return [low, high];
}

function blockOf(window: Window, low: number, high: number): Block {
  const drawn = new Uint32Array(BINS);
  for (let i = 0; i < window.bins.length; i++) {
    const bin = Math.max(low, Math.min(high, window.bins[i] ?? 0));
    drawn[bin] = (drawn[bin] ?? 0) + (window.counts[i] ?? 0);
  }
  const place = meanPlace(drawn);
  let squares = 0;
  for (let b = low; b <= high; b++) squares += (drawn[b] ?? 0) * (b - place) ** 2;
  // A bin is not a point: its own width spreads calls as well.
  const variance = squares / Math.max(1, window.calls - 1) + 1 / 12;
  return { window, place, error: Math.sqrt(variance / window.calls) };
}

/**
 * Finds the place between two levels: the split that leaves least variance, if both sides come again and again, lie apart,
 * and hardly differ within themselves.
 *
 * @see Otsu 1979, A threshold selection method
 */
function borderOf(blocks: readonly Block[], residuals: readonly number[]): number | undefined {
  const sorted = [...residuals].sort((a, b) => a - b);
  const n = sorted.length;
  const least = Math.max(2, Math.ceil(INCIDENT_SHARE * n));
  const sums = [0];
  const squares = [0];
  for (const value of sorted) {
    sums.push((sums.at(-1) ?? 0) + value);
    squares.push((squares.at(-1) ?? 0) + value * value);
  }
  const rest = (from: number, to: number): number => {
    return squares[to] - squares[from] - (sums[to] - sums[from]) ** 2 / (to - from);
  };
  let at = 0;
  for (let i = least; i <= n - least; i++) if (at === 0 || rest(0, i) + rest(i, n) < rest(0, at) + rest(at, n)) at = i;
  if (at === 0) return undefined;
  const within = (rest(0, at) + rest(at, n)) / (n - 2);
  const apart = (sums[n] - sums[at]) / (n - at) - sums[at] / at;
  const chance = medianOf(blocks.map(({ error }) => error ** 2)) + LEVEL_NOISE ** 2;
  const deviations = apart / Math.sqrt(within);
  const leastApart = within > 2 * chance ? LEAST_APART_WIDE : LEAST_APART;
  if (apart < SAME_LEVEL || deviations < leastApart) return undefined;
  const border = (sorted[at - 1] + sorted[at]) / 2;
  const runs = runsOf(residuals.map((residual) => residual > border));
  return runs.length >= LEVEL_RUNS ? border : undefined;
}

interface Run {
  readonly from: number;
  readonly to: number;
}

/** Runs of blocks that stand out; one ordinary block between two does not part them. */
function runsOf(outstanding: readonly boolean[]): Run[] {
  const runs: Run[] = [];
  outstanding.forEach((stands, i) => {
    if (!stands) return;
    const last = runs.at(-1);
    if (last !== undefined && i - last.to <= 1) runs[runs.length - 1] = { from: last.from, to: i + 1 };
    else runs.push({ from: i, to: i + 1 });
  });
  return runs;
}

/** Groups blocks by place, the most first. */
function levelsOf(blocks: readonly Block[]): Block[][] {
  const sorted = [...blocks].sort((a, b) => a.place - b.place);
  const groups: Block[][] = [];
  for (const block of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && block.place - (last[0]?.place ?? NaN) <= SAME_LEVEL) last.push(block);
    else groups.push([block]);
  }
  return groups
    .filter(({ length }) => length >= 2)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_LEVELS);
}
