// What importing the package costs a program above OpenTelemetry's API, and what starting telemetry costs: time of a fresh
// process each, in turns of kinds.
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

/** What is loaded, and whether the bound is on it. In a start nothing is sent yet, so it does not matter where to. */
const LOADS = [
  { title: '@evenkeel/sdk/core above the API', entry: '@evenkeel/sdk/core', isBounded: true },
  { title: '@evenkeel/sdk above the API', entry: '@evenkeel/sdk' },
  {
    title: 'startTelemetry above the API',
    entry: '@evenkeel/sdk',
    after: `await sdk.startTelemetry({ serviceName: 'x' });`,
  },
] as const;
const IMPORTS = {
  module: (name: string) => `await import('${name}')`,
  commonjs: (name: string) => `require('${name}')`,
};

/** Runs one process; it measures itself, from when the API is there. */
function costOf({ entry, after = '' }: { entry: string; after?: string }, type: 'module' | 'commonjs'): Cost {
  const load = IMPORTS[type];
  const code = `(async () => {
    ${load('@opentelemetry/api')};
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    const sdk = ${load(entry)};
    ${after}
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - wall }));
    process.reallyExit(0);
  })()`;
  const options = { cwd: join(ROOT, 'sdk'), encoding: 'utf8' } as const;
  return JSON.parse(execFileSync(process.execPath, [`--input-type=${type}`, '--eval', code], options)) as Cost;
}

export async function run(): Promise<Figure[]> {
  const cases = LOADS.flatMap((load) =>
    (['module', 'commonjs'] as const).map((type) => ({ load, type, costs: [] as Cost[] })),
  );
  for (let round = 0; round < ROUNDS; round++)
    for (const { load, type, costs } of cases) costs.push(costOf(load, type));
  return cases.flatMap(({ load, type, costs }) => {
    const title = `${load.title}, ${type === 'module' ? 'ES module' : 'CommonJS'}`;
    const cpu = { name: `${title}: CPU`, ...summary(costs.map(({ cpuMs }) => cpuMs)), unit: 'ms' };
    return [
      bounded(cpu, 'isBounded' in load ? { atMost: MOST_MS } : undefined),
      { name: `${title}: clock`, ...summary(costs.map(({ wallMs }) => wallMs)), unit: 'ms' },
    ];
  });
}
