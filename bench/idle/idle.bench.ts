// A sidecar with nothing to do but read host and process: what it costs. Defaults, store and page on, no traffic.
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { bounded } from '../bounds.ts';
import { type Figure, summary } from '../figure.ts';
import { cpuSecondsOf, residentBytes } from '../process-readings.ts';

const PROGRAM = `${import.meta.dirname}/../../collector/bin/evenkeel.js`;
const BUILT = `${import.meta.dirname}/../../collector/dist/main.js`;
const MEBIBYTE = 1024 * 1024;

/** Until code is compiled and what the start left behind is collected. */
const WARM_UP_MS = 20_000;
const SAMPLES = process.env['BENCH_QUICK'] === '1' ? 3 : 12;
const SAMPLE_MS = 10_000;

/** Issue 5: share of a core, and MiB. */
const BOUNDS = { cpuRatio: 0.005, mebibytes: 140 };

export async function run(): Promise<Figure[]> {
  return [...(await measure('', '')), ...(await measure(', monitoring off', 'monitoring: false'))];
}

/** Bounds hold for the defaults; without monitoring it only informs. */
async function measure(suffix: string, yaml: string): Promise<Figure[]> {
  if (!existsSync(BUILT)) throw new Error('the collector is not built: npm run build');
  const folder = mkdtempSync(`${tmpdir()}/evenkeel-bench-`);
  writeFileSync(
    `${folder}/collector.yaml`,
    `receive: { http: { port: 0 }, grpc: { port: 0 } }
export: { prometheus: { port: 0 } }
store: { path: "${folder}/store" }
web: { port: 0 }
${yaml}
`,
  );
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_')));
  const child = fork(PROGRAM, ['run', '--config', `${folder}/collector.yaml`], { env: environment, execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    child.on('message', ({ type }: { type: string }) => {
      if (type === 'ready') resolve();
    });
    child.once('exit', (code) => reject(new Error(`the sidecar ended with ${code}`)));
  });
  await wait(WARM_UP_MS);
  const shares: number[] = [];
  const resident: number[] = [];
  const beganMs = performance.now();
  const began = cpuSecondsOf(child);
  for (let i = 0; i < SAMPLES; i++) {
    const before = { cpu: cpuSecondsOf(child), ms: performance.now() };
    await wait(SAMPLE_MS);
    shares.push(((cpuSecondsOf(child) - before.cpu) * 1000) / (performance.now() - before.ms));
    resident.push(residentBytes(child, 'VmRSS') / MEBIBYTE);
  }
  // The kernel tells hundredths of a second, so the whole time tells more than its samples.
  const share = ((cpuSecondsOf(child) - began) * 1000) / (performance.now() - beganMs);
  const peak = residentBytes(child, 'VmHWM') / MEBIBYTE;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true });
  const isBound = suffix === '';
  const { spread } = summary(shares);
  return [
    bounded(
      { name: `CPU${suffix}`, value: share, spread, unit: 'cores' },
      isBound ? { atMost: BOUNDS.cpuRatio } : undefined,
    ),
    bounded(
      { name: `RSS${suffix}`, ...summary(resident), unit: 'MiB' },
      isBound ? { atMost: BOUNDS.mebibytes } : undefined,
    ),
    { name: `peak RSS${suffix}`, value: peak, spread: 0, unit: 'MiB' },
  ];
}
