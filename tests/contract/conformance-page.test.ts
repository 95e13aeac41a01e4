// The page of call shapes says what was measured last, of all rows that there are now, and nothing of ours is broken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFORMANCE_ROWS } from '../../sdk/src/conformance/suite.ts';
import { page, readResults } from '../conformance/page.ts';
import { RIVALS } from '../conformance/rivals.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const results = readResults();
const text = readFileSync(join(ROOT, 'docs/reference/conformance.md'), 'utf8');

describe('docs/reference/conformance.md', () => {
  it('is what npm run conformance writes from its results', () => {
    expect(text).toBe(page(results));
  });

  it('has a verdict in each cell', () => {
    const [head = '', , ...rows] = text
      .split('\n')
      .filter((line) => /^\| (call shape|.+ \| (yes|\*\*no\*\*))/.test(line));
    expect(head).toContain('call shape');
    const cells = [...rows].map((row) =>
      row
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells.every((row) => row.length === results.columns.length)).toBe(true);
    expect(new Set(cells.flat())).toEqual(new Set(['yes', '**no**']));
  });

  it('was measured with the rows of today, on all rivals at the versions that are named', () => {
    const ids = new Set(CONFORMANCE_ROWS.map(({ id }) => id));
    const unknown = results.columns.flatMap(({ failed }) => Object.keys(failed)).filter((id) => !ids.has(id));
    expect(unknown).toEqual([]);
    const judged = results.columns.filter(({ isOwn }) => !isOwn).map(({ version }) => version);
    expect(judged).toEqual(RIVALS.map((rival) => rival.judged));
  });

  it('shows three ways of our own, all rows held', () => {
    const own = results.columns.filter(({ isOwn }) => isOwn);
    expect(own.map(({ title }) => title)).toEqual(['wrapper', 'standard decorator', 'legacy decorator']);
    expect(own.flatMap(({ failed }) => Object.keys(failed))).toEqual([]);
  });
});
