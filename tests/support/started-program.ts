// Runs tests/fixtures/sdk/program.mjs, which starts telemetry by code, as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { TelemetryOptions } from '../../sdk/src/index.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/sdk/program.mjs', import.meta.url));
/** Given to the program as an argument; it must never leave it. */
const SECRET = '--token=hunter2';

/** What the program does after its three calls. */
export type Step = 'flush' | 'shutdown' | 'wait' | 'again' | 'page' | 'port' | 'handles';

/** A running program. */
export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Starts the program with options and nothing in its environment but what is given. */
export function start(
  options: Partial<TelemetryOptions>,
  steps: Step[],
  environment: Record<string, string> = {},
): Run {
  const args = [PROGRAM, JSON.stringify({ serviceName: 'fixture', ...options }), JSON.stringify(steps), SECRET];
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout: stdout.trim(), stderr }));
  return { child, ended };
}

/** Runs it to its end. */
export async function run(options: Partial<TelemetryOptions>, steps: Step[], environment: Record<string, string> = {}) {
  return start(options, steps, environment).ended;
}
