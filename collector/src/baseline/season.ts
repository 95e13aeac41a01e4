// What comes back with the day: two harmonics of the logarithm of durations, where the data insist on them.
import { type Block, middleMs } from './clean-windows.ts';

/** The season used where none is given. */
export const DAY_MS = 86_400_000;
const HARMONICS = 2;
const TERMS = 1 + 2 * HARMONICS;
/** A season is believed once seen so many times. */
const LEAST_SEASONS = 1.8;
/** And when it explains so much of what blocks differ by. */
const LEAST_EXPLAINED = 0.3;

/** Places by time of season, about their mean. */
export interface Season {
  readonly periodMs: number;
  /** Cosine and sine of the first harmonic, then of the second; bins. */
  readonly terms: readonly number[];
}

/** What a season adds at a time; bins. */
export function seasonAt(season: Season | undefined, timeMs: number): number {
  if (season === undefined) return 0;
  return waves(timeMs, season.periodMs).reduce((sum, wave, i) => sum + wave * (season.terms[i] ?? 0), 0);
}

/** Fits a season by weighted least squares. @returns none where it was not seen twice or explains too little */
export function fitSeason(blocks: readonly Block[], periodMs: number): Season | undefined {
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first === undefined || last === undefined || blocks.length < 4 * TERMS) return undefined;
  if (last.window.toMs - first.window.fromMs < LEAST_SEASONS * periodMs) return undefined;
  const spread = variance(blocks.map(({ place }) => place));
  const rows = blocks.map((block) => [1, ...waves(middleMs(block.window), periodMs)]);
  const weights = blocks.map(({ error }) => 1 / (error * error + spread / 4));
  const terms = leastSquares(
    rows,
    blocks.map(({ place }) => place),
    weights,
  );
  if (terms === undefined) return undefined;
  const rest = blocks.map(
    ({ place }, i) => place - (rows[i] ?? []).reduce((sum, x, k) => sum + x * (terms[k] ?? 0), 0),
  );
  if (variance(rest) > (1 - LEAST_EXPLAINED) * spread) return undefined;
  return { periodMs, terms: terms.slice(1) };
}

function waves(timeMs: number, periodMs: number): number[] {
  const angle = (2 * Math.PI * (timeMs % periodMs)) / periodMs;
  return Array.from({ length: HARMONICS }, (_, k) => [Math.cos((k + 1) * angle), Math.sin((k + 1) * angle)]).flat();
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
}

/** Solves the normal equations by elimination with pivots. */
function leastSquares(
  rows: readonly number[][],
  values: readonly number[],
  weights: readonly number[],
): number[] | undefined {
  const n = rows[0]?.length ?? 0;
  const system = Array.from({ length: n }, () => new Float64Array(n + 1));
  rows.forEach((row, i) => {
    const weight = weights[i] ?? 0;
    for (let a = 0; a < n; a++) {
      const line = system[a] ?? new Float64Array(n + 1);
      for (let b = 0; b < n; b++) line[b] = (line[b] ?? 0) + weight * (row[a] ?? 0) * (row[b] ?? 0);
      line[n] = (line[n] ?? 0) + weight * (row[a] ?? 0) * (values[i] ?? 0);
    }
  });
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++)
      if (Math.abs(system[r]?.[column] ?? 0) > Math.abs(system[pivot]?.[column] ?? 0)) pivot = r;
    const line = system[pivot];
    const other = system[column];
    if (line === undefined || other === undefined || Math.abs(line[column] ?? 0) < 1e-12) return undefined;
    [system[pivot], system[column]] = [other, line];
    for (let r = 0; r < n; r++) {
      const row = system[r];
      if (r === column || row === undefined) continue;
      const factor = (row[column] ?? 0) / (line[column] ?? 1);
      for (let c = column; c <= n; c++) row[c] = (row[c] ?? 0) - factor * (line[c] ?? 0);
    }
  }
  return system.map((line, i) => (line[n] ?? 0) / (line[i] ?? 1));
}
