// Which operation the time was added in, and in which way: two profiles of one operation, compared piece by piece.
import type { EdgeTotals, OperationTotals, PathProfile } from './path-profile.ts';

/** What happened to the operation that explains the added time. */
export type CauseKind =
  | 'slow_dependency'
  | 'slow_service'
  | 'repeated_calls'
  | 'retries'
  | 'errors'
  | 'own_code'
  | 'waiting'
  | 'cache_loss'
  | 'more_calls';

/** An operation in which time was added; all per call of the explained operation. */
export interface AddedTime {
  readonly key: string;
  readonly kind: CauseKind;
  readonly addedMs: number;
  /** What it waited to call, where it waited; what is called instead, where it fails. */
  readonly otherKey?: string;
  /** How many operations it is the sum of, where it is of a whole service. */
  readonly operations?: number;
}

/** A child is called more often only if by this factor and so many more calls. */
const MORE_CALLS_RATIO = 1.3;
const MORE_CALLS = 0.1;
/** Time added in one gap is a wait when it is this much of what its caller added. */
const WAIT_SHARE = 0.6;
/** More calls fail only if so much more of them do. */
const MORE_ERRORS = 0.2;
/** Below this share of the calls a child mostly was not there. */
const MOSTLY_ABSENT = 0.5;
/** Calls of one child by one parent beyond which they are a loop. */
const LOOP_CALLS = 2;

interface Parts {
  /** Because it was called more often; in itself; before each child. */
  countMs: number;
  ownMs: number;
  readonly gapMs: Map<string, number>;
}

/** Explains the time that was added to an operation. @returns the largest first, only what grew */
export function addedTimes(rootKey: string, before: PathProfile, during: PathProfile): AddedTime[] {
  const growth = new CallGrowth(rootKey, before, during);
  const parts = new Map<string, Parts>();
  const partOf = (key: string): Parts => {
    const part = parts.get(key) ?? { countMs: 0, ownMs: 0, gapMs: new Map<string, number>() };
    parts.set(key, part);
    return part;
  };
  for (const key of new Set([...before.operations.keys(), ...during.operations.keys()])) {
    const [was, is] = [before.operations.get(key), during.operations.get(key)];
    const own = growth.split(key, mean(was?.ownMs, before), mean(is?.ownMs, during));
    partOf(key).ownMs += own.ownMs;
    if (own.countMs !== 0) partOf(growth.grownAbove(key) ?? key).countMs += own.countMs;
    for (const child of new Set([...(was?.gapMs.keys() ?? []), ...(is?.gapMs.keys() ?? [])])) {
      const wasMs = mean(was?.gapMs.get(child), before);
      const isMs = mean(is?.gapMs.get(child), during);
      // Pauses between calls that should not have been made are theirs.
      if (growth.hasGrown(child) && growth.parentOf(child) === key) {
        partOf(child).countMs += isMs - wasMs;
        continue;
      }
      const gap = growth.split(key, wasMs, isMs);
      if (gap.countMs !== 0) partOf(growth.grownAbove(key) ?? key).countMs += gap.countMs;
      partOf(key).gapMs.set(child, gap.ownMs);
    }
  }
  const named = [...parts].map(([key, part]) => nameCause(key, rootKey, part, growth));
  return named.filter(({ addedMs }) => addedMs > 0).sort((a, b) => b.addedMs - a.addedMs);
}

function mean(sum: number | undefined, profile: PathProfile): number {
  return profile.calls === 0 ? 0 : (sum ?? 0) / profile.calls;
}

function nameCause(key: string, rootKey: string, part: Parts, growth: CallGrowth): AddedTime {
  let selfMs = part.ownMs;
  let [waitKey, waitMs] = ['', 0];
  for (const [child, gapMs] of part.gapMs) {
    selfMs += gapMs;
    if (gapMs > waitMs) [waitKey, waitMs] = [child, gapMs];
  }
  const addedMs = selfMs + part.countMs;
  const edge = growth.edgeOf(key);
  if (growth.hasGrown(key) && edge !== undefined && edge.repeats > 0 && edge.failedRepeats / edge.repeats >= 0.5) {
    return { key, kind: 'retries', addedMs };
  }
  if (growth.hasGrown(key) && part.countMs >= addedMs / 2) return nameGrown(key, addedMs, growth);
  if (key !== rootKey && growth.addedErrors(key) >= MORE_ERRORS) return { key, kind: 'errors', addedMs };
  if (waitMs >= WAIT_SHARE * addedMs) return { key, kind: 'waiting', addedMs, otherKey: waitKey };
  return { key, kind: key === rootKey ? 'own_code' : 'slow_dependency', addedMs };
}

function nameGrown(key: string, addedMs: number, growth: CallGrowth): AddedTime {
  const [was, is] = growth.ratesOf(key);
  const loops = is.perParent / Math.max(1, was.perParent);
  if (is.perParent >= LOOP_CALLS && loops >= MORE_CALLS_RATIO) return { key, kind: 'repeated_calls', addedMs };
  if (was.presence >= MOSTLY_ABSENT) return { key, kind: 'more_calls', addedMs };
  const failing = growth.failingBeside(key);
  if (failing !== undefined) return { key: failing, kind: 'errors', addedMs, otherKey: key };
  return { key, kind: 'cache_loss', addedMs };
}

/** How one child is called by its parent. */
export interface CallRates {
  /** Calls per call of the parent, calls per call that has any, and the share of those. */
  readonly calls: number;
  readonly perParent: number;
  readonly presence: number;
  readonly errorRatio: number;
}

/** How often each operation is called by the one above it, before and now. */
export class CallGrowth {
  readonly #before: PathProfile;
  readonly #during: PathProfile;
  /** The parent that calls it most, by child. */
  readonly #parents = new Map<string, string>();

  constructor(rootKey: string, before: PathProfile, during: PathProfile) {
    this.#before = before;
    this.#during = during;
    for (const { edges } of [before, during]) {
      const most = new Map<string, number>();
      for (const [parent, children] of edges) {
        for (const [child, { calls }] of children) {
          if (child === rootKey || child === parent || calls <= (most.get(child) ?? 0)) continue;
          most.set(child, calls);
          this.#parents.set(child, parent);
        }
      }
    }
  }

  parentOf(key: string): string | undefined {
    return this.#parents.get(key);
  }

  /** Calls of it by the parent that calls it most, now. */
  edgeOf(key: string): EdgeTotals | undefined {
    return this.#during.edges.get(this.#parents.get(key) ?? '')?.get(key);
  }

  /** Whether its parent calls it more often than before; not where the parent itself is new. */
  hasGrown(key: string): boolean {
    if (callsPerRoot(this.#before, this.#parents.get(key) ?? '') === 0) return false;
    const [was, is] = this.ratesOf(key);
    return is.calls >= MORE_CALLS_RATIO * was.calls && is.calls - was.calls >= MORE_CALLS;
  }

  /** The nearest operation, from this one upwards, that is called more often by its parent. */
  grownAbove(key: string): string | undefined {
    const seen = new Set<string>();
    for (let at: string | undefined = key; at !== undefined && !seen.has(at); at = this.#parents.get(at)) {
      if (this.hasGrown(at)) return at;
      seen.add(at);
    }
    return undefined;
  }

  /** @returns before and now */
  ratesOf(key: string): [CallRates, CallRates] {
    const parent = this.#parents.get(key);
    return [ratesIn(this.#before, parent, key), ratesIn(this.#during, parent, key)];
  }

  /** By how much the share of its calls that fail has risen. */
  addedErrors(key: string): number {
    const [was, is] = this.ratesOf(key);
    return is.errorRatio - was.errorRatio;
  }

  /** A child of the same parent that fails more than before. */
  failingBeside(key: string): string | undefined {
    let [most, failing]: [number, string | undefined] = [MORE_ERRORS, undefined];
    for (const child of this.#during.edges.get(this.#parents.get(key) ?? '')?.keys() ?? []) {
      const added = child === key ? 0 : this.addedErrors(child);
      if (added >= most) [most, failing] = [added, child];
    }
    return failing;
  }

  /** Splits time that was added: by more calls of an operation, and by longer ones. Neither is more than the whole. */
  split(key: string, wasMs: number, isMs: number): { readonly countMs: number; readonly ownMs: number } {
    const addedMs = isMs - wasMs;
    if (addedMs <= 0 || this.grownAbove(key) === undefined) return { countMs: 0, ownMs: addedMs };
    const countMs = Math.min(addedMs, Math.max(0, isMs - this.#withoutMore(key, wasMs, isMs)));
    return { countMs, ownMs: addedMs - countMs };
  }

  /** What would be spent now in as many calls as before. */
  #withoutMore(key: string, wasMs: number, isMs: number): number {
    const [was, is] = [callsPerRoot(this.#before, key), callsPerRoot(this.#during, key)];
    if (was === 0) return 0;
    if (this.#during.edges.has(key)) return isMs - (is - was) * (wasMs / was);
    // One call may have been hidden by another beside it, and many are not: how long they are tells what became slower.
    const slower = eachMs(this.#during, key) / Math.max(eachMs(this.#before, key), 1e-9);
    return slower <= 1 ? wasMs : Math.max(wasMs, isMs * (1 - 1 / slower) + wasMs);
  }
}

function eachMs({ operations }: PathProfile, key: string): number {
  const totals = operations.get(key);
  return totals === undefined || totals.calls === 0 ? 0 : totals.durationMs / totals.calls;
}

function callsPerRoot({ operations, calls }: PathProfile, key: string): number {
  return calls === 0 ? 0 : (operations.get(key)?.calls ?? 0) / calls;
}

function ratesIn({ operations, edges }: PathProfile, parent: string | undefined, key: string): CallRates {
  const edge = edges.get(parent ?? '')?.get(key);
  const totals: OperationTotals | undefined = operations.get(key);
  const callers = operations.get(parent ?? '')?.calls ?? 0;
  return {
    calls: edge === undefined || callers === 0 ? 0 : edge.calls / callers,
    perParent: edge === undefined || edge.parents === 0 ? 0 : edge.calls / edge.parents,
    presence: edge === undefined || callers === 0 ? 0 : edge.parents / callers,
    errorRatio: totals === undefined || totals.calls === 0 ? 0 : totals.errors / totals.calls,
  };
}
