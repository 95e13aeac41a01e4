// The end of a sidecar: pending traces are decided and delivered before it exits, whoever ends it and when.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { post, send } from '../support/http.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { type Sink, startSink } from '../support/sink.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isInShare, testSpan } from '../support/test-span.ts';
import { bodiesOf, bodyOf, type TestSpan, traffic } from '../support/traffic.ts';

const ENTRY = fileURLToPath(new URL('../../collector/bin/evenkeel.js', import.meta.url));
const PORTS_FREE = ['receive.http.port=0', 'receive.grpc.port=0', 'web.port=0', 'export.prometheus.port=0'];
const TRACES = 1000;
const SHARE = 0.25;

/** All of it waits for its decision when the end comes. */
function config(sink: Sink, more = ''): string {
  return `
sample:
  decision_wait: 30s
  after_root: 30s
  policies:
    - { name: errors, type: status }
    - { name: slow, type: latency, over: 1s }
    - { name: share, type: probabilistic, ratio: ${SHARE} }
export: { drain_timeout: 4s, otlp: { backend: { endpoint: "${sink.url}"${more} } } }
`;
}

/** What the policies above say, computed anew from the spans. */
function isKept(spans: readonly TestSpan[]): boolean {
  const isEntry = ({ parentSpanId, kind }: TestSpan): boolean => parentSpanId.length === 0 || kind === 2 || kind === 5;
  return spans.some(
    (span) =>
      span.statusCode === 2 ||
      (isEntry(span) && span.endNs - span.startNs > 1_000_000_000n) ||
      isInShare(span.traceId, SHARE),
  );
}

async function fill(sidecar: RunningSidecar): Promise<TestSpan[][]> {
  const traces = traffic({ seed: 5, traces: TRACES, maxSpans: 8, errorRatio: 0.02, slowRatio: 0.05, attributes: 3 });
  for (const body of bodiesOf(traces, 200))
    expect((await post(`${sidecar.urls.otlpHttp}/v1/traces`, body)).status).toBe(200);
  const books = JSON.parse((await send(`${sidecar.urls.page}/api/books`)).body.toString()) as {
    spans: { pending: number };
  };
  expect(books.spans.pending).toBe(traces.flat().length);
  return traces;
}

const idsOf = (traces: readonly TestSpan[][]): string[] => traces.flat().map(({ spanId }) => spanId.toString('hex'));

function expectEveryKeptOnce(sink: Sink, traces: readonly TestSpan[][]): void {
  const kept = traces.filter(isKept);
  expect(kept.length).toBeGreaterThan(TRACES * SHARE);
  expect(kept.length).toBeLessThan(TRACES * 0.6);
  const arrived = sink.spans().map(({ spanId }) => spanId);
  expect(arrived).toHaveLength(new Set(arrived).size);
  expect([...arrived].sort()).toEqual(idsOf(kept).sort());
}

describe('SIGTERM', () => {
  it('delivers every kept one of a thousand pending traces, and none twice', async () => {
    const sink = await startSink();
    const sidecar = await startSidecar({ config: config(sink) });
    const traces = await fill(sidecar);
    expect(await sidecar.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expectEveryKeptOnce(sink, traces);
    expect(sidecar.stderr()).not.toContain('error');
  });

  it('does so also where the backend stumbles at first, and signals keep coming', async () => {
    const sink = await startSink();
    const unavailable = { status: 503, headers: { 'retry-after': '1' } };
    // What the sidecar counts is pushed too, and is not what stumbles here.
    const attempts = (): number => sink.requests.filter(({ path }) => path.endsWith('/traces')).length;
    sink.react((_, { path }) => (path.endsWith('/traces') && attempts() === 1 ? unavailable : { status: 200 }));
    const sidecar = await startSidecar({ config: config(sink) });
    const traces = await fill(sidecar);
    const stopped = sidecar.stop('SIGTERM');
    await eventually('the first attempt', () => attempts() > 0);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.kill(sidecar.pid, signal);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await stopped).toEqual({ code: 0, signal: null });
    expectEveryKeptOnce(sink, traces);
  });

  it('is obeyed within its limit where the backend never answers', async () => {
    const sink = await startSink();
    sink.react('hang');
    // Nothing but traces is on its way then, so that they are what it does not answer.
    const alone = `monitoring: false\n${config(sink).replace('drain_timeout: 4s', 'interval: 5m, drain_timeout: 300ms')}`;
    const sidecar = await startSidecar({ config: alone });
    await fill(sidecar);
    expect(await sidecar.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(sink.requests.some(({ path }) => path.endsWith('/traces'))).toBe(true);
  });

  it('is obeyed while senders keep connections open', async () => {
    const sink = await startSink();
    const sidecar = await startSidecar({ config: config(sink) });
    const hung = fetch(`${sidecar.urls.page}/api/events`).then(async (response) => response.text().catch(() => 'cut'));
    const half = send(`${sidecar.urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-length': '100', expect: '100-continue' },
    }).catch(() => 'cut');
    await fill(sidecar);
    expect(await sidecar.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await half).toBe('cut');
    await hung;
  });

  it('ends it also while it starts', async () => {
    const free = PORTS_FREE.flatMap((each) => ['--set', each]);
    // From a process that has hardly begun to one whose store is being opened.
    for (const begun of ['', '.evenkeel', '.evenkeel/traces.sqlite', '.evenkeel/traces.sqlite']) {
      const folder = temporaryFolder();
      const { child, ended } = startCommand(['run', ...free], {}, folder);
      await eventually(`${begun} to be there`, () => existsSync(join(folder, begun)));
      child.kill('SIGTERM');
      const { code, signal, stderr } = await ended;
      // Before the program listens to signals, the system ends it.
      expect(signal === 'SIGTERM' || code === 0).toBe(true);
      expect(stderr).toBe('');
    }
  });
});

describe('the end of its parent', () => {
  it('ends it like SIGTERM', async () => {
    const sink = await startSink();
    const folder = temporaryFolder();
    const settings = [...PORTS_FREE, `export.otlp.backend.endpoint=${sink.url}`];
    const child = fork(ENTRY, ['run', ...settings.flatMap((each) => ['--set', each])], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [{ urls }] = (await once(child, 'message')) as [{ urls: { otlpHttp: string } }];
    const span = testSpan({ error: true });
    expect((await post(`${urls.otlpHttp}/v1/traces`, bodyOf([span]))).status).toBe(200);
    const exit = once(child, 'exit');
    child.disconnect();
    expect(await exit).toEqual([0, null]);
    expect(sink.spans().map(({ spanId }) => spanId)).toEqual(idsOf([[span]]));
  });

  it('is noticed also while it starts', async () => {
    const child = fork(ENTRY, ['run', ...PORTS_FREE.flatMap((each) => ['--set', each])], {
      cwd: temporaryFolder(),
      env: { PATH: process.env['PATH'] },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    const exit = once(child, 'exit');
    child.disconnect();
    expect(await exit).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});
