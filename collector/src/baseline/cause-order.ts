// Which of the violations of one group is the likely cause of the others: the deepest callee first.
import type { Calls } from './call-graph.ts';

/** A member of a group, as far as its place among others matters. */
export interface CauseMember {
  readonly id: string;
  /** See operationKey; empty for what is no operation. */
  readonly operation: string;
  /** How bad it was at its worst, as a number. */
  readonly rank: number;
  readonly onsetMs: number;
  /** How far off it is, as a factor of its baseline. */
  readonly ratio: number;
}

export interface CauseOrder<Member> {
  /** The likely cause first. */
  readonly members: readonly Member[];
  /** In one sentence, why the first is first; empty for one alone. */
  readonly because: string;
}

/**
 * Puts callees before their callers. Of those that call no other member, the one whose slowdown explains more members
 * comes first, then the worse, then the earlier, then the one further off. Two that call each other say nothing of who
 * caused what.
 */
export function orderByCause<Member extends CauseMember>(members: readonly Member[], calls: Calls): CauseOrder<Member> {
  const inside = Map.groupBy(members, ({ operation }) => operation);
  const countOf = (some: ReadonlySet<string>, opposite: ReadonlySet<string>): number => {
    let count = 0;
    for (const key of some) if (!opposite.has(key)) count += inside.get(key)?.length ?? 0;
    return count;
  };
  const placed = members.map((member) => {
    const [callees, callers] = [calls.calleesOf(member.operation), calls.callersOf(member.operation)];
    return { member, calls: countOf(callees, callers), explains: countOf(callers, callees) };
  });
  placed.sort(
    (a, b) =>
      a.calls - b.calls ||
      b.explains - a.explains ||
      b.member.rank - a.member.rank ||
      a.member.onsetMs - b.member.onsetMs ||
      b.member.ratio - a.member.ratio ||
      (a.member.id < b.member.id ? -1 : 1),
  );
  const sorted = placed.map(({ member }) => member);
  const [first, second] = placed;
  if (first === undefined || second === undefined) return { members: sorted, because: '' };
  return { members: sorted, because: reasonOf(first, second, sorted.length - 1) };
}

interface Placed {
  readonly member: CauseMember;
  /** Members that call it. */
  readonly explains: number;
}

function reasonOf({ member, explains }: Placed, second: Placed, others: number): string {
  if (explains === 0) {
    const why = member.rank > second.member.rank ? 'it is the worst' : 'it began first';
    // What is no operation is not called by anybody.
    return member.operation === '' ? why : `none of the others is known to call it, and it calls none of them; ${why}`;
  }
  if (others === 1) return 'the other one calls it, and is not called by it';
  return `${explains} of ${others} others call it, and it calls none of them`;
}
