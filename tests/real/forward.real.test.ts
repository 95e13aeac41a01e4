// Kept traces go on to another receiver: the stock Python decoder finds every kept span whole, and a second sidecar
// passes them on. Which spans are kept is worked out here from their trace ids and statuses alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, getJson, PROGRAMS, pythonEnvironment } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { bodiesOf, traffic } from '../support/traffic.ts';

/** As receiver.py prints it. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly span: { readonly status?: { readonly code?: string }; readonly attributes?: readonly object[] };
}

interface Request {
  readonly path: string;
  readonly type: string;
  readonly encoding: string;
  readonly spans?: readonly Span[];
  /** base64 */
  readonly body?: string;
}

interface Receiver {
  readonly url: string;
  readonly requests: readonly Request[];
  /** Spans of all requests so far, by span id. */
  spans(): Map<string, Span>;
}

/** A quarter of all traces: those whose 56 bits of randomness are at least this. */
const THRESHOLD = 0xc0_00_00_00_00_00_00n;
const POLICIES = '[{ name: errors, type: status }, { name: share, type: probabilistic, ratio: 0.25 }]';
const VENDOR = 'vendor=x:1';

const TRACES = traffic({ seed: 7, traces: 300, maxSpans: 20, rich: true });
// Senders that sample, and what becomes of their thresholds, are the matter of other tests.
TRACES.forEach((trace, i) => {
  for (const span of trace) {
    delete span.traceState;
    if (i % 3 === 0) span.traceState = VENDOR;
  }
});
const BODIES = bodiesOf(TRACES, 100);

describeWith(['python'], 'a receiver behind the sidecar', ({ python }) => {
  let interpreter: string;
  /** What the same decoder makes of the bodies as they were sent. */
  let sent: ReadonlyMap<string, Span>;

  beforeAll(async () => {
    interpreter = await pythonEnvironment(python);
    const direct = await startReceiver(interpreter);
    await send(direct.url);
    sent = await arrived(direct, TRACES.flat().length);
  });

  it.each(['gzip', 'zstd', 'none'])('gets every kept span whole, with its threshold: %s', async (compression) => {
    const receiver = await startReceiver(interpreter);
    const sidecar = await startSidecar({ config: forwardTo(receiver.url, `compression: ${compression}`) });
    await send(sidecar.urls.otlpHttp);
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
    await expectKept(receiver, sent);
    const encodings = new Set(receiver.requests.map(({ encoding }) => encoding));
    expect(encodings).toEqual(new Set([compression === 'none' ? 'identity' : compression]));
  });

  it('gets the same through a second sidecar that keeps everything', async () => {
    const receiver = await startReceiver(interpreter);
    // Why a span was kept is for the first to say.
    const keepAll =
      'sample: { policies: [{ name: all, type: probabilistic, ratio: 1 }], ledger: { reason_attributes: false } }';
    const second = await startSidecar({ config: `${keepAll}\n${exporter(receiver.url, 'compression: zstd')}` });
    const first = await startSidecar({ config: forwardTo(second.urls.otlpHttp) });
    await send(first.urls.otlpHttp);
    expect(await first.stop()).toEqual({ code: 0, signal: null });

    const books = await booksOf(second);
    expect(books.spans).toMatchObject({ accepted: keptOf(sent).size, balanced: true, rejected: 0, duplicates: 0 });
    expect(books.refused).toEqual([]);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    await expectKept(receiver, sent);
  });

  it('gets kept spans while the sidecar runs, and the books say so', async () => {
    const receiver = await startReceiver(interpreter);
    const sidecar = await startSidecar({ config: forwardTo(receiver.url, '', '100ms') });
    // Whole traces in one body, so that none of their spans comes after the decision.
    await post(sidecar.urls.otlpHttp, 'traces', BODIES[0] ?? new Uint8Array(), {});
    const books = await eventually('every decision and delivery', async () => {
      const answer = await booksOf(sidecar);
      return answer.spans.pending === 0 && answer.exporters[0]?.queued === 0 && answer;
    });
    expect(books.spans).toMatchObject({ balanced: true, thresholdUnknown: 0 });
    expect(books.spans.kept).toBeGreaterThan(0);
    const none = { queue_full: 0, retries: 0, stop: 0, internal: 0 };
    expect(books.exporters).toEqual([
      { name: 'next', delivered: books.spans.kept, rejected: 0, failed: none, queued: 0, balanced: true },
    ]);
    await arrived(receiver, books.spans.kept);
  });

  it.each([
    ['metrics', 'application/x-protobuf', 'gzip', gzipSync(Buffer.alloc(5000, 'ä'))],
    ['logs', 'application/json', 'identity', Buffer.from('{"größe": [ ] }\n')],
  ])('gets %s byte by byte as they were sent', async (signal, type, encoding, body) => {
    const receiver = await startReceiver(interpreter);
    const sidecar = await startSidecar({ config: forwardTo(receiver.url) });
    await post(sidecar.urls.otlpHttp, signal, body, { 'content-type': type, 'content-encoding': encoding });
    await sidecar.stop();
    await eventually('the request', () => receiver.requests.length > 0);
    expect(receiver.requests).toEqual([{ path: `/v1/${signal}`, type, encoding, body: body.toString('base64') }]);
  });
});

/** Traces wait for the end of the sidecar unless told to wait less, so that none is decided before it is whole. */
function forwardTo(url: string, options = '', wait = '10m'): string {
  return `sample: { decision_wait: ${wait}, after_root: ${wait}, policies: ${POLICIES} }
sources: { unsampled: ['*'] }
${exporter(url, options)}`;
}

function exporter(url: string, options = ''): string {
  return `export: { otlp: { next: { endpoint: '${url}', ${options} } } }\n`;
}

async function booksOf(sidecar: RunningSidecar): Promise<BooksAnswer> {
  return eventually('the books', () => getJson<BooksAnswer>(`${sidecar.urls.page}/api/books`));
}

async function send(url: string): Promise<void> {
  for (const body of BODIES) await post(url, 'traces', body, {});
}

async function post(url: string, signal: string, body: Uint8Array, headers: Record<string, string>): Promise<void> {
  const response = await fetch(`${url}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    body: Buffer.from(body),
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

/** Spans that have to be kept, with the tracestate they have to leave with, and the attributes that say why. */
function keptOf(sent: ReadonlyMap<string, Span>): Map<string, Span> {
  const isError = ({ span }: Span): boolean => span.status?.code === 'STATUS_CODE_ERROR';
  const failed = new Set([...sent.values()].filter(isError).map(({ traceId }) => traceId));
  const kept = new Map<string, Span>();
  for (const [spanId, span] of sent) {
    const isChosen = BigInt(`0x${span.traceId.slice(-14)}`) >= THRESHOLD;
    if (!failed.has(span.traceId) && !isChosen) continue;
    const [own, policy, reason] = failed.has(span.traceId)
      ? ['ot=th:0', 'errors', 'forced']
      : ['ot=th:c', 'share', 'probability'];
    const why = [text('sampling.policy', policy), text('sampling.reason', reason)];
    kept.set(spanId, {
      ...span,
      traceState: span.traceState === '' ? own : `${own},${VENDOR}`,
      span: { ...span.span, attributes: [...(span.span.attributes ?? []), ...why] },
    });
  }
  return kept;
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

async function expectKept(receiver: Receiver, sent: ReadonlyMap<string, Span>): Promise<void> {
  const kept = keptOf(sent);
  const found = await arrived(receiver, kept.size);
  expect([...found.keys()].sort()).toEqual([...kept.keys()].sort());
  for (const [spanId, span] of found) expect(span).toEqual(kept.get(spanId));
}

/** Waits until so many spans were printed; they were received before the sidecar had its answer. */
async function arrived(receiver: Receiver, count: number): Promise<Map<string, Span>> {
  await eventually(`${count} spans`, () => receiver.spans().size >= count);
  expect(receiver.spans().size).toBe(count);
  return receiver.spans();
}

/** Starts receiver.py; it ends with the test file. */
async function startReceiver(interpreter: string): Promise<Receiver> {
  const child = spawn(interpreter, [join(PROGRAMS, 'python/receiver.py')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  receivers.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const requests: Request[] = [];
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const { port } = JSON.parse(first) as { port: number };
  lines.on('line', (line) => requests.push(JSON.parse(line) as Request));
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans() {
      const spans = requests.flatMap((request) => request.spans ?? []);
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      expect(byId.size, 'each span arrives once').toBe(spans.length);
      return byId;
    },
  };
}

const receivers: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(receivers.map((stop) => stop()));
});
