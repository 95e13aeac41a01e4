// The built page stays small: it is served beside a service, often over a slow tunnel.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const PAGE = join(import.meta.dirname, '../../collector/dist/page');
const ASSETS = join(PAGE, 'assets');
/** Of all scripts until operations are shown with their charts, as they are served; half of it is what draws charts. */
const MAX_FIRST_LOAD_BYTES = 100 * 1024;
/** Of all scripts a view needs beyond those. */
const MAX_VIEW_BYTES = 60 * 1024;

const scripts = readdirSync(ASSETS).filter((file) => file.endsWith('.js'));
const text = (script: string): string => readFileSync(join(ASSETS, script), 'utf8');

/** Scripts that a script names; `static` ones come with it, `dynamic` ones when they are asked for. */
function imported(script: string, how: 'static' | 'dynamic'): string[] {
  const pattern =
    how === 'static'
      ? /\bfrom\s*["'`]([^"'`]+\.js)["'`]|\bimport\s*["'`]([^"'`]+\.js)["'`]/g
      : /\bimport\(\s*["'`]([^"'`]+\.js)["'`]/g;
  return [...text(script).matchAll(pattern)].map(([, from, bare]) => basename(from ?? bare ?? ''));
}

/** A script with all that comes with it. */
function withStatic(script: string, found = new Set<string>()): Set<string> {
  if (found.has(script)) return found;
  found.add(script);
  for (const each of imported(script, 'static')) withStatic(each, found);
  return found;
}

function sizeBytes(files: Iterable<string>): number {
  return [...files].reduce((sum, file) => sum + statSync(join(ASSETS, file)).size, 0);
}

const entries = [...readFileSync(join(PAGE, 'index.html'), 'utf8').matchAll(/<script[^>]+src="([^"]+)"/g)];
const first = new Set(entries.flatMap(([, source = '']) => [...withStatic(basename(source))]));
const later = [...new Set(scripts.flatMap((script) => imported(script, 'dynamic')))];
// Operations come first, and draw a chart as soon as there is one.
const charts = later.filter((script) => script.startsWith('line-chart-'));
for (const script of charts) for (const each of withStatic(script)) first.add(each);
const views = later.filter((script) => !first.has(script));

test('scripts are found as the browser finds them, none is left over', () => {
  expect(entries).toHaveLength(1);
  expect(charts).toHaveLength(1);
  expect(views.length).toBeGreaterThanOrEqual(6);
  const reached = new Set([...first, ...later.flatMap((script) => [...withStatic(script)])]);
  expect([...reached].sort()).toEqual(scripts.sort());
});

test('the scripts of the first view are at most 100 KiB', () => {
  expect(sizeBytes(first)).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
});

test('the scripts of each further view are at most 60 KiB', () => {
  for (const view of views) {
    const more = [...withStatic(view)].filter((script) => !first.has(script));
    expect([view, sizeBytes(more) <= MAX_VIEW_BYTES]).toEqual([view, true]);
  }
});
