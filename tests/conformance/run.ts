// Puts this project's instrumentation and its rivals to the suite: npm run conformance [-- <rival>…]
// Writes tests/conformance/results.json and docs/reference/conformance.md once all were there, and prints what each
// passes. Ends with 1 when a row of ours does not hold, or when a rival is missing.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFORMANCE_ROWS } from '../../sdk/src/conformance/suite.ts';
import type { SubjectResult } from './child.ts';
import { type Column, type Results, RESULTS_FILE, writePage } from './page.ts';
import { adapterOf, QUIET, type Rival, RIVALS } from './rivals.ts';

const OWN = join(import.meta.dirname, 'own-subjects.ts');
const CHILD = join(import.meta.dirname, 'child.ts');

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((id) => !RIVALS.some((rival) => rival.id === id));
  if (unknown.length > 0) throw new Error(`no rival ${unknown.join()}; there are ${RIVALS.map(({ id }) => id).join()}`);
  const own = (await inChild(OWN)).map(({ name, rows }) => column(name, 'this repository', true, rows));
  for (const each of own) print(each);
  const rivals: Column[] = [];
  for (const rival of RIVALS.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const judged = await judge(rival);
    if (judged === undefined) continue;
    rivals.push(judged);
    print(judged);
  }
  if (own.some(({ failed }) => Object.keys(failed).length > 0)) process.exitCode = 1;
  if (wanted.length > 0) return;
  if (rivals.length < RIVALS.length) {
    process.exitCode = 1;
    console.log('A rival is missing, so the page stays as it was.');
    return;
  }
  const results: Results = { node: process.versions.node, columns: [...own, ...rivals] };
  writeFileSync(RESULTS_FILE, `${JSON.stringify(results, undefined, 2)}\n`);
  writePage();
}

/** @returns undefined, said by its name, where it cannot be installed or run */
async function judge(rival: Rival): Promise<Column | undefined> {
  try {
    const [result] = await inChild(await adapterOf(rival));
    return result && column(rival.title, rival.judged, false, result.rows, result.name);
  } catch (error) {
    console.log(`${rival.title}: MISSING, ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function inChild(file: string): Promise<readonly SubjectResult[]> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [file], {
      env: { ...process.env, ...QUIET },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', (results) => resolve(results as readonly SubjectResult[]));
    child.once('exit', (code) => reject(new Error(`its process ended with ${code} and no results`)));
  });
}

function column(
  title: string,
  version: string,
  isOwn: boolean,
  rows: SubjectResult['rows'],
  way = `measurePerformance, ${title}`,
): Column {
  // Whole milliseconds, so that the same outcome gives the same file.
  const seen = (detail = ''): string => detail.replace(/\d+\.\d+/g, (ms) => Number(ms).toFixed(0));
  const failed = rows.filter(({ holds }) => !holds).map(({ id, detail }) => [id, seen(detail)] as const);
  return { title, version, way, isOwn, failed: Object.fromEntries(failed) };
}

function print({ title, version, failed }: Column): void {
  const passed = CONFORMANCE_ROWS.length - Object.keys(failed).length;
  console.log(`${title} (${version}): ${passed} of ${CONFORMANCE_ROWS.length}`);
  for (const [id, detail] of Object.entries(failed)) console.log(`    ${id}: ${detail}`);
}

await main(process.argv.slice(2));
