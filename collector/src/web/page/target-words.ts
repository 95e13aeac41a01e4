// What targets say for themselves, in words for people. Pure.
import type { TargetLine } from '../api.ts';
import { ago, counted } from './format.ts';

/** Tells whether there is anything that it is about. */
export function isJudged({ subjectCount }: TargetLine): boolean {
  return subjectCount > 0;
}

export function missedFirst(targets: readonly TargetLine[]): TargetLine[] {
  const rank = ({ missedCount }: TargetLine): number => (missedCount > 0 ? 0 : 1);
  return targets.toSorted((a, b) => rank(a) - rank(b));
}

/** Writes how many miss it, and since when the one that is shown does. */
export function stateText({ missedCount, subjectCount, subjects: [first] }: TargetLine, nowMs: number): string {
  if (missedCount === 0) return first?.state === 'met' ? 'met' : 'too little to judge yet';
  const of = subjectCount === 1 ? 'missed' : `missed by ${missedCount} of ${counted(subjectCount, 'subject')}`;
  return `${of}, ${ago(nowMs - (first?.sinceMs ?? nowMs))}`;
}
