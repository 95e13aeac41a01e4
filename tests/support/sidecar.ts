// A real sidecar for tests: the built program in a process of its own, on free ports, with an empty store.
// Whatever a test file starts is ended with that file.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { parse } from 'yaml';

const BUILT = fileURLToPath(new URL('../../collector/bin/evenkeel.js', import.meta.url));

/** A sidecar that does not end by itself within this is killed, which its exit signal shows. */
const KILL_AFTER_MS = 30_000;

export interface SidecarOptions {
  /** The program, if not the one that is built here. */
  readonly entry?: string;
  /** YAML; ports and the store's path are added. */
  readonly config?: string;
  /** The whole environment beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `evenkeel run`; a later `--set` wins. */
  readonly args?: readonly string[];
}

/** Absent addresses, of rooms that are off, are empty. */
export interface SidecarUrls {
  readonly otlpHttp: string;
  readonly otlpGrpc: string;
  /** Ends in /metrics. */
  readonly metrics: string;
  readonly page: string;
}

export interface SidecarExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningSidecar {
  readonly urls: SidecarUrls;
  readonly pid: number;
  /** What it has written so far; a ready sidecar writes only warnings. */
  stderr(): string;
  /** Asks it to end and waits until it has. Later calls answer the same exit. */
  stop(signal?: NodeJS.Signals): Promise<SidecarExit>;
}

const running = new Set<RunningSidecar>();
afterAll(async () => {
  await Promise.all([...running].map((sidecar) => sidecar.stop('SIGKILL')));
});

/** Starts a sidecar and waits until it is ready. @throws with its stderr where it ends instead */
export async function startSidecar(options: SidecarOptions = {}): Promise<RunningSidecar> {
  const { entry = BUILT, config = '', env = {}, args = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-sidecar-'));
  const file = join(folder, 'collector.yaml');
  await writeFile(file, config);
  const settings = freePorts(config, join(folder, 'store')).flatMap((setting) => ['--set', setting]);
  const child = fork(entry, ['run', '--config', file, ...settings, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = exitOf(child).finally(() => rm(folder, { recursive: true, force: true }));
  const urls = await Promise.race([ready(child), ended.then(() => undefined)]);
  if (urls === undefined) throw new Error(`the sidecar ended before it was ready:\n${stderr}`);
  const sidecar: RunningSidecar = {
    urls,
    pid: child.pid ?? 0,
    stderr: () => stderr,
    async stop(signal = 'SIGTERM') {
      running.delete(sidecar);
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      child.kill(signal);
      const exit = await ended;
      clearTimeout(killer);
      return exit;
    },
  };
  running.add(sidecar);
  return sidecar;
}

/** Settings for every room that is on. */
function freePorts(config: string, storePath: string): string[] {
  const rooms = (parse(config) ?? {}) as {
    web?: unknown;
    store?: unknown;
    receive?: { grpc?: unknown };
    export?: { prometheus?: unknown };
  };
  return [
    'receive.http.port=0',
    ...(rooms.receive?.grpc === false ? [] : ['receive.grpc.port=0']),
    ...(rooms.web === false ? [] : ['web.port=0']),
    ...(rooms.export?.prometheus === false ? [] : ['export.prometheus.port=0']),
    ...(rooms.store === false ? [] : [`store.path=${storePath}`]),
  ];
}

async function ready(child: ChildProcess): Promise<SidecarUrls> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [{ type?: string; urls?: Partial<SidecarUrls> }];
    if (message.type === 'ready') return { otlpHttp: '', otlpGrpc: '', metrics: '', page: '', ...message.urls };
  }
}

/** After `close`, so that stderr is whole. */
async function exitOf(child: ChildProcess): Promise<SidecarExit> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
