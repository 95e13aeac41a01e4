// Which open violations are of one cause: by who calls whom, by service, and by when they began. What was put together
// stays together; what turns out to be one cause later is for the caller to join.
import type { Calls } from './call-graph.ts';

/** What has one cause begins within so long. */
const TOGETHER_MS = 60_000;
/** Groups of which nobody knows are looked through for one that is near in time: the latest of them. */
const MOST_LOOKED_AT = 100;

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
  /** How many open violations of an operation, or of a service, each group has. */
  readonly #byOperation = new Map<string, Map<Group, number>>();
  readonly #byService = new Map<string, Map<Group, number>>();

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
    this.#count(open, group, 1);
  }

  /** Forgets a violation that is over. */
  close(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    const { group } = open;
    this.#open.delete(key);
    this.#count(open, group, -1);
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
    for (const group of this.#related(placeable)) {
      if (areTogether(group, at(placeable))) related.add(group);
      if (related.size === this.#groups.size) break;
    }
    const found = related.size > 0 ? related : this.#calledBy(placeable);
    if (found.size === 0) return this.#nearest(placeable).map(({ id }) => id);
    return [...found].sort((a, b) => a.fromMs - b.fromMs).map(({ id }) => id);
  }

  /** A group that has turned out to be one cause with that of an open violation. */
  otherGroupOf(key: string): string | undefined {
    const open = this.#open.get(key);
    if (open === undefined || this.#groups.size < 2) return undefined;
    for (const group of this.#related(open))
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
      this.#count(open, gone, -1);
      this.#count(open, group, 1);
      open.group = group;
      group.opens.add(open);
      widen(group, open);
    }
    this.#groups.delete(from);
  }

  *#related({ operation, service }: Placeable): Generator<Group> {
    yield* this.#byService.get(service)?.keys() ?? [];
    if (operation === '') return;
    const calls = this.#calls();
    yield* this.#ofOperations(calls.calleesOf(operation));
    yield* this.#ofOperations(calls.callersOf(operation));
  }

  *#ofOperations(operations: ReadonlySet<string>): Generator<Group> {
    // The fewer are looked up in the more.
    if (operations.size <= this.#byOperation.size)
      for (const operation of operations) yield* this.#byOperation.get(operation)?.keys() ?? [];
    else for (const [operation, groups] of this.#byOperation) if (operations.has(operation)) yield* groups.keys();
  }

  /** Groups of what a violation calls, however long before it they began. */
  #calledBy({ operation, onsetMs }: Placeable): Set<Group> {
    const called = new Set<Group>();
    if (operation === '') return called;
    for (const group of this.#ofOperations(this.#calls().calleesOf(operation)))
      if (group.fromMs <= onsetMs) called.add(group);
    return called;
  }

  #nearest(placeable: Placeable): Group[] {
    const isPlaced = this.#isPlaced(placeable);
    const latest = [...this.#groups.values()].slice(-MOST_LOOKED_AT);
    // Of one that has its place among calls it is known that it has nothing to do with others that have theirs.
    const isUnknown = ({ opens }: Group): boolean => !isPlaced || ![...opens].some((open) => this.#isPlaced(open));
    const near = latest.filter((group) => areTogether(group, at(placeable)) && isUnknown(group));
    const distanceMs = ({ fromMs, toMs }: Group): number =>
      Math.max(0, fromMs - placeable.onsetMs, placeable.onsetMs - toMs);
    return near.sort((a, b) => distanceMs(a) - distanceMs(b)).slice(0, 1);
  }

  #count({ operation, service }: Placeable, group: Group, by: 1 | -1): void {
    if (operation !== '') count(this.#byOperation, operation, group, by);
    if (service !== '') count(this.#byService, service, group, by);
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

function count(counts: Map<string, Map<Group, number>>, key: string, group: Group, by: number): void {
  const groups = counts.get(key) ?? new Map<Group, number>();
  const opens = (groups.get(group) ?? 0) + by;
  if (opens > 0) groups.set(group, opens);
  else groups.delete(group);
  if (groups.size > 0) counts.set(key, groups);
  else counts.delete(key);
}
