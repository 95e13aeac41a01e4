// Runs tests/fixtures/sdk/ending/job.mjs, a short job that measures with every kind of instrument, to its end.
import { fileURLToPath } from 'node:url';
import type { TelemetryOptions } from '../../sdk/src/index.ts';
import { type EndedProcess, runToEnd } from './ended-process.ts';

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

/** @param options of `startTelemetry`; its service is called "job" unless they say otherwise */
export async function endJob(
  steps: readonly JobStep[],
  environment: Readonly<Record<string, string>>,
  options: Partial<TelemetryOptions> = {},
): Promise<Omit<EndedProcess, 'signal'>> {
  const { code, stdout, stderr } = await runToEnd([JOB, JSON.stringify(options), ...steps], environment);
  return { code, stdout, stderr };
}
