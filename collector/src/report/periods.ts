// Which days a report is of. Days are those of UTC, as everywhere in reports; weeks begin on Mondays.
import type { ReportKind, ReportPeriod } from './contract.ts';

export const DAY_MS = 86_400_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

export const REPORT_KINDS: readonly ReportKind[] = ['daily', 'weekly', 'monthly'];

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}

/** The period of a kind that a time is in. */
export function periodOf(kind: ReportKind, timeMs: number): ReportPeriod {
  const day = dayOf(timeMs);
  if (kind === 'daily') return { fromMs: day, toMs: day + DAY_MS };
  if (kind === 'weekly') {
    const fromMs = FIRST_MONDAY_MS + Math.floor((day - FIRST_MONDAY_MS) / (7 * DAY_MS)) * 7 * DAY_MS;
    return { fromMs, toMs: fromMs + 7 * DAY_MS };
  }
  const date = new Date(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { fromMs: Date.UTC(year, month, 1), toMs: Date.UTC(year, month + 1, 1) };
}

/** The period that ended last. */
export function lastPeriod(kind: ReportKind, nowMs: number): ReportPeriod {
  return periodBefore(kind, periodOf(kind, nowMs));
}

export function periodBefore(kind: ReportKind, { fromMs }: ReportPeriod): ReportPeriod {
  return periodOf(kind, fromMs - 1);
}

/** @param text as `2026-03-02` @returns the beginning of the day; undefined where it is none */
export function dateOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const timeMs = Date.parse(`${text}T00:00:00Z`);
  // The last of a short month would be read as the first of the next one.
  return Number.isFinite(timeMs) && new Date(timeMs).toISOString().startsWith(text) ? timeMs : undefined;
}
