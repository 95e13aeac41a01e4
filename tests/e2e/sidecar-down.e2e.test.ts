// A service whose sidecar is missing or broken: same answers, one warning, and it ends by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Behaviour, startReceiver } from '../support/otlp-receiver.ts';

const SERVICE = fileURLToPath(new URL('../fixtures/sdk/service.mjs', import.meta.url));

/** A service that is held by telemetry would stay 8 s and more; one that is not ends in well under one. */
const KILL_AFTER_MS = 5000;

/** Makes every wait of the exporters short, so that many exports fail in little time. */
const HURRY = {
  OTEL_BSP_SCHEDULE_DELAY: '20',
  OTEL_BSP_EXPORT_TIMEOUT: '20',
  OTEL_METRIC_EXPORT_INTERVAL: '50',
  OTEL_EXPORTER_OTLP_TIMEOUT: '400',
};

interface Service {
  ask(n: number): Promise<string>;
  stderr(): string;
  /** Sends SIGTERM and waits for the end; a service that does not end is killed, which its signal shows. */
  stop(): Promise<{ code: number | null; signal: string | null; stdout: string }>;
}

async function startService(environment: Record<string, string>): Promise<Service> {
  const child: ChildProcess = spawn(process.execPath, [SERVICE], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const reader = createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => lines.push(line));
  const [port] = (await once(reader, 'line')) as [string];
  return {
    ask: async (n) => (await fetch(`http://127.0.0.1:${port}/?n=${n}`)).text(),
    stderr: () => stderr,
    async stop() {
      const exit = once(child, 'close') as Promise<[number | null, string | null]>;
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      child.kill('SIGTERM');
      const [code, signal] = await exit;
      clearTimeout(timer);
      return { code, signal, stdout: lines.slice(1).join('\n') };
    },
  };
}

/** The URL of a sidecar in the given state; `absent` is a port on which nobody listens. */
async function sidecar(state: Behaviour | 'absent'): Promise<{ url: string; peakOpen(): number }> {
  if (state !== 'absent') return startReceiver(state);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { url: `http://127.0.0.1:${port}`, peakOpen: () => 0 };
}

async function askMany(service: Service, count: number): Promise<string[]> {
  const answers: string[] = [];
  for (let n = 0; n < count; n++) answers.push(await service.ask(n));
  return answers;
}

const ended = { code: 0, signal: null, stdout: 'stopped' };
let expected: string[];

beforeAll(async () => {
  const child = spawn(process.execPath, [SERVICE], { env: { TELEMETRY: 'off' }, stdio: ['ignore', 'pipe', 'ignore'] });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  expected = [];
  for (let n = 0; n < 60; n++) expected.push(await (await fetch(`http://127.0.0.1:${port}/?n=${n}`)).text());
  child.kill('SIGTERM');
});

describe('with a sidecar', () => {
  it('says nothing and delivers everything before it ends', async () => {
    const receiver = await startReceiver('accept');
    const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(await askMany(service, 60)).toEqual(expected);
    expect(await service.stop()).toEqual(ended);
    expect(service.stderr()).toBe('');
    const traces = receiver.received.filter(({ path }) => path === '/v1/traces');
    const text = Buffer.concat(traces.map(({ body }) => body)).toString('latin1');
    expect(text.split('fixture.square')).toHaveLength(61);
  });
});

describe.each(['absent', 'reset', 'error', 'unavailable', 'hang'] as const)('with a sidecar that is %s', (state) => {
  it('answers the same, warns once and ends by itself', async () => {
    const { url } = await sidecar(state);
    const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect(await askMany(service, 60)).toEqual(expected);
    expect(await service.stop()).toEqual(ended);
    expect(service.stderr()).toMatch(/^evenkeel: telemetry is not delivered: .+ \[EXPORT_FAILED\] .+\n$/);
  });

  it('does so also after many failed exports', async () => {
    const { url, peakOpen } = await sidecar(state);
    const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...HURRY });
    while (service.stderr() === '') expect(await service.ask(7)).toBe(expected[7]);
    for (let round = 0; round < 20; round++) expect(await askMany(service, 60)).toEqual(expected);
    expect(await service.stop()).toEqual(ended);
    expect(service.stderr()).toMatch(/^evenkeel: .+ \[EXPORT_FAILED\] .+\n$/);
    // Both signals at OpenTelemetry's own limit of exports under way: what is held is bounded.
    expect(peakOpen()).toBeLessThanOrEqual(60);
  });
});
