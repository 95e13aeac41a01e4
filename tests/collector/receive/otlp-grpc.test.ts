import { gzipSync, zstdCompressSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { EXPORT, framed, grpcClient, http2To, type Told } from '../../support/grpc.ts';
import { schema7 } from '../../support/otlp-schema.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, type TestSpan } from '../../support/traffic.ts';

const ExportResponse = schema7.lookupType('ExportTraceServiceResponse');

function bad(): TestSpan {
  return { ...testSpan(), traceId: Buffer.alloc(16) };
}

function many(count: number): Uint8Array {
  return bodyOf(Array.from({ length: count }, () => testSpan()));
}

function refusedRequests({ collector }: RunningCollector): Record<string, number> {
  return Object.fromEntries(collector.books().refused.map(({ reason, requests }) => [reason, requests]));
}

const ACCEPTED = { code: status.OK, message: '', response: Buffer.alloc(0) };

describe('an accepted message', () => {
  it('is answered without a word, plain or compressed, and its spans are in the books', async () => {
    const running = await startCollector();
    const { otlpGrpc } = running.urls;
    const plain = grpcClient(otlpGrpc);
    const gzip = grpcClient(otlpGrpc, { gzip: true });
    expect(await plain(bodyOf([]))).toMatchObject(ACCEPTED);
    expect(await plain(many(2))).toMatchObject(ACCEPTED);
    expect(await plain(many(3000))).toMatchObject(ACCEPTED);
    expect(await gzip(many(30))).toMatchObject(ACCEPTED);
    // Inflates beyond what is inflated at once.
    expect(await gzip(many(20_000))).toMatchObject(ACCEPTED);
    expect(running.books().spans).toMatchObject({ accepted: 23_032, balanced: true });
    expect(refusedRequests(running)).toEqual({});
    expect(running.books().memory.holders['bodies in flight']).toBe(0);
    const page = await running.metrics();
    expect(page).toContain('evenkeel_receive_requests_total{signal="traces"} 5\n');
    expect(page).toContain('traces_span_metrics_calls_total');
  });

  it('may be compressed by zstd, and come in any pieces', async () => {
    const running = await startCollector();
    const { send, begin } = http2To(running.urls.otlpGrpc);
    expect(await send(framed(zstdCompressSync(many(3)), true), { 'grpc-encoding': 'zstd' })).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity,gzip,zstd',
      'grpc-status': '0',
    });
    const { stream, told } = begin({ 'content-type': 'application/grpc+proto' });
    for (const byte of framed(many(1))) stream.write(Buffer.from([byte]));
    stream.end();
    expect((await told)['grpc-status']).toBe('0');
    // What the encoding is said to be matters only for compressed messages.
    expect((await send(framed(many(1)), { 'grpc-encoding': 'gzip' }))['grpc-status']).toBe('0');
    expect(running.books().spans.accepted).toBe(5);
  });

  it('says how many spans were left out', async () => {
    const running = await startCollector();
    const { code, response } = await grpcClient(running.urls.otlpGrpc)(bodyOf([testSpan(), bad(), bad()]));
    expect(code).toBe(status.OK);
    expect(ExportResponse.toObject(ExportResponse.decode(response ?? Buffer.alloc(1)), { longs: Number })).toEqual({
      partialSuccess: {
        rejectedSpans: 2,
        errorMessage: 'spans with a bad trace id, span id or text were left out',
      },
    });
    expect(running.books().spans).toMatchObject({ accepted: 1, rejected: 2 });
  });

  it('is counted once where it is repeated, through whichever door', async () => {
    const running = await startCollector();
    const body = many(3);
    const call = grpcClient(running.urls.otlpGrpc, { gzip: true });
    expect(await call(body)).toMatchObject(ACCEPTED);
    expect(await call(body)).toMatchObject(ACCEPTED);
    expect((await running.traces(body)).status).toBe(200);
    expect(running.books().spans).toMatchObject({ accepted: 3, duplicates: 6 });
  });

  it('is passed on as it came where it is logs', async () => {
    const sink = await startSink();
    const { urls, delivered } = await startCollector(`export: { otlp: { backend: { endpoint: ${sink.url} } } }`);
    const plain = grpcClient(urls.otlpGrpc);
    const gzip = grpcClient(urls.otlpGrpc, { gzip: true });
    expect(await plain(Buffer.from('some logs'), EXPORT.logs)).toMatchObject(ACCEPTED);
    await delivered();
    expect(await gzip(Buffer.alloc(300_000, 'log '), EXPORT.logs)).toMatchObject(ACCEPTED);
    await delivered();
    expect(sink.requests.map(({ path }) => path)).toEqual(['/v1/logs', '/v1/logs']);
    const [few, logs] = sink.requests;
    expect(few?.raw.toString()).toBe('some logs');
    expect(few?.headers['content-encoding']).toBeUndefined();
    expect(logs?.body).toEqual(Buffer.alloc(300_000, 'log '));
    expect(logs?.headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' });
  });
});

describe('a message that makes no sense', () => {
  it('is refused for good', async () => {
    const running = await startCollector();
    const { otlpGrpc } = running.urls;
    const end = await grpcClient(otlpGrpc)(Buffer.from('nonsense'));
    expect(end).toMatchObject({ code: status.INVALID_ARGUMENT, retryAfterSeconds: undefined });
    expect(end.message).toMatch(/^malformed OTLP body: /);
    const { send } = http2To(otlpGrpc);
    const check = async (bytes: Uint8Array, headers: Record<string, string> = {}): Promise<void> => {
      expect(await send(bytes, headers)).toMatchObject({ ':status': 200, 'grpc-status': '3' });
    };
    await check(framed(Buffer.from('no gzip'), true), { 'grpc-encoding': 'gzip' });
    await check(framed(gzipSync(many(2)).subarray(0, 40), true), { 'grpc-encoding': 'gzip' });
    const refused = refusedRequests(running);
    expect(refused).toMatchObject({ malformed_compression: 2 });
    expect(Object.values(refused).reduce((sum, count) => sum + count)).toBe(3);
    expect(running.books().spans.accepted).toBe(0);
  });

  it('is one that is not one whole message in its frame', async () => {
    const running = await startCollector();
    const { send } = http2To(running.urls.otlpGrpc);
    const whole = framed(many(1));
    const check = async (bytes: Uint8Array, headers: Record<string, string> = {}): Promise<void> => {
      expect(await send(bytes, headers)).toMatchObject({ ':status': 200, 'grpc-status': '3' });
    };
    await check(Buffer.alloc(0));
    await check(whole.subarray(0, 4));
    await check(whole.subarray(0, -1));
    await check(Buffer.concat([whole, whole]));
    await check(Buffer.concat([Buffer.from([2]), whole.subarray(1)]));
    await check(framed(gzipSync(many(1)), true));
    expect(refusedRequests(running)).toEqual({ frame: 6 });
    expect(running.books().memory.holders['bodies in flight']).toBe(0);
  });
});

describe('a call to something else', () => {
  it('is told that nobody serves it', async () => {
    const running = await startCollector();
    const call = grpcClient(running.urls.otlpGrpc);
    const unknown = { code: status.UNIMPLEMENTED, retryAfterSeconds: undefined };
    expect(await call(many(1), '/opentelemetry.proto.collector.trace.v1.TraceService/Import')).toMatchObject(unknown);
    expect(await call(many(1), '/grpc.health.v1.Health/Check')).toMatchObject(unknown);
    expect(await call(many(1), '/__proto__')).toMatchObject(unknown);
    const { send } = http2To(running.urls.otlpGrpc);
    const check = async (headers: Record<string, string>, expected: Told): Promise<void> => {
      expect(await send(framed(many(1)), headers)).toMatchObject(expected);
    };
    await check({ 'grpc-encoding': 'snappy' }, { ':status': 200, 'grpc-status': '12' });
    await check({ 'content-type': 'application/json' }, { ':status': 415 });
    await check({ 'content-type': 'application/grpc+json' }, { ':status': 415 });
    await check({ ':method': 'PUT' }, { ':status': 405 });
    expect(refusedRequests(running)).toEqual({ path: 3, content_encoding: 1, content_type: 2, method: 1 });
    expect(running.books().spans.accepted).toBe(0);
    expect(await call(many(1))).toMatchObject(ACCEPTED);
  });
});
