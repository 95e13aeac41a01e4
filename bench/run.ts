// Runs benches, each in a process of its own: node --expose-gc bench/run.ts [name…]
// Writes bench/results/<name>.json and prints a table; ends with 1 when a bound does not hold.
import { fork } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Figure } from './figure.ts';

const DIRECTORY = import.meta.dirname;

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const found = new Map(
    globSync('*/*.bench.ts', { cwd: DIRECTORY }).map((file) => [basename(file, '.bench.ts'), `${DIRECTORY}/${file}`]),
  );
  const unknown = wanted.filter((name) => !found.has(name));
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join()}; there are ${[...found.keys()].sort().join()}`);
  mkdirSync(`${DIRECTORY}/results`, { recursive: true });
  for (const name of wanted.length > 0 ? wanted : [...found.keys()].sort()) {
    const figures = await inChild(found.get(name) ?? '');
    const result = { machine: machine(), versions: versions(), figures };
    writeFileSync(`${DIRECTORY}/results/${name}.json`, `${JSON.stringify(result, undefined, 2)}\n`);
    console.log(table(name, figures));
    if (figures.some(({ holds }) => holds === false)) process.exitCode = 1;
  }
}

/** A bench may register globals and shape the heap, so none runs where another has run. */
function inChild(file: string): Promise<Figure[]> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, BENCH_FILE: file },
      serialization: 'advanced',
    });
    child.once('message', (figures) => resolve(figures as Figure[]));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} and no figures`)));
  });
}

async function runChild(file: string): Promise<void> {
  const bench = (await import(pathToFileURL(file).href)) as { run(): Promise<Figure[]> };
  const figures = await bench.run();
  process.send?.(figures, () => process.disconnect());
}

function machine(): object {
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
  const rows = figures.map(({ name: figure, value, spread, unit, bound, holds }) => [
    figure,
    short(value),
    `±${short(spread)}`,
    unit,
    bound === undefined ? '' : `bound ${short(bound)}`,
    holds === undefined ? '' : holds ? 'holds' : 'FAILS',
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [`\n${name}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

const { BENCH_FILE: file } = process.env;
await (file === undefined ? main() : runChild(file));
