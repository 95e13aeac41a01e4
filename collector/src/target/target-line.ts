// A target with what is judged by it, in the words of the API. Pure.
import type { TargetLine, TargetSubject } from './contract.ts';
import type { Judged } from './judged.ts';
import { shown } from './says.ts';
import type { Target } from './target.ts';

const MAX_LISTED = 50;
const ORDER = { missed: 0, met: 1, unknown: 2 } as const;

export function lineOf(target: Target, judged: readonly Judged[]): TargetLine {
  const { name, of, what, statistic, bound, direction, windowMs } = target;
  const { unit = target.unit } = judged[0] ?? {};
  const sign = direction === 'max' ? -1 : 1;
  const nearest = ({ value = NaN }: Judged): number => sign * (Number.isNaN(value) ? -Infinity * sign : value);
  const listed = judged.toSorted((a, b) => ORDER[a.state] - ORDER[b.state] || compare(nearest(a), nearest(b)));
  return {
    name,
    of,
    what,
    statistic,
    bound,
    direction,
    text: `${direction === 'max' ? 'at most' : 'at least'} ${shown(target, bound, unit)}`,
    unit,
    windowSeconds: windowMs / 1000,
    subjects: listed.slice(0, MAX_LISTED).map(subjectOf),
    subjectCount: judged.length,
    missedCount: judged.filter(({ state }) => state === 'missed').length,
  };
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function subjectOf({
  target,
  unit,
  subject: { name, attributes },
  value,
  state,
  sinceMs,
  severity,
}: Judged): TargetSubject {
  return {
    name,
    attributes,
    value: value ?? null,
    text: value === undefined ? '' : shown(target, value, unit),
    state,
    sinceMs: Number.isNaN(sinceMs) ? 0 : sinceMs,
    ...(severity === undefined ? {} : { severity }),
  };
}
