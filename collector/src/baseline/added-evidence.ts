// Whether time was added to one operation beyond what differs from call to call anyway.
import { walkCriticalPath } from './critical-path.ts';
import type { WeighedCall } from './path-profile.ts';
import { type Call, operationKey } from './trace-tree.ts';

/** Standard errors by which means have to differ: the largest of several causes is looked at, so more than for one. */
const SURE = 2.5;
/** Where only some calls are slow, means say little: so many beyond this multiple of the slowest before are enough. */
const BEYOND_CALLS = 2;
const BEYOND_RATIO = 2;

interface Spread {
  readonly mean: number;
  /** Of the mean, squared. */
  readonly variance: number;
}

/**
 * Tells added time from chance, by the time on the critical path that calls spend in one operation and below it.
 *
 * @param key of the operation; @param earlier calls of before, and calls of now, at least two each
 * @returns false where there are fewer
 * @see Welch 1947, The generalization of "Student's" problem when several different population variances are involved
 */
export function isBeyondChance(key: string, earlier: readonly WeighedCall[], calls: readonly WeighedCall[]): boolean {
  const [was, is] = [earlier, calls].map((each) =>
    each.map(({ call, weight }) => ({ weight, ms: spentIn(key, call) })),
  );
  const slowest = was.reduce((most, { ms }) => Math.max(most, ms), 0);
  const beyond = is.filter(({ ms }) => ms > BEYOND_RATIO * slowest).length;
  if (was.length > 1 && beyond >= BEYOND_CALLS) return true;
  // Of few calls with one slow among them the logarithms are surer, of many the times.
  return [(ms: number) => ms, Math.log1p].some((scale) => {
    const [before, now] = [spreadOf(was, scale), spreadOf(is, scale)];
    return now.mean - before.mean > SURE * Math.sqrt(before.variance + now.variance);
  });
}

/** Milliseconds on the path in calls of one operation and in everything below them, and pauses before them. */
function spentIn(key: string, root: Call): number {
  const inside = new Map<Call, boolean>();
  let sumMs = 0;
  walkCriticalPath(root, (call, next, lengthMs) => {
    // A call is walked after its parent, so that the parent is known.
    let isInside = inside.get(call);
    if (isInside === undefined) {
      isInside = operationKey(call.span) === key || (call !== root && inside.get(call.parent ?? root) === true);
      inside.set(call, isInside);
    }
    if (isInside || (next !== undefined && operationKey(next.span) === key)) sumMs += lengthMs;
  });
  return sumMs;
}

function spreadOf(
  values: readonly { readonly weight: number; readonly ms: number }[],
  scale: (ms: number) => number,
): Spread {
  let [all, squares, sum] = [0, 0, 0];
  for (const { weight, ms } of values) {
    all += weight;
    squares += weight * weight;
    sum += weight * scale(ms);
  }
  const mean = sum / all;
  let deviations = 0;
  for (const { weight, ms } of values) deviations += weight * (scale(ms) - mean) ** 2;
  const size = (all * all) / squares;
  return { mean, variance: size > 1 ? deviations / all / (size - 1) : Infinity };
}
