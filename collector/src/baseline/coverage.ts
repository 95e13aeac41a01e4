// For how much of what is watched normal is known, in numbers.
import { hasQuantile } from './describe.ts';
import type { WatchedOperation } from './watched.ts';

/** Operations by what is known of them. */
export interface OperationCoverage {
  readonly operations: number;
  readonly learned: number;
  readonly provisional: number;
  /** Of the learned, those with too few samples for a p99. */
  readonly withoutP99: number;
}

/** Counts. Ten thousand operations take about a millisecond. */
export function coverageOf(watched: Iterable<WatchedOperation>): OperationCoverage {
  const coverage = { operations: 0, learned: 0, provisional: 0, withoutP99: 0 };
  for (const { operation } of watched) {
    coverage.operations++;
    const { learned } = operation;
    if (learned === undefined) continue;
    if (operation.isProvisional) {
      coverage.provisional++;
      continue;
    }
    coverage.learned++;
    if (!hasQuantile(learned, 0.99)) coverage.withoutP99++;
  }
  return coverage;
}
