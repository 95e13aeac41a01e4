// Which open violations are of one cause: by who calls whom, by service, and by when they began. What was put together
// stays together; what turns out to be one cause later is for the caller to join.
import type { Calls } from './call-graph.ts';

/** What has one cause begins within so long. */
const TOGETHER_MS = 60_000;

/** An open violation, as far as its group depends on it. */
export interface Placeable {
  /** Of the violation; no two that are open share it. */
  readonly key: string;
  /** See operationKey; empty for what is no operation. */
  readonly operation: string;
  /** Empty where it has none. */
  readonly service: string;
  readonly onsetMs: number;
}

interface Open extends Placeable {
  group: Group;
  /** It came long after the others, by what it calls: what begins with it has not begun with them. */
  readonly isLate: boolean;
}

interface Group {
  readonly id: string;
  readonly opens: Set<Open>;
  /** When the first and the last of them began, without those that are late. */
  fromMs: number;
  toMs: number;
}

/**
 * Open violations by group. Two are of one cause when one calls the other, directly or through others, or both are of one
 * service, and all of their group began within 60 s. What is called seldom leaves its baseline late: it is of one cause
 * with what it calls as long as that goes on. Where it is not known yet who calls one of them, that they began together has
 * to do: as long as nobody can tell, two alerts for one cause are worse than one for two.
 */
export class CauseGroups {
  readonly #calls: () => Calls;
  readonly #open = new Map<string, Open>();
  readonly #groups = new Map<string, Group>();
  readonly #byOperation = new Map<string, Set<Open>>();
  readonly #byService = new Map<string, Set<Open>>();

  /** @param calls what is known now */
  constructor(calls: () => Calls) {
    this.#calls = calls;
  }

  /** Groups with violations that are open. */
  get size(): number {
    return this.#groups.size;
  }

  isOpen(group: string): boolean {
    return this.#groups.has(group);
  }

  /** The group of a violation that is open. */
  groupOf(key: string): string | undefined {
    return this.#open.get(key)?.group.id;
  }

  /** Puts a violation into a group, which may be new. */
  add(placeable: Placeable, id: string): void {
    this.close(placeable.key);
    const group = this.#groups.get(id) ?? { id, opens: new Set(), fromMs: Infinity, toMs: -Infinity };
    this.#groups.set(id, group);
    const open = { ...placeable, group, isLate: group.opens.size > 0 && !areTogether(group, at(placeable)) };
    group.opens.add(open);
    widen(group, open);
    this.#open.set(open.key, open);
    if (open.operation !== '') put(this.#byOperation, open.operation, open);
    if (open.service !== '') put(this.#byService, open.service, open);
  }

  /** Forgets a violation that is over. */
  close(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    const { group, operation, service } = open;
    this.#open.delete(key);
    remove(this.#byOperation, operation, open);
    remove(this.#byService, service, open);
    group.opens.delete(open);
    if (group.opens.size === 0) this.#groups.delete(group.id);
    if (open.onsetMs !== group.fromMs && open.onsetMs !== group.toMs) return;
    // Where only those are left that came late, it is still known when it began.
    if ([...group.opens].every(({ isLate }) => isLate)) return;
    [group.fromMs, group.toMs] = [Infinity, -Infinity];
    for (const each of group.opens) widen(group, each);
  }

  /**
   * Groups a violation is of one cause with, that which began first at the front; several of them turn out to be one
   * cause with it. Where none is known to be, the nearest in time of those of which nobody knows.
   */
  groupsFor(placeable: Placeable): string[] {
    const related = new Set<Group>();
    for (const { group } of this.#related(placeable))
      if (!related.has(group) && areTogether(group, at(placeable))) related.add(group);
    const found = related.size > 0 ? related : this.#calledBy(placeable);
    if (found.size === 0) return this.#nearest(placeable).map(({ id }) => id);
    return [...found].sort((a, b) => a.fromMs - b.fromMs).map(({ id }) => id);
  }

  /** A group that has turned out to be one cause with that of an open violation. */
  otherGroupOf(key: string): string | undefined {
    const open = this.#open.get(key);
    if (open === undefined || this.#groups.size < 2) return undefined;
    for (const { group } of this.#related(open))
      if (group !== open.group && areTogether(group, open.group)) return group.id;
    return undefined;
  }

  /** Whether two groups began near enough for one cause. */
  canJoin(one: string, other: string): boolean {
    const [a, b] = [this.#groups.get(one), this.#groups.get(other)];
    return a !== undefined && b !== undefined && a !== b && areTogether(a, b);
  }

  /** Puts all of a group into another. */
  join(into: string, from: string): void {
    const [group, gone] = [this.#groups.get(into), this.#groups.get(from)];
    if (group === undefined || gone === undefined) return;
    for (const open of gone.opens) {
      open.group = group;
      group.opens.add(open);
      widen(group, open);
    }
    this.#groups.delete(from);
  }

  *#related({ operation, service }: Placeable): Generator<Open> {
    if (service !== '') yield* this.#byService.get(service) ?? [];
    if (operation === '') return;
    const calls = this.#calls();
    for (const reached of [calls.calleesOf(operation), calls.callersOf(operation)])
      if (reached.size <= this.#byOperation.size) for (const key of reached) yield* this.#byOperation.get(key) ?? [];
      else for (const [key, opens] of this.#byOperation) if (reached.has(key)) yield* opens;
  }

  /** Groups of what a violation calls, however long before it they began. */
  #calledBy({ operation, onsetMs }: Placeable): Set<Group> {
    const called = new Set<Group>();
    if (operation === '') return called;
    for (const key of this.#calls().calleesOf(operation))
      for (const open of this.#byOperation.get(key) ?? []) if (open.onsetMs <= onsetMs) called.add(open.group);
    return called;
  }

  #nearest(placeable: Placeable): Group[] {
    const isPlaced = this.#isPlaced(placeable);
    // Of one that has its place among calls it is known that it has nothing to do with others that have theirs.
    const isUnknown = ({ opens }: Group): boolean => !isPlaced || ![...opens].some((open) => this.#isPlaced(open));
    const near = [...this.#groups.values()].filter((group) => areTogether(group, at(placeable)) && isUnknown(group));
    const distanceMs = ({ fromMs, toMs }: Group): number =>
      Math.max(0, fromMs - placeable.onsetMs, placeable.onsetMs - toMs);
    return near.sort((a, b) => distanceMs(a) - distanceMs(b)).slice(0, 1);
  }

  #isPlaced({ operation }: Placeable): boolean {
    return operation !== '' && this.#calls().isPlaced(operation);
  }
}

type Span = Pick<Group, 'fromMs' | 'toMs'>;

function at({ onsetMs }: Placeable): Span {
  return { fromMs: onsetMs, toMs: onsetMs };
}

function areTogether(a: Span, b: Span): boolean {
  return Math.max(a.toMs, b.toMs) - Math.min(a.fromMs, b.fromMs) <= TOGETHER_MS;
}

function widen(group: Group, { onsetMs, isLate }: Open): void {
  if (isLate) return;
  group.fromMs = Math.min(group.fromMs, onsetMs);
  group.toMs = Math.max(group.toMs, onsetMs);
}

function put(sets: Map<string, Set<Open>>, key: string, open: Open): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([open]));
  else set.add(open);
}

function remove(sets: Map<string, Set<Open>>, key: string, open: Open): void {
  const set = sets.get(key);
  if (set?.delete(open) === true && set.size === 0) sets.delete(key);
}
