// Who calls whom, directly or through others, from edges that kept traces showed. A picture of one moment.
import type { OperationEdge } from './edges.ts';

/** What is known of who calls whom. Keys of operations throughout, see operationKey. */
export interface Calls {
  /** It was seen often enough: what nothing connects to it has nothing to do with it. */
  isPlaced(key: string): boolean;
  /** Whatever an operation calls, directly or through up to three others, without itself. */
  calleesOf(key: string): ReadonlySet<string>;
  callersOf(key: string): ReadonlySet<string>;
}

/** Nothing is known yet. */
export const NO_CALLS: Calls = {
  isPlaced: () => false,
  calleesOf: () => NONE,
  callersOf: () => NONE,
};

/** Edges that were seen less often than this share of all of one child are chance, as of a late retry. */
const RARE_EDGE = 0.01;
/** Callers between two that left their baselines may not have: so many are looked through. */
const MAX_BETWEEN = 3;

const NONE: ReadonlySet<string> = new Set();

export class CallGraph implements Calls {
  readonly #placed: ReadonlySet<string>;
  readonly #callees = new Map<string, string[]>();
  readonly #callers = new Map<string, string[]>();
  readonly #allCallees = new Map<string, ReadonlySet<string>>();
  readonly #allCallers = new Map<string, ReadonlySet<string>>();

  /** @param edges as learned, in any order */
  constructor(edges: readonly OperationEdge[], placed: ReadonlySet<string>) {
    this.#placed = placed;
    const all = new Map<string, number>();
    for (const { child, count } of edges) all.set(child, (all.get(child) ?? 0) + count);
    for (const { parent, child, count } of edges) {
      if (parent === child || count < RARE_EDGE * (all.get(child) ?? 0)) continue;
      append(this.#callees, parent, child);
      append(this.#callers, child, parent);
    }
  }

  isPlaced(key: string): boolean {
    return this.#placed.has(key);
  }

  calleesOf(key: string): ReadonlySet<string> {
    return remembered(this.#allCallees, key, this.#callees);
  }

  callersOf(key: string): ReadonlySet<string> {
    return remembered(this.#allCallers, key, this.#callers);
  }
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function remembered(
  known: Map<string, ReadonlySet<string>>,
  key: string,
  next: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = reachable(key, next);
  known.set(key, found);
  return found;
}

function reachable(key: string, next: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set<string>();
  let edge: readonly string[] = [key];
  for (let between = 0; between <= MAX_BETWEEN && edge.length > 0; between++) {
    const further: string[] = [];
    for (const each of edge) {
      for (const to of next.get(each) ?? []) {
        if (to === key || found.has(to)) continue;
        found.add(to);
        further.push(to);
      }
    }
    edge = further;
  }
  return found;
}
