import { describe, expect, it } from 'vitest';
import { checkJson, checkJunit, checkMarkdown, checkTable } from '../../../collector/src/baseline/check-report.ts';
import { compareRuns } from '../../../collector/src/baseline/compare.ts';
import type { Comparison } from '../../../collector/src/baseline/comparison.ts';
import { RecordedRun } from '../../../collector/src/baseline/recorded-run.ts';
import { recordedRun, type RunOptions, SHOP } from '../../support/recorded-runs.ts';

function compare(baseline: RunOptions, run: RunOptions): Comparison {
  const [before, after] = [new RecordedRun(), new RecordedRun()];
  for (const call of recordedRun(baseline)) before.take(call);
  for (const call of recordedRun(run)) after.take(call);
  return compareRuns(before.end('baseline'), after.end('run'), { tolerance: 0.2, isNormalized: false });
}

const ODD = { name: 'a <b> & "c" | \u0007 d', medianMs: 5, spread: 0.3, perSecond: 10, errorRatio: 0 };
const regression = compare(
  { seed: 1, operations: [...SHOP.slice(0, 4), ODD] },
  {
    seed: 2,
    operations: [...SHOP.slice(1), ODD],
    altered: { [ODD.name]: { scale: 2 }, 'SELECT orders': { errorRatio: 0.05 } },
  },
);

describe('a report', () => {
  it('is a table with one line an operation, the worst first, and a sentence on the whole', () => {
    const lines = checkTable(regression).split('\n');
    expect(lines[0]).toMatch(/^verdict +operation +ratio +95 % interval +p50 ms/);
    expect(lines[1]).toMatch(/^slower +shop a <b> & "c" \| \u{fffd} d .* p50, p95 and p99 by [\d.]+ to [\d.]+ times$/u);
    expect(lines[2]).toMatch(
      /^more errors +shop SELECT orders .*0 → [\d.]+ % of calls fail, over [\d.]+ times as many$/,
    );
    expect(lines.find((line) => line.includes('GET /cart'))).toMatch(/^missing .*not called in this run$/);
    expect(lines.find((line) => line.includes('render'))).toMatch(/^new .*not in the baselines$/);
    expect(lines.find((line) => line.includes('POST /orders'))).toMatch(/^same .*times would be seen/);
    expect(lines).toContain('regression: 1 slower, 1 more errors, 1 missing, 1 new, 2 same');
  });

  it('is Markdown whose cells hold no marks of a table', () => {
    const text = checkMarkdown(regression);
    expect(text).toContain('### Baselines: regression\n');
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(2 + regression.operations.length);
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(12);
    expect(text).toContain('**slower** | shop a \\<b\\> & "c" \\|');
  });

  it('is JUnit XML with a failure for each regression', () => {
    const text = checkJunit(regression);
    expect(text).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="[^"]+" tests="6" failures="2"/);
    expect(text).toContain('<testsuite name="baselines" tests="6" failures="2" errors="0" skipped="2" time="0">');
    expect(text.match(/<failure message="/g)).toHaveLength(2);
    expect(text.match(/<skipped message="/g)).toHaveLength(2);
    expect(text).toContain('name="a &#60;b&#62; &#38; &#34;c&#34; | \u{fffd} d"');
    expect(elementsOf(text)).toEqual(
      ['testcase', 'failure', 'skipped', 'system-out', 'testsuite', 'testsuites'].sort(),
    );
  });

  it('is JSON in which nothing is infinite', () => {
    const text = checkJson(regression);
    const { outcome, operations } = JSON.parse(text) as Comparison;
    expect(outcome).toBe('regression');
    expect(operations[0]).toMatchObject({ verdict: 'slower', service: 'shop', measured: { moved: 'slower' } });
    expect(operations[1]?.measured?.errors.ratio.high).toBeNull();
  });
});

describe('a whole run that is slower', () => {
  it('is said to be the machine, or something shared', () => {
    const table = checkTable(compare({ seed: 3 }, { seed: 4, machine: 2 }));
    expect(table).toMatch(/all 5 operations take [\d.]+ times \([\d.]+ to [\d.]+\) as long alike: .*--normalize/);
  });
});

/** Names of elements; throws where one is not closed, or closed in the wrong order. */
function elementsOf(xml: string): string[] {
  const open: string[] = [];
  const names = new Set<string>();
  for (const [, close, name, , isEmpty] of xml.matchAll(/<(\/?)([a-z-]+)((?:\s[a-z]+="[^"<]*")*)(\/?)>/g)) {
    if (close === '/') expect(open.pop()).toBe(name);
    else {
      names.add(name ?? '');
      if (isEmpty === '') open.push(name ?? '');
    }
  }
  expect(open).toEqual([]);
  // Nothing that looks like an element is left over.
  expect(xml.replaceAll(/<\/?[a-z-]+(?:\s[a-z]+="[^"<]*")*\/?>/g, '').replace(/^<\?.*\?>/, '')).not.toMatch(/[<>]/);
  return [...names].sort();
}
