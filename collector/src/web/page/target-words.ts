// What targets say for themselves, in words for people. Pure.
import type { TargetLine } from '../api.ts';
import { ago, counted } from './format.ts';

/** Those that are missed first, then those that are judged. */
export function byState(targets: readonly TargetLine[]): TargetLine[] {
  const rank = ({ missedCount, subjectCount }: TargetLine): number => (missedCount > 0 ? 0 : subjectCount > 0 ? 1 : 2);
  return [...targets].sort((a, b) => rank(a) - rank(b));
}

/** Writes how many miss it, and since when the one that is shown does. */
export function stateText({ missedCount, subjectCount, subjects: [first] }: TargetLine, nowMs: number): string {
  if (first === undefined) return 'nothing to judge yet';
  if (missedCount === 0) return first.state === 'met' ? 'met' : 'too little to judge yet';
  const of = subjectCount === 1 ? 'missed' : `missed by ${missedCount} of ${counted(subjectCount, 'subject')}`;
  return `${of}, ${ago(nowMs - first.sinceMs)}`;
}
