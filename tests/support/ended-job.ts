// Runs tests/fixtures/sdk/ending/job.mjs, a short job that measures with every kind of instrument, to its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { TelemetryOptions } from '../../sdk/src/index.ts';

const JOB = fileURLToPath(new URL('../fixtures/sdk/ending/job.mjs', import.meta.url));

/** What the job does, in order; without a way to end it comes to its end by itself. */
export type JobStep =
  | 'work'
  | 'log'
  | 'open'
  | 'flush'
  | 'begin-flush'
  | 'before-exit'
  | 'before-exit-at-once'
  | 'page'
  | 'exit'
  | 'throw';

/** How the job ended. */
export interface EndedJob {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that lives longer than this hangs. */
const HANG_MS = 30_000;

/** @param options of `startTelemetry`; its service is called "job" unless they say otherwise */
export async function endJob(
  steps: readonly JobStep[],
  environment: Readonly<Record<string, string>>,
  options: Partial<TelemetryOptions> = {},
): Promise<EndedJob> {
  const child = spawn(process.execPath, [JOB, JSON.stringify(options), ...steps], {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: HANG_MS,
    killSignal: 'SIGKILL',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
