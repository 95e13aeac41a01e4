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

const MODULES = `const api = await import('@opentelemetry/api'); begin(); const m = await import('@evenkeel/sdk');`;
const COMMON = `const api = require('@opentelemetry/api'); begin(); const m = require('@evenkeel/sdk');`;

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
  const rounds = Array.from({ length: ROUNDS }, () => ({
    module: costOf(MODULES, 'module'),
    commonjs: costOf(COMMON, 'commonjs'),
  }));
  return (['module', 'commonjs'] as const).flatMap((type) => {
    const costs = rounds.map((round) => round[type]);
    const title = type === 'module' ? 'ES module' : 'CommonJS';
    return [
      bounded(
        { name: `import above the API: ${title}, CPU`, ...summary(costs.map(({ cpuMs }) => cpuMs)), unit: 'ms' },
        { atMost: MOST_MS },
      ),
      { name: `import above the API: ${title}, clock`, ...summary(costs.map(({ wallMs }) => wallMs)), unit: 'ms' },
    ];
  });
}
