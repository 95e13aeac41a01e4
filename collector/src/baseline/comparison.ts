// What a comparison of two runs says. Data only; made by compare.ts, read by the reports.
import type { ErrorComparison } from './compare-errors.ts';
import type { Ratio } from './contract.ts';
import type { Shift } from './machine-shift.ts';
import type { OperationName } from './recorded-run.ts';

export type Verdict = 'same' | 'faster' | 'slower' | 'more errors' | 'too few calls' | 'new' | 'missing';

/** `unknown`: too few calls for this one. */
export type Moved = 'same' | 'slower' | 'faster' | 'unknown';

export interface QuantileComparison {
  readonly quantile: number;
  readonly baselineMs: number;
  readonly runMs: number;
  readonly ratio: Ratio;
  readonly moved: Moved;
  /** The least ratio that could have been told from the same; infinite where none could. */
  readonly visible: number;
}

/** Of an operation that both know. */
export interface Measured {
  /** Of the geometric mean, with all that two runs may differ by in the interval but the tolerance. */
  readonly ratio: Ratio;
  readonly moved: Moved;
  readonly quantiles: readonly QuantileComparison[];
  readonly errors: ErrorComparison;
  /** The least ratio of all calls that could have been told from the same. */
  readonly visible: number;
  /** The ratio that a run should be able to show. */
  readonly sought: number;
  /** Calls that a run needs for that; undefined where the baseline itself has too few. */
  readonly neededCalls: number | undefined;
}

export interface Compared extends OperationName {
  readonly verdict: Verdict;
  readonly calls: { readonly baseline: number; readonly run: number };
  readonly measured?: Measured;
}

export interface Comparison {
  /** What matters most first. */
  readonly operations: readonly Compared[];
  /** Where there are enough operations to tell. */
  readonly shift: Shift | undefined;
  readonly outcome: 'fine' | 'regression' | 'unjudged';
}

/** Whether a build fails on it. */
export function isRegression(verdict: Verdict): boolean {
  return verdict === 'slower' || verdict === 'more errors';
}
