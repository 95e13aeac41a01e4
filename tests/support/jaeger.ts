// Jaeger for tests: built from its module once and kept outside the repository, run with its traces in memory.
// It ends with the test file.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { eventually } from './eventually.ts';

const exec = promisify(execFile);

/** Jaeger 2.13.0. Its module's path carries no version 2, so the module proxy knows this release by its older number. */
const VERSION = '1.76.0';
const MODULE = 'github.com/jaegertracing/jaeger';
const CACHE = `${process.env['XDG_CACHE_HOME'] ?? `${homedir()}/.cache`}/evenkeel-bench/jaeger-${VERSION}`;

/** Where Jaeger takes in and gives out. */
export interface JaegerPorts {
  readonly otlp: number;
  readonly query: number;
  /** Its query service listens here too, though nobody asks. */
  readonly grpc: number;
}

export interface RunningJaeger {
  /** Where OTLP/HTTP is sent, without /v1/traces. */
  readonly otlpUrl: string;
  /** Answers its query API at a path, whatever the status. */
  ask(path: string): Promise<{ readonly status: number; readonly body: unknown }>;
}

const stops: (() => Promise<void>)[] = [];
// Here, because a hook registered while tests run would never be called.
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

/**
 * Builds Jaeger where that was not done before; takes about ten minutes of two cores, once, and the module proxy.
 *
 * It is built in the folder of its module, so that its own list of checksums holds for all it needs: as a dependency of
 * another module it would need a checksum database for modules that this one does not know. Its user interface, which
 * the module does not carry, is left out.
 *
 * @returns path of its executable
 */
export async function jaegerProgram(go: string): Promise<string> {
  const program = join(CACHE, 'jaeger');
  if (existsSync(program)) return program;
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'build-'));
  const env = { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' };
  console.log(`building Jaeger v${VERSION}; this takes about ten minutes, once`);
  try {
    const { stdout } = await exec(go, ['mod', 'download', '-json', `${MODULE}@v${VERSION}`], { cwd: folder, env });
    const { Dir: cwd } = JSON.parse(stdout) as { Dir: string };
    const built = join(folder, 'jaeger');
    // Without symbols, which halve its size, and at the lowest priority, because the machine is somebody's.
    await exec('nice', ['-n', '19', go, 'build', '-trimpath', '-ldflags', '-s -w', '-o', built, './cmd/jaeger'], {
      cwd,
      env,
    });
    // Another run may have been quicker; its program is as good.
    await rename(built, program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return program;
}

/** Ports that are free now, all different. */
export async function freeJaegerPorts(): Promise<JaegerPorts> {
  const servers: Server[] = [];
  const listen = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const ports = { otlp: await listen(), query: await listen(), grpc: await listen() };
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Starts it and waits until it takes traces and answers. @throws with its last words where it ends instead */
export async function startJaeger(program: string, ports?: JaegerPorts): Promise<RunningJaeger> {
  const { otlp, query, grpc } = ports ?? (await freeJaegerPorts());
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-jaeger-'));
  const config = join(folder, 'config.yaml');
  await writeFile(config, JSON.stringify(configOf({ otlp, query, grpc })));
  const child = spawn(program, ['--config', config], {
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-4000)));
  const ended = once(child, 'close');
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const jaeger: RunningJaeger = {
    otlpUrl: `http://127.0.0.1:${otlp}`,
    async ask(path) {
      const response = await fetch(`http://127.0.0.1:${query}${path}`);
      return { status: response.status, body: await response.json() };
    },
  };
  await eventually(
    () => `Jaeger to start:\n${words}`,
    async () => {
      if (child.exitCode !== null) throw new Error(`Jaeger ended:\n${words}`);
      return (await takesTraces(jaeger)) && (await jaeger.ask('/api/services').then(({ status }) => status === 200));
    },
  );
  return jaeger;
}

/** Its receiver is the last to come up. */
function takesTraces({ otlpUrl }: RunningJaeger): Promise<boolean> {
  const nothing = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  return fetch(`${otlpUrl}/v1/traces`, nothing).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

function configOf({ otlp, query, grpc }: JaegerPorts): object {
  const at = (port: number): string => `127.0.0.1:${port}`;
  return {
    receivers: { otlp: { protocols: { http: { endpoint: at(otlp) } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 10_000 } } } },
      jaeger_query: {
        storage: { traces: 'memory' },
        // It would send traces of its own to port 4317, whoever listens there.
        enable_tracing: false,
        http: { endpoint: at(query) },
        grpc: { endpoint: at(grpc) },
      },
    },
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { logs: { level: 'warn' }, metrics: { level: 'none' } },
    },
  };
}
