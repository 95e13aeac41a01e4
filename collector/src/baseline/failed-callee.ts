// Which callee the failures of an operation come from: the deepest failed call below each failed one.
import type { WeighedCall } from './path-profile.ts';
import { type Call, operationKey } from './trace-tree.ts';

export interface BlamedCallees {
  /** Of calls now and before. */
  readonly failedRatio: number;
  readonly failedBefore: number;
  /** Shares of the failures that were added, the most first; the operation itself where nothing below it failed. */
  readonly callees: readonly { readonly key: string; readonly share: number }[];
}

/** Blames callees for failures. @param rootKey of the operation that fails */
export function blamedCallees(
  rootKey: string,
  calls: readonly WeighedCall[],
  earlier: readonly WeighedCall[],
): BlamedCallees {
  const [now, was] = [failuresOf(rootKey, calls), failuresOf(rootKey, earlier)];
  let added = 0;
  const grown: [string, number][] = [];
  for (const [key, ratio] of now.byKey) {
    const more = ratio - (was.byKey.get(key) ?? 0);
    if (more <= 0) continue;
    added += more;
    grown.push([key, more]);
  }
  const callees = grown.sort(([, a], [, b]) => b - a).map(([key, more]) => ({ key, share: more / added }));
  return { failedRatio: now.ratio, failedBefore: was.ratio, callees };
}

function failuresOf(rootKey: string, calls: readonly WeighedCall[]) {
  const byKey = new Map<string, number>();
  let [all, failed] = [0, 0];
  for (const { weight } of calls) all += weight;
  for (const { call, weight } of calls) {
    if (!call.span.isError) continue;
    failed += weight / all;
    const at = deepestFailed(call);
    const key = at === call ? rootKey : operationKey(at.span);
    byKey.set(key, (byKey.get(key) ?? 0) + weight / all);
  }
  return { ratio: failed, byKey };
}

/** Follows the last failed child down: what failed earlier was survived. */
function deepestFailed(call: Call): Call {
  let at = call;
  for (;;) {
    let next: Call | undefined;
    for (const child of at.children)
      if (child.span.isError && (next === undefined || child.toMs >= next.toMs)) next = child;
    if (next === undefined) return at;
    at = next;
  }
}
