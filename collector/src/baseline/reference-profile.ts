// A profile of the time before, where too few traces of it were kept: today's, with what the baselines of its operations
// say was added taken away again.
import type { EdgeTotals, OperationTotals, PathProfile } from './path-profile.ts';
import { operationKey, type OperationName } from './trace-tree.ts';

/** What the baseline of one operation says. */
export interface OperationReference {
  readonly operation: OperationName;
  /** Mean duration of a call. */
  readonly meanMs: number;
  /** Calls per call of the explained operation; as often as now where it is not known. */
  readonly callsPerCall?: number;
}

/**
 * Estimates the profile of before. What an operation took longer is its own unless its children took longer; one
 * without a reference is taken not to have changed.
 *
 * @returns undefined where the explained operation itself has no reference
 */
export function referenceProfile(
  rootKey: string,
  during: PathProfile,
  references: readonly OperationReference[],
): PathProfile | undefined {
  const known = new Map(references.filter(isUsable).map((each) => [operationKey(each.operation), each] as const));
  const root = known.get(rootKey);
  if (root === undefined || during.calls === 0) return undefined;
  const callsOf = (key: string, totals: OperationTotals): number =>
    key === rootKey ? totals.calls : (known.get(key)?.callsPerCall ?? totals.calls / during.calls) * during.calls;
  const addedMs = new Map<string, number>();
  for (const [key, totals] of during.operations) {
    const meanMs = known.get(key)?.meanMs ?? (totals.calls === 0 ? 0 : totals.durationMs / totals.calls);
    addedMs.set(key, totals.durationMs - callsOf(key, totals) * meanMs);
  }
  const operations = new Map<string, OperationTotals>();
  for (const [key, totals] of during.operations) {
    let ownMs = addedMs.get(key) ?? 0;
    for (const [child, { calls }] of during.edges.get(key) ?? []) {
      const all = during.operations.get(child)?.calls ?? calls;
      ownMs -= (addedMs.get(child) ?? 0) * (calls / Math.max(calls, all));
    }
    operations.set(key, shortened(totals, callsOf(key, totals), ownMs));
  }
  return { seen: 0, calls: during.calls, meanMs: root.meanMs, operations, edges: fewerEdges(during, operations) };
}

function isUsable({ meanMs, callsPerCall = 0 }: OperationReference): boolean {
  return Number.isFinite(meanMs) && meanMs >= 0 && Number.isFinite(callsPerCall) && callsPerCall >= 0;
}

function shortened(totals: OperationTotals, calls: number, ownMs: number): OperationTotals {
  let selfMs = totals.ownMs;
  for (const gapMs of totals.gapMs.values()) selfMs += gapMs;
  const left = selfMs === 0 ? 0 : Math.max(0, selfMs - ownMs) / selfMs;
  return {
    ...totals,
    calls,
    // Failures of before are not known: as many as now, so that no change is claimed.
    errors: totals.calls === 0 ? 0 : (totals.errors / totals.calls) * calls,
    ownMs: totals.ownMs * left,
    gapMs: new Map([...totals.gapMs].map(([child, gapMs]) => [child, gapMs * left])),
  };
}

function fewerEdges(during: PathProfile, operations: ReadonlyMap<string, OperationTotals>): PathProfile['edges'] {
  return new Map(
    [...during.edges].map(([parent, children]) => {
      const fewer = [...children].map(([child, edge]): [string, EdgeTotals] => {
        const now = during.operations.get(child)?.calls ?? 0;
        const calls = now === 0 ? 0 : edge.calls * ((operations.get(child)?.calls ?? 0) / now);
        const parents = Math.min(calls, edge.parents);
        return [child, { calls, parents, repeats: calls - parents, failedRepeats: 0 }];
      });
      return [parent, new Map(fewer)];
    }),
  );
}
