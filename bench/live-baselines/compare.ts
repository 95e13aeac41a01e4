// Holds what was said live against what `baseline scan` says of the same calls.
import type { Met, StreamScore } from '../baselines/score.ts';

/** How a regression was met by both. */
export interface Pair {
  readonly scan: Met;
  readonly live: Met;
}

/** Regressions of streams that both have scored, in the same order. */
export function pairsOf(scan: readonly StreamScore[], live: readonly StreamScore[]): Pair[] {
  return scan.flatMap(({ met }, s) =>
    met.flatMap((each, r) => {
      const other = live[s]?.met[r];
      return other === undefined ? [] : [{ scan: each, live: other }];
    }),
  );
}

export interface Delays {
  readonly both: number;
  readonly onlyScan: number;
  readonly onlyLive: number;
  /** Seconds from the line of scan to that of live, of what both have found. */
  readonly meanS: number;
  readonly p50S: number;
  readonly p90S: number;
  readonly worstS: number;
}

export function delaysOf(pairs: readonly Pair[]): Delays {
  const isFound = ({ delayMs }: Met): boolean => delayMs !== null;
  const both = pairs.filter(({ scan, live }) => isFound(scan) && isFound(live));
  const laterS = both.map(laterThanScanS).sort((a, b) => a - b);
  return {
    both: both.length,
    onlyScan: pairs.filter(({ scan, live }) => isFound(scan) && !isFound(live)).length,
    onlyLive: pairs.filter(({ scan, live }) => !isFound(scan) && isFound(live)).length,
    meanS: laterS.reduce((sum, seconds) => sum + seconds, 0) / laterS.length,
    p50S: at(laterS, 0.5),
    p90S: at(laterS, 0.9),
    worstS: laterS.at(-1) ?? NaN,
  };
}

/** Seconds from the line of scan to that of live. */
export function laterThanScanS({ scan, live }: Pair): number {
  return ((live.delayMs ?? NaN) - (scan.delayMs ?? NaN)) / 1000;
}

function at(sorted: readonly number[], ratio: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(ratio * sorted.length))] ?? NaN;
}
