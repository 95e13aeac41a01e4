// What importing the package costs a program above OpenTelemetry's API: time of a fresh process each, in turns of kinds.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { bounded } from '../bounds.ts';
import { type Figure, summary } from '../figure.ts';

const ROUNDS = process.env['BENCH_QUICK'] === '1' ? 5 : 25;
const ROOT = join(import.meta.dirname, '..', '..');
/** From issue 7. */
const MOST_MS = 5;

/** Milliseconds of CPU of all threads, and on the clock. */
interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Entries, and whether the bound is theirs. */
const ENTRIES = [
  { entry: '@evenkeel/sdk/core', isBounded: true },
  { entry: '@evenkeel/sdk', isBounded: false },
] as const;
const PROGRAMS = {
  module: (entry: string) =>
    `const api = await import('@opentelemetry/api'); begin(); const m = await import('${entry}');`,
  commonjs: (entry: string) => `const api = require('@opentelemetry/api'); begin(); const m = require('${entry}');`,
};

/** Runs one process; it measures itself, from when the API is there. */
function costOf(program: string, type: 'module' | 'commonjs'): Cost {
  const code = `let cpu, wall;
    const begin = () => { cpu = process.cpuUsage(); wall = performance.now(); };
    ${program}
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - wall }));`;
  const options = { cwd: join(ROOT, 'sdk'), encoding: 'utf8' } as const;
  return JSON.parse(execFileSync(process.execPath, [`--input-type=${type}`, '--eval', code], options)) as Cost;
}

export async function run(): Promise<Figure[]> {
  const cases = ENTRIES.flatMap(({ entry, isBounded }) =>
    (['module', 'commonjs'] as const).map((type) => ({ entry, isBounded, type, costs: [] as Cost[] })),
  );
  for (let round = 0; round < ROUNDS; round++)
    for (const { entry, type, costs } of cases) costs.push(costOf(PROGRAMS[type](entry), type));
  return cases.flatMap(({ entry, isBounded, type, costs }) => {
    const title = `${entry} above the API, ${type === 'module' ? 'ES module' : 'CommonJS'}`;
    const cpu = { name: `${title}: CPU`, ...summary(costs.map(({ cpuMs }) => cpuMs)), unit: 'ms' };
    return [
      bounded(cpu, isBounded ? { atMost: MOST_MS } : undefined),
      { name: `${title}: clock`, ...summary(costs.map(({ wallMs }) => wallMs)), unit: 'ms' },
    ];
  });
}
