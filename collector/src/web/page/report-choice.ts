// Which report is shown, and how the others are named and reached.
import type { KnownReport } from '../api.ts';
import { linkTo, type ReportsRoute } from './route.ts';

const NAMES = { daily: 'Day', weekly: 'Week', monthly: 'Month' } as const;
export const DOWNLOADS = [
  { format: 'markdown', name: 'Markdown', ending: 'md' },
  { format: 'html', name: 'HTML', ending: 'html' },
  { format: 'json', name: 'JSON', ending: 'json' },
] as const;

/** The report that an address asks for; without one, the latest that is over, or else the latest of a day. */
export function chosenReport(
  reports: readonly KnownReport[],
  { kind, date }: Pick<ReportsRoute, 'kind' | 'date'>,
): KnownReport | undefined {
  if (kind !== '') return reports.find((report) => report.kind === kind && report.date === date);
  return reports.find(({ isOpen }) => !isOpen) ?? reports.find((report) => report.kind === 'daily') ?? reports[0];
}

/** `Week from 2026-03-02, so far`. */
export function reportName({ kind, date, isOpen }: KnownReport): string {
  const day = kind === 'weekly' ? `from ${date}` : kind === 'monthly' ? date.slice(0, 7) : date;
  return `${NAMES[kind]} ${day}${isOpen ? ', so far' : ''}`;
}

export function reportLink({ kind, date }: Pick<KnownReport, 'kind' | 'date'>): string {
  return linkTo({ view: 'reports', kind, date });
}

/** The API address of a report. */
export function reportUrl({ kind, date }: Pick<KnownReport, 'kind' | 'date'>, format: string): string {
  return `api/reports/${kind}?date=${date}&format=${format}`;
}
