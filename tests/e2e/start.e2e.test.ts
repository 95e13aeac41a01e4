// `npm start` as a user types it: real processes, real ports, every way of ending it. Node and npm only; POSIX.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Waiting ends here; far above what any of it takes, because other work may share the machine. */
const PATIENCE_MS = 90_000;

interface Started {
  /** Everything it printed so far. */
  output(): string;
  readonly ports: { page: number; otlp: number; grpc: number; metrics: number; api: number };
  /** Process id of npm, which leads the process group. */
  readonly npm: number;
  readonly exited: Promise<unknown>;
}

/** Starts `npm start` in a process group of its own, as a terminal does, on free ports. */
async function npmStart(extra: readonly string[] = []): Promise<Started> {
  const [page, otlp, grpc, metrics, api] = await freePorts(5);
  const ports = { page, otlp, grpc, metrics, api };
  const flags = Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, String(port)]);
  const child = spawn('npm', ['start', '--', ...flags, ...extra], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const npm = child.pid;
  if (npm === undefined) throw new Error('npm could not be started');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  onTestFinished(() => signalGroup(npm, 'SIGKILL'));
  return { output: () => output, ports, npm, exited: once(child, 'exit') };
}

/** Asks again and again until the answer is something else than undefined. */
async function until<T>(what: () => string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited in vain for ${what()}`);
    await pause(200);
  }
}

async function banner(started: Started): Promise<void> {
  await until(
    () => `the banner; printed so far:\n${started.output()}`,
    () => started.output().includes('Ctrl-C ends it') || undefined,
  );
}

async function nothingLeft(started: Started): Promise<void> {
  await until(
    () => 'every process to end',
    () => (processesOf(started.npm).length === 0 ? true : undefined),
  );
}

/** Ids of the running processes of a group, children whose parent died included; without those that only wait to be buried. */
function processesOf(group: number): number[] {
  return listProcesses().flatMap(({ pid, pgid, state }) => (pgid === group && !state.startsWith('Z') ? [pid] : []));
}

function listProcesses(): { pid: number; pgid: number; state: string }[] {
  if (process.platform !== 'linux') {
    const rows = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat='], { encoding: 'utf8' }).trim().split('\n');
    return rows
      .map((row) => row.trim().split(/\s+/))
      .map(([pid, pgid, state]) => ({ pid: Number(pid), pgid: Number(pgid), state }));
  }
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      // After the name in parentheses: state, parent, group.
      const [state, , pgid] = readFileSync(`/proc/${entry}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return [{ pid: Number(entry), pgid: Number(pgid), state }];
    } catch {
      return []; // It ended between the two looks.
    }
  });
}

/** What Ctrl-C in a terminal does: every process of the group gets the signal. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // No process of the group is left.
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Names of the operations that have a RED series on a Prometheus page. */
function operationsIn(page: string): Set<string> {
  const series = page.matchAll(/^traces_span_metrics_calls_total\{[^}]*span_name="([^"]*)"[^}]*\} /gm);
  return new Set([...series].map(([, name]) => name));
}

async function getText(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined; // Not listening yet.
  }
}

test('shows the operations of the runtime as RED series and on the page, and ends on Ctrl-C', async () => {
  const started = await npmStart();
  await banner(started);
  const { page, metrics } = started.ports;
  for (const port of Object.values(started.ports)) expect(started.output()).toContain(`127.0.0.1:${port}`);

  const operations = await until(
    () => 'series of at least 8 operations, those of the first run among them',
    async () => {
      const found = operationsIn((await getText(`http://127.0.0.1:${metrics}/metrics`)) ?? '');
      // The workflow ends last; its span closes the first run.
      const isWhole = found.has('manifest.read') && found.has('invoke_workflow index-dependencies');
      return found.size >= 8 && isWhole ? found : undefined;
    },
  );
  const listed = await until(
    () => 'the operations of the page',
    () => getText(`http://127.0.0.1:${page}/api/operations`),
  );
  for (const operation of operations) expect(listed).toContain(operation);

  // Nobody configured it: what the runtime promises is judged from the first question on.
  const promise = 'workflow-runtime objectives (question.answer)';
  const judged = await until(
    () => 'the promise of an operation',
    async () => {
      const targets = await getText(`http://127.0.0.1:${page}/api/targets`);
      return targets?.includes(promise) === true ? targets : undefined;
    },
  );
  expect(JSON.parse(judged)).toMatchObject({ targets: [{ name: 'objectives', missedCount: 0 }] });

  signalGroup(started.npm, 'SIGINT');
  await nothingLeft(started);
});

const WAYS_TO_END: Record<string, (started: Started) => void | Promise<void>> = {
  'Ctrl-C twice': async ({ npm }) => {
    signalGroup(npm, 'SIGINT');
    await pause(50);
    signalGroup(npm, 'SIGINT');
  },
  'SIGTERM to npm': ({ npm }) => void process.kill(npm, 'SIGTERM'),
  'SIGKILL to npm': ({ npm }) => void process.kill(npm, 'SIGKILL'),
};

for (const [way, end] of Object.entries(WAYS_TO_END)) {
  test(`leaves no process after ${way}`, async () => {
    const started = await npmStart();
    await banner(started);
    expect(processesOf(started.npm).length).toBeGreaterThanOrEqual(4);
    await end(started);
    await started.exited;
    await nothingLeft(started);
    for (const port of Object.values(started.ports)) expect(await getText(`http://127.0.0.1:${port}/`)).toBeUndefined();
  });
}

test('stops everything and says which process ended when one of them dies', async () => {
  const started = await npmStart();
  await banner(started);
  const runtime = processesOf(started.npm).find((pid) => commandOf(pid).includes('workflow-runtime/dist/main.js'));
  process.kill(runtime ?? 0, 'SIGKILL');
  expect(await started.exited).toEqual([1, null]);
  expect(started.output()).toMatch(/the runtime ended unexpectedly \(SIGKILL\)/);
  await nothingLeft(started);
});

test('says which port is in use, starts nothing and exits 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  const started = await npmStart(['--api-port', String(port)]);
  expect(await started.exited).toEqual([1, null]);
  expect(started.output()).toMatch(new RegExp(`workflow-runtime: port in use .*${port}`));
  await nothingLeft(started);
});

test('refuses wrong options before anything starts', async () => {
  const started = await npmStart(['--page-port', 'x', '--api-port', '99999']);
  expect(await started.exited).toEqual([1, null]);
  expect(started.output()).toMatch(/--page-port: "x" is no port\n--api-port: "99999" is no port/);
  expect(started.output()).not.toContain('is running');
  await nothingLeft(started);
});

function commandOf(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
}
