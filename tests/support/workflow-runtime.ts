// The instrumented reference runtime of the examples, built and in a process of its own, kept busy by its own driver.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { closedPort } from './exporter-rig.ts';

const ENTRY = fileURLToPath(new URL('../../examples/workflow-runtime/dist/main.js', import.meta.url));

/** What its API can slow. */
export type Dependency = 'table' | 'readme' | 'manifest' | 'vectors';

export interface WorkflowRuntime {
  /** Its dependency does its work so many times over from now on; once is normal. */
  slow(dependency: Dependency, times: number): Promise<void>;
}

/** @param endpoint OTLP/HTTP; @param requestsPerSecond of its driver, in the mean */
export async function startWorkflowRuntime(endpoint: string, requestsPerSecond: number): Promise<WorkflowRuntime> {
  const port = String(await closedPort());
  const flags = ['--port', port, '--endpoint', endpoint, '--rate', String(requestsPerSecond)];
  const child = fork(ENTRY, flags, {
    env: { PATH: process.env['PATH'] },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ urls?: { api: string } } | number];
  if (typeof message !== 'object' || message?.urls === undefined) throw new Error(`the runtime ended:\n${stderr}`);
  const { api } = message.urls;
  return {
    async slow(dependency, times) {
      const body = JSON.stringify({ dependency, slowdown: times });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${api}/faults`, { method: 'PUT', headers, body });
      expect(response.status).toBe(200);
    },
  };
}
