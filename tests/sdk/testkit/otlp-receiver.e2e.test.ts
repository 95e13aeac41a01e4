// A whole program that sends to the receiver, over both encodings, and requests that are none.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createOtlpReceiver, expectSpan, type OtlpReceiver } from '../../../sdk/src/testkit/entry.ts';

async function open(): Promise<OtlpReceiver> {
  const receiver = await createOtlpReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

const PROGRAM = `
  import { metrics, trace, SpanKind, SpanStatusCode } from '@opentelemetry/api';
  import { startTelemetry } from './src/index.ts';
  const telemetry = await startTelemetry({ serviceName: 'shop', runtimeMetrics: false });
  const tracer = trace.getTracer('lib', '1.2');
  tracer.startActiveSpan('outer', { kind: SpanKind.SERVER, startTime: [5, 0] }, (outer) => {
    outer.setAttributes({ text: 'é', whole: -5, real: 1.5, yes: true, list: ['a', 'b'] });
    outer.addEvent('happened', { n: 2 });
    tracer.startSpan('inner', { links: [{ context: outer.spanContext() }] }).end();
    outer.setStatus({ code: SpanStatusCode.ERROR, message: 'no' }).end([5, 250_000_000]);
  });
  const meter = metrics.getMeter('lib');
  meter.createCounter('orders', { unit: '{order}' }).add(3, { kind: 'a' });
  meter.createHistogram('took', { unit: 's' }).record(0.5);
  meter.createObservableGauge('level').addCallback((result) => result.observe(-2));
  await telemetry.shutdown();`;

for (const protocol of ['http/protobuf', 'http/json']) {
  test(`takes what a program sends by ${protocol}`, async () => {
    const receiver = await open();
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    };
    const cwd = new URL('../../../sdk/', import.meta.url);
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], { cwd, env });
    await receiver.waitFor((all) => all.spans().length >= 2 && all.metrics().length >= 3);
    expect(receiver.malformed()).toEqual([]);
    const found = expectSpan(receiver, {
      name: 'outer',
      kind: 'server',
      status: 'error',
      statusMessage: 'no',
      parent: 'none',
      attributes: { text: 'é', whole: -5, real: 1.5, yes: true, list: ['a', 'b'] },
      events: [{ name: 'happened', attributes: { n: 2 } }],
      resource: { 'service.name': 'shop' },
      scope: 'lib',
      minDurationMs: 250,
      maxDurationMs: 250,
    });
    const { span } = found.child({ name: 'inner', links: 1 });
    expect(span.links[0]?.spanId).toBe(found.span.spanId);
    expect(span.scope.version).toBe('1.2');
    const ours = receiver.metrics().filter(({ scope }) => scope === 'lib');
    expect(ours).toMatchObject([
      { name: 'orders', unit: '{order}', type: 'sum', points: [{ attributes: { kind: 'a' }, value: 3 }] },
      { name: 'took', type: 'exponential_histogram', points: [{ value: 0.5, count: 1, min: 0.5, max: 0.5 }] },
      { name: 'level', type: 'gauge', points: [{ value: -2 }] },
    ]);
    receiver.reset();
    expect(receiver.spans()).toEqual([]);
  });
}

test('takes logs, and refuses what it cannot read', async () => {
  const receiver = await open();
  const post = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ): Promise<number> => (await fetch(receiver.url + path, { method: 'POST', body, headers })).status;
  const json = { 'content-type': 'application/json' };
  const log = {
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: 'hello' },
    eventName: 'e',
    traceId: 'AB',
    attributes: [{ key: 'k', value: { kvlistValue: { values: [{ key: 'x', value: { intValue: '5' } }] } } }],
  };
  const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ scope: { name: 'lib' }, logRecords: [log] }] }] });
  expect(await post('/v1/logs', logs, json)).toBe(200);
  expect(receiver.logs()).toEqual([
    {
      body: 'hello',
      severity: 9,
      severityText: 'INFO',
      eventName: 'e',
      attributes: { k: { x: 5 } },
      traceId: 'ab',
      spanId: '',
      resource: {},
      scope: 'lib',
    },
  ]);
  expect(await post('/v1/other', '', {})).toBe(404);
  expect(await post('/v1/traces', '{', json)).toBe(400);
  const nested = Uint8Array.from({ length: 2 }, () => 0xff);
  for (const bytes of [[0x0a, 5], [0x0b], [0x80], [...nested], [0x09, 1, 2]])
    expect(await post('/v1/traces', Uint8Array.from(bytes), {})).toBe(400);
  expect(await post('/v1/traces', new Uint8Array(gzipSync('x')).slice(0, 5), { 'content-encoding': 'gzip' })).toBe(400);
  expect(await post('/v1/traces', 'x', { 'content-encoding': 'br' })).toBe(400);
  expect(receiver.malformed()).toHaveLength(8);
  expect(await post('/v1/traces', JSON.stringify({ resourceSpans: [null, { scopeSpans: 5 }] }), json)).toBe(200);
  await expect(receiver.waitFor(() => false, 20)).rejects.toThrow(
    'not enough came in within 20 ms: 0 spans (), 0 metrics, 1 logs, 8 malformed requests',
  );
});

test('takes a request with very many items, and keeps the latest', async () => {
  const receiver = await open();
  const logRecords = Array.from({ length: 150_000 }, (_, i) => ({
    body: { stringValue: i === 149_999 ? 'last' : 'one' },
  }));
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${receiver.url}/v1/logs`, { method: 'POST', headers, body })).status).toBe(200);
  expect(receiver.malformed()).toEqual([]);
  expect(receiver.logs()).toHaveLength(20_000);
  expect(receiver.logs().at(-1)?.body).toBe('last');
});

test('refuses to wait for what is no time', async () => {
  const receiver = await open();
  await expect(receiver.waitFor(() => true, Number.NaN)).rejects.toThrow('timeoutMs must be a number');
});
