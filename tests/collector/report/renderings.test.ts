import { describe, expect, it } from 'vitest';
import { buildReport } from '../../../collector/src/report/build.ts';
import type { OperationFacts } from '../../../collector/src/report/contract.ts';
import type { ReportDocument } from '../../../collector/src/report/document.ts';
import { toHtml } from '../../../collector/src/report/html.ts';
import { toJson } from '../../../collector/src/report/json.ts';
import { toMarkdown } from '../../../collector/src/report/markdown.ts';
import { DAY_MS, factsOf, MONDAY_MS } from '../../support/report-week.ts';

const EVIL = '<script>alert(1)</script> | `x` [a](http://b) & "q" \'s\'\n# head\u0000\u2028end';

function reportOf(operations?: readonly OperationFacts[], source = 'shop'): ReportDocument {
  const facts = operations === undefined ? factsOf(7) : { ...factsOf(7), operations };
  const before = factsOf(7, MONDAY_MS - 7 * DAY_MS);
  return buildReport({ kind: 'weekly', source, generatedMs: Date.UTC(2026, 2, 9, 6), facts, before });
}

const [operation] = factsOf(7).operations;
const evil = reportOf(operation === undefined ? [] : [{ ...operation, name: EVIL, service: EVIL }], EVIL);
const many = reportOf(
  operation === undefined ? [] : Array.from({ length: 1_200 }, (_, i) => ({ ...operation, name: `GET /${i}` })),
);

describe('a report as Markdown', () => {
  it('has a title, the summary as a list, and sections with tables', () => {
    const lines = toMarkdown(reportOf()).split('\n');
    expect(lines[0]).toBe('# Weekly report, 2026-03-02 to 2026-03-08');
    expect(lines[2]).toBe('shop, made 2026-03-09 06:00 UTC');
    expect(lines[4]).toMatch(/^- 5 violations \(2 critical, 3 warning\)/);
    expect(lines).toContain('## Upkeep');
    expect(lines).toContain('| What | Result | Last (UTC) | Detail |');
    expect(lines).toContain('| --- | --- | --- | --- |');
    expect(lines).toContain('| check of the store | failed | 2026-03-02 00:00 | disk was full |');
  });

  it('has as many cells in each row as its head, and nothing of the data is markup', () => {
    const text = toMarkdown(evil);
    const cells = text.split('\n').filter((line) => line.startsWith('|'));
    const row = cells.find((line) => line.includes('alert'));
    expect(row?.split(/(?<!\\)\|/)).toHaveLength(11);
    expect(row).toContain(
      '\\<script\\>alert(1)\\</script\\> \\| \\`x\\` \\[a\\](http\\://b) \\& "q" \'s\' \\# head end',
    );
    expect(text).not.toMatch(/(?<!\\)<script/);
    expect(text.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
  });

  it('shows twenty rows and says how many there are more', () => {
    const text = toMarkdown(many);
    expect(text.split('\n').filter((line) => line.includes('| GET /'))).toHaveLength(20);
    expect(text).toContain('\nand 1180 more\n');
  });
});

describe('a report as HTML', () => {
  it('is one page that loads nothing and runs nothing', () => {
    const html = toHtml(reportOf());
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|src=|url\(|@import|href=/);
    expect(html).toContain('<td class="right worse">2.5 ×</td>');
    expect(html).toContain('<section id="capacity">');
  });

  it('closes what it opens, with hostile names too', () => {
    for (const html of [toHtml(reportOf()), toHtml(evil)]) {
      const open: string[] = [];
      for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z]+\d?)\b[^>]*>/g)) {
        if (slash === '/') expect(open.pop()).toBe(name);
        else if (name !== 'meta') open.push(name);
      }
      expect(open).toEqual([]);
    }
  });

  it('escapes all text of the data', () => {
    const html = toHtml(evil);
    expect(html).toContain(
      '&lt;script&gt;alert(1)&lt;/script&gt; | `x` [a](http://b) &amp; &quot;q&quot; &#39;s&#39; # head',
    );
    expect(html).not.toContain('<script');
    expect(html).not.toContain('\u0000');
  });
});

describe('a report as JSON', () => {
  it('has values as numbers by section and column', () => {
    const json = JSON.parse(toJson(reportOf()));
    expect(json).toMatchObject({ kind: 'weekly', fromMs: MONDAY_MS, toMs: MONDAY_MS + 7 * DAY_MS, source: 'shop' });
    expect(json.sections.operations.rows[1]).toMatchObject({
      service: 'shop',
      meanMs: 250,
      p95Ms: 500,
      p95Change: 1.5,
    });
    expect(json.sections.violations.rows[0]).toEqual(
      { kind: 'error', severity: 'critical', count: 2, change: null, openMs: 600_000 },
    ); // prettier-ignore
    expect(json.sections.capacity.rows[0].expectedMs / DAY_MS).toBeCloseTo(18, 0);
  });

  it('keeps text as it is, and more rows than people are shown', () => {
    expect(JSON.parse(toJson(evil)).sections.operations.rows[0]).toMatchObject({ service: EVIL, operation: EVIL });
    const { rows, more } = JSON.parse(toJson(many)).sections.operations;
    expect([rows.length, more]).toEqual([1_000, 200]);
  });
});
