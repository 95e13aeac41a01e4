// Runs benches, each in a process of its own: node --expose-gc bench/run.ts [--quick] [name or folder/ …]
// Writes bench/results/<name>.json and docs/benchmarks.md and prints a table; ends with 1 when a bound does not hold.
// A quick run only tells whether a bench works: it writes nothing.
import { fork } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Figure } from './figure.ts';
import { type Result, rowsOf, writeReport } from './report.ts';

const DIRECTORY = import.meta.dirname;
/** They take long, or more than this repository, so they run only by their name. */
const LONG = [
  'peers',
  'flood',
  'monitoring',
  'idle',
  'baselines',
  'live-baselines',
  'nab',
  'resources',
  'sdk-rivals',
  'express',
];

async function main(): Promise<void> {
  const isQuick = process.argv.includes('--quick') || process.env['BENCH_QUICK'] === '1';
  const files = globSync('*/*.bench.ts', { cwd: DIRECTORY }).sort();
  const found = new Map(files.map((file) => [basename(file, '.bench.ts'), `${DIRECTORY}/${file}`]));
  const wanted = process.argv
    .slice(2)
    .filter((argument) => argument !== '--quick')
    .flatMap((name) => (name.endsWith('/') ? benchesOf(name, files) : [name]));
  const unknown = wanted.filter((name) => !found.has(name));
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join()}; there are ${[...found.keys()].sort().join()}`);
  mkdirSync(`${DIRECTORY}/results`, { recursive: true });
  for (const name of wanted.length > 0 ? wanted : [...found.keys()].sort().filter((each) => !LONG.includes(each))) {
    const { figures, versions: own } = await inChild(found.get(name) ?? '', isQuick);
    const result: Result = { machine: machine(), versions: { ...versions(), ...own }, figures };
    if (!isQuick) writeFileSync(`${DIRECTORY}/results/${name}.json`, `${JSON.stringify(result, undefined, 2)}\n`);
    console.log(table(name, figures));
    if (figures.some(({ holds }) => holds === false)) process.exitCode = 1;
  }
  if (!isQuick) writeReport();
}

/** @param folder with a slash at its end */
function benchesOf(folder: string, files: readonly string[]): string[] {
  return files.filter((file) => file.startsWith(folder)).map((file) => basename(file, '.bench.ts'));
}

/** What a bench sends home; versions of what only it needs. */
interface Outcome {
  readonly figures: Figure[];
  readonly versions: Record<string, string>;
}

/** A bench may register globals and shape the heap, so none runs where another has run. */
function inChild(file: string, isQuick: boolean): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, BENCH_FILE: file, BENCH_QUICK: isQuick ? '1' : '0' },
      serialization: 'advanced',
    });
    child.once('message', (outcome) => resolve(outcome as Outcome));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} and no figures`)));
  });
}

interface Bench {
  run(): Promise<Figure[]>;
  versions?(): Promise<Record<string, string>>;
}

async function runChild(file: string): Promise<void> {
  const bench = (await import(pathToFileURL(file).href)) as Bench;
  const outcome: Outcome = { versions: (await bench.versions?.()) ?? {}, figures: await bench.run() };
  process.send?.(outcome, () => process.disconnect());
}

/** What ended a bench is said by the bench itself, so its name is enough here. */
function fail(error: Error): void {
  console.error(error.message);
  process.exitCode = 1;
}

function machine(): Result['machine'] {
  const [cpu] = cpus();
  return { cpu: cpu?.model ?? '', cpus: cpus().length, memoryBytes: totalmem(), platform: process.platform };
}

function versions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(`${DIRECTORY}/../package.json`, 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const { protobufjs = '', '@opentelemetry/api': api = '' } = manifest.devDependencies;
  return { node: process.versions.node, v8: process.versions.v8, protobufjs, '@opentelemetry/api': api };
}

function table(name: string, figures: readonly Figure[]): string {
  const rows = rowsOf(figures);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [`\n${name}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

const { BENCH_FILE: file } = process.env;
await (file === undefined ? main().catch(fail) : runChild(file));
