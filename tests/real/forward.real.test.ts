// Kept traces go on to another receiver: the stock Python decoder finds every kept span whole, and a second sidecar
// passes them on. Which spans are kept is worked out here from their trace ids and statuses alone.
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { dataPoint, exponentialOf, histogramOf } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { paddedTo } from '../support/metric-traffic.ts';
import { type PythonReceiver, type ReceivedSpan as Span, startPythonReceiver } from '../support/python-receiver.ts';
import { describeWith, getJson, pythonEnvironment } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { bodiesOf, traffic } from '../support/traffic.ts';

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
    const direct = await startPythonReceiver(interpreter);
    await send(direct.url);
    sent = await arrived(direct, TRACES.flat().length);
  });

  it.each(['gzip', 'zstd', 'none'])('gets every kept span whole, with its threshold: %s', async (compression) => {
    const receiver = await startPythonReceiver(interpreter);
    const sidecar = await startSidecar({ config: forwardTo(receiver.url, `compression: ${compression}`) });
    await send(sidecar.urls.otlpHttp);
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
    await expectKept(receiver, sent);
    const encodings = new Set(receiver.requests.map(({ encoding }) => encoding));
    expect(encodings).toEqual(new Set([compression === 'none' ? 'identity' : compression]));
  });

  it('gets the same through a second sidecar that keeps everything', async () => {
    const receiver = await startPythonReceiver(interpreter);
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
    const receiver = await startPythonReceiver(interpreter);
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

  it('gets logs byte by byte as they were sent', async () => {
    const [type, encoding, body] = ['application/json', 'identity', Buffer.from('{"größe": [ ] }\n')];
    const receiver = await startPythonReceiver(interpreter);
    const sidecar = await startSidecar({ config: forwardTo(receiver.url, 'signals: [logs]') });
    await post(sidecar.urls.otlpHttp, 'logs', body, { 'content-type': type, 'content-encoding': encoding });
    await sidecar.stop();
    await eventually('the request', () => receiver.requests.length > 0);
    expect(receiver.requests).toEqual([{ path: '/v1/logs', type, encoding, body: body.toString('base64') }]);
  });

  it.each(['kept', 'all', 'none'])('gets every data point as it was sent, exemplars as they may: %s', async (mode) => {
    const direct = await startPythonReceiver(interpreter);
    await sendPoints(direct.url);
    const all = await eventually('every point', () => direct.points().length === POINTS.length && direct.points());
    expect(all.some(({ point }) => 'exemplars' in point)).toBe(true);

    const receiver = await startPythonReceiver(interpreter);
    const config = `export: { exemplars: ${mode}, otlp: { next: { endpoint: '${receiver.url}' } } }\n`;
    const sidecar = await startSidecar({ config });
    await sendPoints(sidecar.urls.otlpHttp);
    await sidecar.stop();
    // Nobody kept the trace of the exemplars, so that they leave only where all do.
    const expected =
      mode === 'all' ? all : all.map(({ point: { exemplars: _, ...point }, ...rest }) => ({ ...rest, point }));
    // The sidecar tells of itself too.
    const shop = (): object[] =>
      receiver.points().filter(({ resource }) => resource['service.name']?.stringValue === 'shop');
    await eventually('every point', () => shop().length >= all.length);
    expect(shop()).toEqual(expected);
  });
});

const EXEMPLAR = {
  value: 3,
  isInteger: false,
  timeMs: 1_800_000_905_000,
  traceId: '0123456789abcdef0123456789abcdef',
  spanId: '0123456789abcdef',
  attributes: [],
};
const VALUES = [0.05, 0.4, 3, 70, 1.5e6];

/** Points of every kind and both temporalities. */
const POINTS: readonly DataPoint[] = [
  dataPoint({ name: 'cpu.utilization', unit: '1', kind: 'gauge', value: 0.5 }),
  dataPoint({ name: 'odd', kind: 'gauge', value: Number.NaN }),
  dataPoint({ name: 'gone', hasNoValue: true }),
  dataPoint({
    name: 'quantiles',
    value: { type: 'summary', count: 9, sum: 4.5, quantiles: [{ quantile: 0.5, value: 2 }] },
  }),
  ...(['cumulative', 'delta'] as const).flatMap((temporality) =>
    [
      { name: 'requests', unit: '{request}', value: 2 ** 40 + 1, attributes: { route: '/größe', code: 200, ok: true } },
      { name: 'queue.depth', isMonotonic: false, value: -3.5 },
      { name: 'size', unit: 'By', value: histogramOf(VALUES, [0.1, 1, 10]), exemplars: [EXEMPLAR] },
      { name: 'latency', unit: 's', value: exponentialOf(VALUES, 3, 0.1), exemplars: [EXEMPLAR] },
    ].map((shape) => dataPoint({ description: 'Words.', resource: { 'host.name': 'h1' }, ...shape, temporality })),
  ),
];

/** Zipped, and with a field nobody knows, which does not go on. */
async function sendPoints(url: string): Promise<void> {
  for (const { body } of encodeMetrics(POINTS)) {
    const padded = paddedTo(Uint8Array.from(body), body.length + 100);
    await post(url, 'metrics', gzipSync(padded), { 'content-encoding': 'gzip' });
  }
}

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

async function expectKept(receiver: PythonReceiver, sent: ReadonlyMap<string, Span>): Promise<void> {
  const kept = keptOf(sent);
  const found = await arrived(receiver, kept.size);
  expect([...found.keys()].sort()).toEqual([...kept.keys()].sort());
  for (const [spanId, span] of found) expect(span).toEqual(kept.get(spanId));
}

/** Waits until so many spans were printed; they were received before the sidecar had its answer. */
async function arrived(receiver: PythonReceiver, count: number): Promise<Map<string, Span>> {
  await eventually(`${count} spans`, () => receiver.spans().size >= count);
  expect(receiver.spans().size).toBe(count);
  return receiver.spans();
}
