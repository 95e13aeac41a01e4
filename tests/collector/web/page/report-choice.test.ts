import { expect, it } from 'vitest';
import type { KnownReport } from '../../../../collector/src/web/api.ts';
import { chosenReport, reportLink, reportName, reportUrl } from '../../../../collector/src/web/page/report-choice.ts';
import { parseRoute } from '../../../../collector/src/web/page/route.ts';

function known(kind: KnownReport['kind'], date: string, isOpen = false): KnownReport {
  return { kind, date, fromMs: 0, toMs: 0, days: 1, isOpen };
}

const MONTH = known('monthly', '2026-03-01', true);
const TODAY = known('daily', '2026-03-09', true);
const WEEK = known('weekly', '2026-03-02');
const YESTERDAY = known('daily', '2026-03-08');

it('shows the latest that is over, or else today as far as it is', () => {
  const check = (reports: readonly KnownReport[], expected: KnownReport | undefined): void =>
    expect(chosenReport(reports, { kind: '', date: '' })).toBe(expected);
  check([MONTH, TODAY, YESTERDAY, WEEK], YESTERDAY);
  check([MONTH, TODAY], TODAY);
  check([], undefined);
});

it('shows what the address asks for, and nothing else in its place', () => {
  const reports = [MONTH, TODAY, YESTERDAY, WEEK];
  expect(chosenReport(reports, { kind: 'weekly', date: '2026-03-02' })).toBe(WEEK);
  expect(chosenReport(reports, { kind: 'weekly', date: '2026-02-23' })).toBeUndefined();
});

it('names reports by their time, and links to each', () => {
  expect([MONTH, TODAY, WEEK].map(reportName)).toEqual([
    'Month 2026-03, so far',
    'Day 2026-03-09, so far',
    'Week from 2026-03-02',
  ]);
  expect(parseRoute(reportLink(WEEK))).toEqual({ view: 'reports', kind: 'weekly', date: '2026-03-02' });
  expect(reportUrl(WEEK, 'html')).toBe('api/reports/weekly?date=2026-03-02&format=html');
});
