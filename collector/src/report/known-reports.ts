// Which reports there are, by the days that are known.
import { dayText } from './cells.ts';
import type { KnownReport } from './contract.ts';
import { periodOf, REPORT_KINDS } from './periods.ts';

/** The latest first; of one period the shortest first. @param days beginnings, each may be there twice */
export function knownReports(days: readonly number[], nowMs: number): KnownReport[] {
  const each = [...new Set(days)];
  const all = REPORT_KINDS.flatMap((kind) => {
    const periods = Map.groupBy(each, (day) => periodOf(kind, day).fromMs);
    return [...periods].map(([fromMs, within]): KnownReport => {
      const { toMs } = periodOf(kind, fromMs);
      return { kind, date: dayText(fromMs), fromMs, toMs, days: within.length, isOpen: toMs > nowMs };
    });
  });
  return all.sort((a, b) => b.toMs - a.toMs || a.toMs - a.fromMs - (b.toMs - b.fromMs));
}
