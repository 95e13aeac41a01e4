import { receiveStageConfig } from '../../../collector/src/receive/config.ts';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { receive, type ReceiveStage } from '../../../collector/src/receive/stage.ts';
import { receiveInstruments } from '../../../collector/src/receive/instruments.ts';
import type { Received } from '../../../collector/src/receive/otlp-http.ts';
import type { SpanBatch } from '../../../collector/src/otlp/span-batch.ts';
import { post, talk } from '../../support/http.ts';
import { releaseBatch } from '../../support/intake.ts';
import { startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const MIB = 1024 * 1024;

interface Door {
  readonly url: string;
  readonly stage: ReceiveStage;
  readonly own: TestHost<typeof receiveInstruments>;
}

/** The stage alone, with a next one that the test writes. */
async function openDoor(http: object, consume: (batch: Received) => void, maxArena?: number): Promise<Door> {
  const own = testHost('receive', receiveInstruments);
  const config = receiveStageConfig.parse({
    http: { port: 0, ...http },
    grpc: false,
    sources: {},
    dimensions: [],
    ...(maxArena === undefined ? {} : { max_arena: maxArena }),
  });
  const stage = receive.create(config, own.host, { consume: async (batch) => consume(batch) });
  await stage.start();
  onTestFinished(() => stage.stop());
  return { url: stage.url, stage, own };
}

/** Keeps the spans of a batch, as a buffer does; the answer gives them back. */
function hold(batch: SpanBatch): () => void {
  const { arena, contextTable, segment, count } = batch;
  const lengths = batch.length.slice(0, count);
  const contexts = batch.context.slice(0, count);
  return () => {
    lengths.forEach((length) => arena.release(segment, length));
    contexts.forEach((context) => contextTable.release(context, 1));
  };
}

describe('the door', () => {
  it('refuses while the memory for spans is full, and takes again when there is room', async () => {
    const held: (() => void)[] = [];
    const { url, own } = await openDoor(
      { max_body: '1MiB' },
      (batch) => {
        if (batch.signal === 'traces') held.push(hold(batch));
      },
      5 * MIB,
    );
    const large = (): Uint8Array => {
      const blob = { key: 'blob', value: { bytesValue: Buffer.alloc(700_000) } };
      return bodyOf([{ ...testSpan(), attributes: [blob] }]);
    };
    const answers: number[] = [];
    for (let i = 0; i < 12 && !answers.includes(503); i++) {
      const answer = await post(`${url}/v1/traces`, large());
      answers.push(answer.status);
      if (answer.status === 503) expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
    expect(answers.at(-1)).toBe(503);
    expect(own.counts('refused')).toEqual({ over_budget: 1 });
    expect(own.read('spans')).toBe(answers.length - 1);
    for (const giveBack of held.splice(0)) giveBack();
    expect((await post(`${url}/v1/traces`, large())).status).toBe(200);
  });

  it('refuses while too many distinct resources wait, and takes again when they are gone', async () => {
    const held: (() => void)[] = [];
    const { url, own } = await openDoor({}, (batch) => {
      if (batch.signal === 'traces') held.push(hold(batch));
    });
    const services = (from: number, count: number): Uint8Array =>
      bodyOf(Array.from({ length: count }, (_, i) => testSpan({ service: `service ${from + i}` })));
    expect((await post(`${url}/v1/traces`, services(0, 8000))).status).toBe(200);
    const refused = await post(`${url}/v1/traces`, services(8000, 400));
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(own.counts('refused')).toEqual({ contexts: 1 });
    expect(own.read('spans')).toBe(8000);
    expect((await post(`${url}/v1/traces`, services(0, 3))).status).toBe(200);
    for (const giveBack of held.splice(0)) giveBack();
    expect((await post(`${url}/v1/traces`, services(8000, 400))).status).toBe(200);
  });

  it('answers 500 and goes on where the next stage fails', async () => {
    let fail = true;
    const { url, own } = await openDoor({}, (batch) => {
      if (batch.signal === 'traces') releaseBatch(batch);
      if (fail) throw new Error('out of order');
    });
    const answer = await post(`${url}/v1/traces`, bodyOf([testSpan()]));
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('out of order');
    expect(own.log.join()).toContain('INTERNAL: Error: out of order');
    fail = false;
    expect((await post(`${url}/v1/traces`, bodyOf([testSpan()]))).status).toBe(200);
    expect(own.counts('refused')).toEqual({ internal: 1 });
  });

  it('cuts a sender that is too slow', async () => {
    const { url, own } = await openDoor({ request_timeout: '50ms' }, () => {});
    const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n';
    const heard = await talk(url, `${head}content-length: 1000\r\n\r\nonly this`);
    expect(heard).toMatch(/^HTTP\/1\.1 408 /);
    expect(own.counts('refused')).toEqual({ aborted: 1 });
    expect(own.read('in_flight')).toBe(0);
    expect((await post(`${url}/v1/traces`, bodyOf([]))).status).toBe(200);
  }, 30_000);

  it('may be closed before it is opened, and twice', async () => {
    const own = testHost('receive', receiveInstruments);
    const config = receiveStageConfig.parse({ http: { port: 0 }, grpc: { port: 0 }, sources: {}, dimensions: [] });
    const stage = receive.create(config, own.host, { consume: async () => {} });
    await stage.stop?.();
    await stage.start?.();
    await stage.stop?.();
    await stage.stop?.();
    await expect(post(`${stage.url}/v1/traces`, '')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('lets an open request end when it closes, and takes no new one', async () => {
    const { url, stage } = await openDoor({}, () => {});
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let heard = '';
    socket.on('data', (data: Buffer) => {
      heard += data.toString();
      if (heard.includes('200 OK')) socket.end();
    });
    const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const body = '{}';
    await new Promise((resolve) => {
      socket.write(`${head}content-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`);
      socket.once('data', resolve);
    });
    const stopped = stage.stop();
    await expect(post(`${url}/v1/traces`, '')).rejects.toThrow(/ECONNREFUSED/);
    socket.write(body);
    await stopped;
    expect(heard).toContain('HTTP/1.1 200 OK');
  });
});

describe('logs', () => {
  it('are forwarded as they came, compressed or not', async () => {
    const sink = await startSink();
    const { urls, delivered } = await startCollector(`export: { otlp: { backend: { endpoint: ${sink.url} } } }`);
    const check = async (path: string, body: Uint8Array, headers: Record<string, string>): Promise<void> => {
      expect((await post(urls.otlpHttp + path, body, headers)).status).toBe(200);
      await delivered();
      const arrived = sink.requests.at(-1);
      expect([arrived?.path, arrived?.raw]).toEqual([path, Buffer.from(body)]);
      expect(arrived?.headers).toMatchObject(headers);
    };
    const protobuf = { 'content-type': 'application/x-protobuf' };
    const json = { 'content-type': 'application/json' };
    await check('/v1/logs', Buffer.from('some logs'), protobuf);
    await check('/v1/logs', Buffer.from('{"resourceLogs":[]}'), json);
    await check('/v1/logs', gzipSync('{"resourceLogs":[]}'), { ...json, 'content-encoding': 'gzip' });
    await check('/v1/logs', gzipSync(Buffer.alloc(300_000)), { ...protobuf, 'content-encoding': 'gzip' });
    expect(sink.requests).toHaveLength(4);
    expect(sink.requests[0]?.headers['content-encoding']).toBeUndefined();
  });

  it('are counted as dropped where the receiver refuses them for good', async () => {
    const sink = await startSink();
    sink.react({ status: 400 });
    const { urls, metrics, books } = await startCollector(`export: { otlp: { backend: { endpoint: ${sink.url} } } }`);
    expect((await post(`${urls.otlpHttp}/v1/logs`, 'x')).status).toBe(200);
    await expect.poll(() => metrics()).toContain('evenkeel_export_dropped_total{signal="logs",reason="failed"} 1\n');
    expect(books().exporters).toMatchObject([{ delivered: 0, rejected: 0, queued: 0, balanced: true }]);
  });
});
