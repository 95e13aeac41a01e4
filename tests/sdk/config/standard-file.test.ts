// The page about the standard file against the reader: it is asked about every node the page names, at the place it names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { expect, it } from 'vitest';
import { parseConfig } from '../../../sdk/src/config/read-file.ts';
import type { EvenkeelError } from '../../../sdk/src/errors.ts';
import { STANDARD_FILE } from '../../../sdk/standard-file.ts';

interface Row {
  readonly path: string;
  readonly verdict: string;
}

/** Every row, with the whole path to its node. */
function rowsOf(page: string): Row[] {
  return page
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const place = /^At `([^`]+)`/m.exec(section)?.[1];
      const rows = [...section.matchAll(/^\| `([^`]+)` \| (\S+(?: read)?) \|/gm)];
      return rows.map(([, path = '', verdict = '']) => ({
        path: place === undefined ? path : `${place}.${path}`,
        verdict,
      }));
    });
}

/** A file with nothing but the node at `path`; `[]` is the one entry of a list. */
function fileWith(path: string): string {
  // Names may have dots only as the file's parts, so a path can be split at them.
  const steps = path.split('.');
  const value = steps.reduceRight<unknown>((inner, step) => {
    const depth = step.split('[]').length - 1;
    let item = inner;
    for (let i = 0; i < depth; i++) item = [item];
    return { [step.replaceAll('[]', '')]: item };
  }, null);
  return stringify({ file_format: '1.1', ...(value as object) });
}

/** What is said of the node itself; others may be missing beside it. */
function saidOf(path: string): string[] {
  const name = path.split('.').at(-1)?.replaceAll('[]', '') ?? '';
  try {
    parseConfig(fileWith(path), 'x', {});
    return [];
  } catch (error) {
    const problems = (error as EvenkeelError).detail.split('\n');
    return problems.filter((each) => each.includes(`"${name}" in`) || each.includes(`: ${name} is refused`));
  }
}

const rows = rowsOf(readFileSync(join(import.meta.dirname, '..', '..', '..', STANDARD_FILE), 'utf8'));

it('refuses what it says is refused, with the reason, and knows everything else', () => {
  expect(rows.length).toBeGreaterThan(200);
  for (const { path, verdict } of rows.filter((row) => !row.path.endsWith('*'))) {
    const expected = verdict === 'refused' ? [expect.stringMatching(/ is refused: ./)] : [];
    expect(saidOf(path), path).toEqual(expected);
  }
  expect(saidOf('tracer_provider.nothing')).toEqual([expect.stringContaining('unknown or unsupported node "nothing"')]);
});

it('says of each node which of both it is', () => {
  expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(new Set(['honoured', 'refused', 'not read']));
});
