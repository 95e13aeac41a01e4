// Which of the violations that are open together have one cause, and which of them is it: the deepest callee first.
import type { OperationEdge } from './edges.ts';

/** An open violation, as far as its place among others matters. */
export interface OpenViolation {
  readonly id: string;
  /** See operationKey; any other text for what is no operation. */
  readonly key: string;
  /** Empty where it has none. */
  readonly service: string;
  readonly onsetMs: number;
  /** How far off it is, as a factor of its baseline. */
  readonly ratio: number;
}

/** Violations of one cause. */
export interface CauseGroup {
  /** The likely cause first; each at most once. */
  readonly members: readonly OpenViolation[];
  /** In one sentence, why the first is first; empty for one alone. */
  readonly because: string;
}

/** What begins within this of each other can have one cause. */
const TOGETHER_MS = 60_000;
/** Edges that were seen less often than this share of all of one child are chance, as of a late retry. */
const RARE_EDGE = 0.01;
/** Callers between two that left their baselines may not have: so many are looked through. */
const MAX_BETWEEN = 3;

/**
 * Groups violations: two belong together when they began within 60 s of each other and one calls the other (directly or
 * through up to three calls) or both are of one service. Groups follow from pairs, but never span more than 60 s of
 * onsets: slow spread of separate causes does not end as one.
 *
 * @param edges as learned, in any order; unknown keys are ignored
 * @returns groups in order of their earliest onset
 */
export function groupByCause(violations: readonly OpenViolation[], edges: readonly OperationEdge[]): CauseGroup[] {
  const sorted = violations.toSorted((a, b) => a.onsetMs - b.onsetMs || (a.id < b.id ? -1 : 1));
  const reach = new Reach(sorted, edges);
  const byKey = Map.groupBy(sorted, ({ key }) => key);
  const byService = Map.groupBy(sorted, ({ service }) => service);
  const left = new Set(sorted);
  const groups: CauseGroup[] = [];
  for (const first of sorted) {
    if (!left.delete(first)) continue;
    const members = [first];
    const join = (others: readonly OpenViolation[] = []): void => {
      for (const other of others) {
        if (other.onsetMs - first.onsetMs <= TOGETHER_MS && left.delete(other)) members.push(other);
      }
    };
    for (const { key, service } of members) {
      join(byKey.get(key));
      if (service !== '') join(byService.get(service));
      for (const callee of reach.calleesOf(key)) join(byKey.get(callee));
      for (const caller of reach.callersOf(key)) join(byKey.get(caller));
    }
    groups.push(ordered(members, reach));
  }
  return groups;
}

/** Which of the open violations call which, directly or through others. */
class Reach {
  readonly #callees = new Map<string, Set<string>>();
  readonly #callers = new Map<string, Set<string>>();

  constructor(violations: readonly OpenViolation[], edges: readonly OperationEdge[]) {
    const keys = new Set(violations.map(({ key }) => key));
    const direct = calleesOf(edges);
    for (const key of keys) this.#callees.set(key, reachable(key, direct, keys));
    for (const [caller, callees] of this.#callees) {
      for (const callee of callees) {
        const callers = this.#callers.get(callee);
        if (callers !== undefined) callers.add(caller);
        else this.#callers.set(callee, new Set([caller]));
      }
    }
  }

  calleesOf(key: string): ReadonlySet<string> {
    return this.#callees.get(key) ?? new Set();
  }

  callersOf(key: string): ReadonlySet<string> {
    return this.#callers.get(key) ?? new Set();
  }
}

function calleesOf(edges: readonly OperationEdge[]): Map<string, string[]> {
  const all = new Map<string, number>();
  for (const { child, count } of edges) all.set(child, (all.get(child) ?? 0) + count);
  const callees = new Map<string, string[]>();
  for (const { parent, child, count } of edges) {
    if (parent === child || count < RARE_EDGE * (all.get(child) ?? 0)) continue;
    const children = callees.get(parent);
    if (children !== undefined) children.push(child);
    else callees.set(parent, [child]);
  }
  return callees;
}

/** What an operation calls, of the keys that matter. */
function reachable(
  key: string,
  callees: ReadonlyMap<string, readonly string[]>,
  keys: ReadonlySet<string>,
): Set<string> {
  const seen = new Set([key]);
  const found = new Set<string>();
  let callers = [key];
  for (let between = 0; between <= MAX_BETWEEN && callers.length > 0; between++) {
    const next: string[] = [];
    for (const caller of callers) {
      for (const callee of callees.get(caller) ?? []) {
        if (seen.has(callee)) continue;
        seen.add(callee);
        next.push(callee);
        if (keys.has(callee)) found.add(callee);
      }
    }
    callers = next;
  }
  return found;
}

/**
 * Puts callees before their callers. Of those that call no other member, the one whose slowdown explains more members
 * comes first, then the earlier, then the one further off. Two that call each other say nothing of who caused what.
 */
function ordered(members: readonly OpenViolation[], reach: Reach): CauseGroup {
  const inside = Map.groupBy(members, ({ key }) => key);
  const countOf = (some: ReadonlySet<string>, opposite: ReadonlySet<string>): number => {
    let count = 0;
    for (const key of some) if (!opposite.has(key)) count += inside.get(key)?.length ?? 0;
    return count;
  };
  const placed = members.map((member) => {
    const [callees, callers] = [reach.calleesOf(member.key), reach.callersOf(member.key)];
    return { member, calls: countOf(callees, callers), explains: countOf(callers, callees) };
  });
  placed.sort(
    (a, b) =>
      a.calls - b.calls ||
      b.explains - a.explains ||
      a.member.onsetMs - b.member.onsetMs ||
      b.member.ratio - a.member.ratio ||
      (a.member.id < b.member.id ? -1 : 1),
  );
  const sorted = placed.map(({ member }) => member);
  const [first] = placed;
  const others = sorted.length - 1;
  if (first === undefined || others === 0) return { members: sorted, because: '' };
  const because =
    first.explains > 0
      ? `${first.explains} of ${others} others call it, and it calls none of them`
      : `none of ${others} others is known to call it, and it calls none of them; it began first`;
  return { members: sorted, because };
}
