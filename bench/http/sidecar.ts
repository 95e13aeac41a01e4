// A built sidecar as a child process, with what the kernel says of its CPU time and memory.
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { cpuSecondsOf, residentBytes } from '../process-readings.ts';

const PROGRAM = `${import.meta.dirname}/../../collector/bin/evenkeel.js`;
const BUILT = `${import.meta.dirname}/../../collector/dist/main.js`;
const MEBIBYTE = 1024 * 1024;

/** A running sidecar. */
export interface Sidecar {
  /** Where OTLP/HTTP is taken. */
  readonly url: string;
  cpuSeconds(): number;
  /** Most memory resident since the start. */
  peakBytes(): number;
  /** Bytes of kept traces delivered so far. */
  deliveredBytes(): number;
  stop(): Promise<void>;
}

/** Starts a sidecar with page and store on, traces waiting 5 s, kept traces delivered uncompressed to a sink here. */
export async function startSidecar(): Promise<Sidecar> {
  if (!existsSync(BUILT)) throw new Error('the collector is not built: npm run build');
  const sink = await startSink();
  const directory = mkdtempSync(`${tmpdir()}/evenkeel-bench-`);
  writeFileSync(
    `${directory}/collector.yaml`,
    `sources: { unsampled: ["*"] }
receive: { http: { port: 0 }, grpc: { port: 0 } }
sample: { decision_wait: 5s, after_root: 5s }
export: { prometheus: { port: 0 }, otlp: { sink: { endpoint: "${sink.url}", compression: none } } }
store: { path: "${directory}/store" }
web: { port: 0 }
`,
  );
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_')));
  const child = fork(PROGRAM, ['run', '--config', `${directory}/collector.yaml`], { env: environment, execArgv: [] });
  const url = await readyUrl(child);
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child),
    peakBytes: () => residentBytes(child, 'VmHWM'),
    deliveredBytes: sink.bytes,
    async stop() {
      const ended = new Promise((resolve) => {
        child.once('exit', resolve);
      });
      child.kill('SIGTERM');
      await ended;
      sink.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: { type: string; urls: { otlpHttp: string } }) => {
      if (message.type === 'ready') resolve(message.urls.otlpHttp);
    });
    child.once('exit', (code) => reject(new Error(`the sidecar ended with ${code}`)));
  });
}

async function startSink(): Promise<{ url: string; bytes(): number; close(): void }> {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, bytes: () => bytes, close };
}

/** As the table of targets has it. */
export function mebibytes(bytes: number): number {
  return bytes / MEBIBYTE;
}
