// Generated files are fresh, and what is written by hand beside them says the same as the code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults, report } from '../../bench/report.ts';
import { parseConfig } from '../../collector/src/config/load.ts';
import { referenceFiles } from '../../collector/src/config/reference.ts';
import { ERRORS } from '../../collector/src/errors.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('generated files', () => {
  it.each(Object.entries(referenceFiles()))('%s is what npm run generate writes', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('docs/benchmarks.md is what npm run bench:report writes from bench/results', () => {
    expect(read('docs/benchmarks.md')).toBe(report(readResults()));
  });

  it('describe every field of the configuration', () => {
    const rows = read('docs/reference/configuration.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const bare = rows.filter((row) => !row.includes('[type:') && row.split('|')[2]?.trim() === '');
    expect(bare).toEqual([]);
  });

  it('name every error in the table', () => {
    const page = read('docs/reference/errors.md');
    expect(Object.keys(ERRORS).filter((code) => !page.includes(code))).toEqual([]);
  });
});

describe('otel-config/collector.yaml', () => {
  const text = read('otel-config/collector.yaml');

  it('says what the defaults are', () => {
    expect(parseConfig(text, 'collector.yaml')).toEqual(parseConfig('', 'defaults'));
  });

  it('is valid with every comment taken away that hides a setting', () => {
    const shown = text.replace(/^(\s*)#= /gm, '$1');
    expect(() => parseConfig(shown, 'collector.yaml')).not.toThrow();
    expect(shown).not.toBe(text);
  });
});
