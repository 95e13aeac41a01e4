// The `evenkeel` command as somebody types it: its own process, what it printed, how it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../collector/bin/evenkeel.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly child: ChildProcess;
  /** What it has printed so far, both streams. */
  output(): string;
  readonly ended: Promise<Ended>;
}

/** Starts the command. It is killed where it outlives the test. */
export function startCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = '/'): Command {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = (async (): Promise<Ended> => {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal, stdout, stderr };
  })();
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, output: () => stdout + stderr, ended };
}

/** Runs the command to its end. */
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = '/',
): Promise<Ended> {
  return startCommand(args, env, cwd).ended;
}
