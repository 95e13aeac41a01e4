// The series that other detectors are fed with: calls, error ratio, mean and p95 of each operation by windows.
import { secondsOf } from './calls.ts';
import type { StreamSpec } from './stream.ts';

/** One window of an operation; durations are 0 where nothing was called. */
export interface Row {
  /** End of the window. */
  readonly ms: number;
  readonly calls: number;
  readonly errorRatio: number;
  readonly meanMs: number;
  readonly p95Ms: number;
}

export interface Series {
  readonly stream: string;
  readonly op: string;
  readonly learnUntilMs: number;
  readonly rows: readonly Row[];
}

const SHORT_S = 10;
/** For who is called less than once a second, as dashboards do. */
const LONG_S = 60;

/** Series of all operations of a stream. */
export function seriesOf(spec: StreamSpec): Series[] {
  const open = spec.ops.map((op) => ({
    windowS: op.ratePerS >= 1 ? SHORT_S : LONG_S,
    durations: [] as number[],
    errors: 0,
    rows: [] as Row[],
  }));
  for (const { endMs, calls } of secondsOf(spec)) {
    for (const { op, durationMs, isError } of calls) {
      const own = open[op];
      own?.durations.push(durationMs);
      if (own !== undefined && isError) own.errors++;
    }
    for (const own of open) {
      if ((endMs / 1000) % own.windowS !== 0) continue;
      own.rows.push(rowOf(spec.baseMs + endMs, own.durations, own.errors));
      own.durations = [];
      own.errors = 0;
    }
  }
  return open.map(({ rows }, i) => ({
    stream: spec.name,
    op: spec.ops[i]?.name ?? '',
    learnUntilMs: spec.baseMs + spec.learnMs,
    rows,
  }));
}

function rowOf(ms: number, durations: readonly number[], errors: number): Row {
  const calls = durations.length;
  if (calls === 0) return { ms, calls, errorRatio: 0, meanMs: 0, p95Ms: 0 };
  const sorted = durations.toSorted((a, b) => a - b);
  return {
    ms,
    calls,
    errorRatio: errors / calls,
    meanMs: durations.reduce((sum, each) => sum + each, 0) / calls,
    p95Ms: sorted[Math.min(calls - 1, Math.floor(0.95 * calls))] ?? 0,
  };
}
