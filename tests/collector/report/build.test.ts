import { describe, expect, it } from 'vitest';
import { buildReport } from '../../../collector/src/report/build.ts';
import type { ReportFacts, ReportKind } from '../../../collector/src/report/contract.ts';
import type { ReportDocument } from '../../../collector/src/report/document.ts';
import { DAY_MS, factsOf, MONDAY_MS } from '../../support/report-week.ts';

function reportOf(kind: ReportKind, days: number, change: Partial<ReportFacts> = {}): ReportDocument {
  const facts = { ...factsOf(days), ...change };
  const before = factsOf(days, MONDAY_MS - days * DAY_MS);
  return buildReport({ kind, source: 'shop', generatedMs: facts.period.toMs + 60_000, facts, before });
}

/** Rows of a section as text. */
function rowsOf(report: ReportDocument, id: string): string[] {
  const rows = report.sections.find((section) => section.id === id)?.table?.rows ?? [];
  return rows.map((row) => row.map(({ text }) => text).join(' | '));
}

const sectionsOf = ({ sections }: ReportDocument): string[] => sections.map(({ id }) => id);

describe('a daily report', () => {
  const report = reportOf('daily', 1);

  it('counts violations by kind and severity, against the day before', () => {
    expect(report.title).toBe('Daily report, 2026-03-02');
    expect(report.summary[0]).toBe('5 violations (2 critical, 3 warning), 4 more than in the period before.');
    expect(rowsOf(report, 'violations')).toEqual([
      'error | critical | 2 | new | 10 min',
      'latency | warning | 3 | 3 × | 30 min',
    ]);
  });

  it('has averages and percentiles by operation, what takes most time first', () => {
    expect(rowsOf(report, 'operations')).toEqual([
      'shop | GET /orders | 10\u202f000 | 0.01 % | 30 ms | 27 ms | 60 ms | 90 ms | −50 %',
      'shop | POST /orders | 1\u202f000 | 5 % | 250 ms | 225 ms | 500 ms | 750 ms | 2.5 ×',
      // Fifty calls are too few to be compared.
      'pay | POST /charge | 50 | 0 % | 90 ms | 81 ms | 180 ms | 270 ms | –',
    ]);
    expect(report.summary).toContain('11\u202f050 calls of 3 operations, 0.5 % of them failed instead of 0.1 %.');
    expect(report.summary).toContain('shop POST /orders became slower: 250 ms in the mean instead of 100 ms.');
  });

  it('has errors by type, resources, baselines and what cleanup achieved', () => {
    expect(sectionsOf(report)).toEqual(['violations', 'operations', 'errors', 'resources', 'coverage', 'cleanup']);
    expect(rowsOf(report, 'errors')).toEqual([
      'shop | ETIMEDOUT | 300 | 94 % | 3.8 ×',
      'pay | 503 | 20 | 6.3 % | same',
    ]);
    expect(rowsOf(report, 'resources')[0]).toMatch(
      /^system\.filesystem\.utilization \/ \| 51 % \| 52 % \| 52 % \| \+38 % \|/,
    );
    expect(report.summary).toContain('Baselines are learned for 2 of 3 operations (67 %).');
    expect(rowsOf(report, 'cleanup')[0]).toBe('kept traces | 900 | 1 MiB | 100 | 90 % | 16 MiB | 25 % | 1');
  });

  it('compares with nothing where it is the first', () => {
    const facts = factsOf(1);
    const first = buildReport({ kind: 'daily', source: 'shop', generatedMs: 0, facts });
    expect(first.summary[0]).toBe('5 violations (2 critical, 3 warning).');
    expect(rowsOf(first, 'violations')[0]).toBe('error | critical | 2 | – | 10 min');
    expect(first.summary.join(' ')).not.toContain('instead of');
  });

  it('says so where there is nothing', () => {
    const empty = reportOf('daily', 1, {
      violations: [],
      operations: [],
      errors: [],
      resources: [],
      cleanup: [],
      coverage: { operations: 0, learned: 0, provisional: 0, withoutP99: 0, resources: 0, learnedResources: 0 },
    });
    expect(empty.summary).toEqual([
      'No violation, 1 fewer than in the period before.',
      'No call was seen.',
      'No operation is watched yet.',
    ]);
    expect(empty.sections.flatMap(({ sentences }) => sentences)).toContain('Nothing was due to be removed.');
  });
});

describe('a weekly report', () => {
  const report = reportOf('weekly', 7);

  it('has trends, violations, opportunities, capacity and upkeep', () => {
    expect(report.title).toBe('Weekly report, 2026-03-02 to 2026-03-08');
    expect(sectionsOf(report)).toEqual(
      ['trends', 'violations', 'incidents', 'operations', 'opportunities', 'capacity', 'coverage', 'upkeep'],
    ); // prettier-ignore
    expect(report.sections[0]?.sentences).toContain('Calls by day: ▁▂▃▅▆▇█');
    expect(rowsOf(report, 'trends')[0]).toBe('2026-03-08 | 11\u202f600 | 0.5 % | 0 | 1 GiB');
    expect(rowsOf(report, 'opportunities')[0]).toBe(
      'shop POST /orders | 150 ms | 7\u202f000 | 18 min | `SELECT orders` of shop is called 41 times',
    );
    expect(rowsOf(report, 'upkeep')[0]).toBe('check of the store | failed | 2026-03-02 00:00 | disk was full');
  });

  it('tells when a resource reaches its limit', () => {
    const [row = ''] = rowsOf(report, 'capacity');
    expect(row).toMatch(/^system\.filesystem\.utilization \/ \| 64 % \| 100 % \| 18 days \| 18 days$/);
    expect(report.summary).toContain(
      'system.filesystem.utilization / reaches its limit of 100 % in 18 days if it goes on so.',
    );
  });
});

describe('a monthly report', () => {
  const report = reportOf('monthly', 28);

  it('has growth, what models cost, improvements and incidents', () => {
    expect(sectionsOf(report)).toEqual(
      ['growth', 'trends', 'llm', 'improvements', 'incidents', 'opportunities', 'capacity'],
    ); // prettier-ignore
    expect(rowsOf(report, 'growth')[0]).toBe('Calls | 308\u202f050 | 308\u202f050 | same');
    expect(rowsOf(report, 'llm')[0]).toBe('a | large | 10 | 0 % | 50\u202f000 | 9\u202f000 | 20.25 | EUR | same');
    expect(report.summary).toContain('Language models cost 21.75 EUR, and 7 calls without a known price.');
    expect(rowsOf(report, 'improvements')).toEqual(['shop | GET /orders | 30 ms | 60 ms | −50 % | 2.3 h']);
    expect(rowsOf(report, 'incidents')[0]).toBe(
      '2026-03-02 02:00 | 30 min | critical | pay POST /charge | fails | 3 | yes',
    );
    expect(report.sections.find(({ id }) => id === 'incidents')?.sentences).toEqual([
      '2 incidents, half of them over within 30 min.',
      '1 of 1 answer called it useful.',
    ]);
  });

  it('shows an incident that is still open as such', () => {
    const [first] = factsOf(28).incidents;
    const { toMs: _, ...open } = first ?? { toMs: 0 };
    const [row = ''] = rowsOf(reportOf('monthly', 28, { incidents: [open as never] }), 'incidents');
    expect(row).toContain('| still open |');
  });
});
