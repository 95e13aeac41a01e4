// The instrumented reference runtime of the examples, built and in a process of its own, and callers that keep it busy.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import { closedPort } from './exporter-rig.ts';
import { seeded } from './random.ts';
import { getJson } from './real-parts.ts';

const ENTRY = fileURLToPath(new URL('../../examples/workflow-runtime/dist/main.js', import.meta.url));

/** What its API can slow. */
export type Dependency = 'table' | 'readme' | 'manifest' | 'vectors';

export interface WorkflowRuntime {
  /** Base URL of its API. */
  readonly url: string;
  /** Its dependency does its work so many times over from now on; once is normal. */
  slow(dependency: Dependency, times: number): Promise<void>;
  /** Calls each route that asks the table so often in the mean, one call after the other, until the test is over. */
  keepBusy(callsPerSecond: number): Promise<void>;
}

/** Starts one whose own driver is off. @param endpoint OTLP/HTTP */
export async function startWorkflowRuntime(endpoint: string): Promise<WorkflowRuntime> {
  const port = String(await closedPort());
  const child = fork(ENTRY, ['--port', port, '--endpoint', endpoint, '--rate', '0'], {
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
  const send = async (method: 'POST' | 'PUT', path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(api + path, { method, headers, body: JSON.stringify(body) });
    expect(response.ok, `${method} ${path}`).toBe(true);
  };
  return {
    url: api,
    slow: (dependency, times) => send('PUT', '/faults', { dependency, slowdown: times }),
    async keepBusy(callsPerSecond) {
      await send('POST', '/runs', {});
      const run = (): Promise<{ state: string } | undefined> => getJson(`${api}/runs/1`);
      await eventually('the packages to be indexed', async () => (await run())?.state === 'done');
      const packages = (await getJson<{ name: string }[]>(`${api}/packages?limit=500`)) ?? [];
      startCallers(api, [...new Set(packages.map(({ name }) => name))], callsPerSecond);
    },
  };
}

/** The gaps between calls vary as those of independent people do. */
function startCallers(api: string, names: readonly string[], callsPerSecond: number): void {
  const random = seeded(1);
  const name = (): string => names[Math.floor(random() * names.length)] ?? '';
  const routes: readonly (() => string)[] = [
    () => `/packages/${encodeURIComponent(name())}`,
    () => `/packages?prefix=${encodeURIComponent(name().slice(0, 3))}`,
    () => `/packages/${encodeURIComponent(name())}/readme`,
    () => '/findings?limit=20',
  ];
  const stop = new AbortController();
  const { signal } = stop;
  const callers = routes.map(async (route) => {
    while (!signal.aborted) {
      // What fails is on the span of who was called; whoever calls tries again.
      await fetch(api + route(), { signal })
        .then((response) => response.arrayBuffer())
        .catch(() => undefined);
      await pause((-1000 * Math.log(1 - random())) / callsPerSecond, undefined, { signal }).catch(() => undefined);
    }
  });
  onTestFinished(async () => {
    stop.abort();
    await Promise.allSettled(callers);
  });
}
