// Exports that come back by ways the configuration does not show.
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { TRAIL_HEADER } from '../../../collector/src/pipeline/trail.ts';
import { eventually } from '../../support/eventually.ts';
import { startForwarder } from '../../support/forwarder.ts';
import { grpcClient } from '../../support/grpc.ts';
import { post } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

/** At its end a sidecar tries an address that is its own, and closed, for so long. */
const DRAIN = 'drain_timeout: 100ms';

/** A sidecar that keeps everything and sends it there. */
function sidecar(endpoint: string): Promise<RunningCollector> {
  return startCollector(`sample: false\nexport: { ${DRAIN}, otlp: { next: { endpoint: "${endpoint}" } } }`);
}

async function sent({ traces, clock, delivered }: RunningCollector, spans = 3): Promise<void> {
  expect((await traces(bodyOf(Array.from({ length: spans }, () => testSpan())))).status).toBe(200);
  clock.advance(2000);
  await delivered();
}

it('refuses what it exported itself, so that it counts once and its exporter says so', async () => {
  let here = '';
  const running = await sidecar(await startForwarder(() => here));
  here = running.urls.otlpHttp;
  await sent(running);
  const { spans, exporters, refused } = running.books();
  expect(spans).toMatchObject({ accepted: 3, kept: 3, balanced: true });
  expect(exporters).toMatchObject([{ delivered: 0, rejected: 3, queued: 0 }]);
  expect(refused).toMatchObject([{ reason: 'loop', requests: 1 }]);
  expect(running.log.filter((line) => line.includes(' LOOP_'))).toEqual([
    expect.stringMatching(/error receive LOOP_receive\.http: what this sidecar exports comes back .*export\.otlp/),
  ]);
  expect(running.log.join('\n')).toMatch(/REFUSED_next: \S+ HTTP 508; the batch is given up/);
});

it('refuses what another sidecar sends back', async () => {
  let second = '';
  const a = await sidecar(await startForwarder(() => second));
  const b = await sidecar(a.urls.otlpHttp);
  second = b.urls.otlpHttp;
  await sent(a);
  await eventually('the second to take them', () => b.books().spans.accepted === 3);
  b.clock.advance(2000);
  await b.delivered();
  expect(a.books().refused).toMatchObject([{ reason: 'loop', requests: 1 }]);
  expect([a.books().spans.accepted, b.books().exporters[0]?.rejected]).toEqual([3, 3]);
});

it('lets sidecars send on to one another', async () => {
  const sink = await startSink();
  const c = await sidecar(sink.url);
  const b = await sidecar(c.urls.otlpHttp);
  const a = await sidecar(b.urls.otlpHttp);
  for (const [from, to] of [[a, b] as const, [b, c] as const]) {
    await sent(from);
    await eventually('the next to take them', () => to.books().refused.length === 0 && to.books().spans.accepted > 0);
  }
  c.clock.advance(2000);
  await c.delivered();
  expect([a, b, c].flatMap((each) => each.books().refused)).toEqual([]);
  // Its own, and those of both before it.
  expect(String(sink.requests[0]?.headers[TRAIL_HEADER])).toMatch(/^[0-9a-f]{16}(,[0-9a-f]{16}){2}$/);
});

it('takes one signal from a sidecar that it sends another', async () => {
  const [tempo, loki] = [await startSink(), await startSink()];
  let second = '';
  const exporting = (endpoint: string, traces: string): Promise<RunningCollector> =>
    startCollector(
      `sample: false\nexport: { ${DRAIN}, otlp: { next: { endpoint: "${endpoint}", traces_endpoint: "${traces}/v1/traces" } } }`,
    );
  const a = await exporting(await startForwarder(() => second), tempo.url);
  const b = await exporting(loki.url, a.urls.otlpHttp);
  second = b.urls.otlpHttp;
  const logs = await post(`${a.urls.otlpHttp}/v1/logs`, '{}', { 'content-type': 'application/json' });
  expect(logs.status).toBe(200);
  await eventually('the logs to pass both', () => loki.requests.length === 1);
  await sent(b);
  await eventually('the first to take its traces', () => a.books().spans.accepted === 3);
  a.clock.advance(2000);
  await a.delivered();
  expect(tempo.spans()).toHaveLength(3);
  expect([a, b].flatMap((each) => each.books().refused)).toEqual([]);
});

it('refuses at every door, whatever the signal, in a way nobody tries again', async () => {
  const sink = await startSink();
  const running = await sidecar(sink.url);
  await sent(running);
  const own = { [TRAIL_HEADER]: String(sink.requests[0]?.headers[TRAIL_HEADER]) };
  for (const signal of ['traces', 'metrics', 'logs']) {
    const answer = await post(`${running.urls.otlpHttp}/v1/${signal}`, '{}', {
      ...own,
      'content-type': 'application/json',
    });
    expect([answer.status, answer.headers['retry-after']]).toEqual([508, undefined]);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: status.FAILED_PRECONDITION });
  }
  const call = await grpcClient(running.urls.otlpGrpc)(bodyOf([testSpan()]), undefined, own);
  expect([call.code, call.retryAfterSeconds]).toEqual([status.FAILED_PRECONDITION, undefined]);
  const strange = { [TRAIL_HEADER]: '0123456789abcdef' };
  expect((await grpcClient(running.urls.otlpGrpc)(bodyOf([testSpan()]), undefined, strange)).code).toBe(status.OK);
  expect(running.books().refused).toMatchObject([{ reason: 'loop', requests: 4 }]);
});

it('counts requests from more sidecars than it can name onwards', async () => {
  const { traces, metrics } = await startCollector();
  for (let n = 0; n < 18; n++) {
    const mark = { [TRAIL_HEADER]: n.toString(16).padStart(16, '0') };
    expect((await traces(bodyOf([testSpan()]), mark)).status).toBe(200);
  }
  expect(await metrics()).toContain('evenkeel_receive_untold_origins_total 2\n');
});
