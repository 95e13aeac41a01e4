// A group of violations of one cause, as it is kept and as it is shown.
import type { Calls } from './call-graph.ts';
import { orderByCause } from './cause-order.ts';
import type { Severity, Subject, Violation, ViolationGroup } from './contract.ts';
import { rankOf } from './severity.ts';
import { operationKey } from './trace-tree.ts';

export interface Group {
  readonly id: string;
  /** The older, the smaller. */
  readonly number: number;
  /** By kind and subject; the likely cause first, once it is in order. */
  members: Map<string, Violation>;
  changedMs: number;
  /** Why the first is likely the cause; empty where nothing tells. */
  because: string;
  /** Nothing has come since its members were put in order. */
  isOrdered: boolean;
}

export function newGroup(id: string, number: number, changedMs: number): Group {
  return { id, number, members: new Map(), changedMs, because: '', isOrdered: true };
}

/** See operationKey; empty for what is no operation. */
export function operationOf({ attributes }: Subject): string {
  const { 'service.name': service = '', 'span.name': name, 'span.kind': kind = '' } = attributes;
  return name === undefined ? '' : operationKey({ service, name, kind });
}

/** Puts the likely cause first. Where it is not known of all operations who calls them, it stays, and others follow it. */
export function putInOrder(group: Group, calls: Calls): void {
  group.isOrdered = true;
  const placed = [...group.members].map(([key, { id, subject, peak, onsetMs, ratio }]) => {
    return { key, id, operation: operationOf(subject), rank: rankOf(peak), onsetMs, ratio: ratio.value };
  });
  const isKnown = placed.every(({ operation }) => operation === '' || calls.isPlaced(operation));
  const { members, because } = isKnown
    ? orderByCause(placed, calls)
    : { members: group.because === '' ? placed.sort((a, b) => a.onsetMs - b.onsetMs) : placed, because: group.because };
  const ordered = members.map(({ key }) => [key, group.members.get(key)] as const);
  group.members = new Map(ordered.filter((each): each is [string, Violation] => each[1] !== undefined));
  group.because = because;
}

export function shown({ id, changedMs, because, ...group }: Group): ViolationGroup {
  const members = [...group.members.values()];
  const open = members.map(({ severity }) => severity).filter((severity) => severity !== 'none');
  return {
    id,
    severity: open.length === 0 ? 'none' : open.reduce((a, b) => worst(a, b)),
    peak: peakOf({ members: group.members }),
    onsetMs: Math.min(...members.map(({ onsetMs }) => onsetMs)),
    changedMs,
    members,
    ...(because === '' ? {} : { because }),
  };
}

/** The worst that any of its members was. */
export function peakOf({ members }: Pick<Group, 'members'>): Severity {
  return [...members.values()].map(({ peak }) => peak).reduce((a, b) => worst(a, b));
}

export function worst(a: Severity | undefined, b: Severity): Severity {
  return a !== undefined && rankOf(a) > rankOf(b) ? a : b;
}
