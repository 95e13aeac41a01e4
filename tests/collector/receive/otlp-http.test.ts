import { Agent } from 'node:http';
import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Answered, post, send, talk } from '../../support/http.ts';
import { schema7 } from '../../support/otlp-schema.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, jsonBodyOf, type TestSpan } from '../../support/traffic.ts';

const ExportResponse = schema7.lookupType('ExportTraceServiceResponse');
const RpcStatus = protobuf
  .parse('syntax = "proto3"; message Status { int32 code = 1; string message = 2; }')
  .root.lookupType('Status');

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

function bad(): TestSpan {
  return { ...testSpan(), traceId: Buffer.alloc(16) };
}

function rejectedIn({ headers, body }: Answered): { rejected: number; message: string } {
  if (headers['content-type'] === JSON_TYPE) {
    const { partialSuccess } = JSON.parse(body.toString()) as {
      partialSuccess?: { rejectedSpans: string; errorMessage: string };
    };
    return { rejected: Number(partialSuccess?.rejectedSpans ?? 0), message: partialSuccess?.errorMessage ?? '' };
  }
  const { partialSuccess } = ExportResponse.toObject(ExportResponse.decode(body), { longs: Number }) as {
    partialSuccess?: { rejectedSpans: number; errorMessage: string };
  };
  return { rejected: partialSuccess?.rejectedSpans ?? 0, message: partialSuccess?.errorMessage ?? '' };
}

function statusIn({ headers, body }: Answered): { code: number; message: string } {
  if (headers['content-type'] === JSON_TYPE) return JSON.parse(body.toString()) as { code: number; message: string };
  expect(headers['content-type']).toBe(PROTOBUF);
  return RpcStatus.toObject(RpcStatus.decode(body)) as { code: number; message: string };
}

function refusedRequests({ collector }: RunningCollector): Record<string, number> {
  return Object.fromEntries(collector.books().refused.map(({ reason, requests }) => [reason, requests]));
}

describe('an accepted body', () => {
  it('is answered in its own encoding, without a word', async () => {
    const { traces, books } = await startCollector();
    const check = async (body: Uint8Array, headers: Record<string, string>, text: string): Promise<void> => {
      const answer = await traces(body, headers);
      const type = headers['content-type']?.includes('json') === true ? JSON_TYPE : PROTOBUF;
      expect([answer.status, answer.headers['content-type'], answer.body.toString()]).toEqual([200, type, text]);
    };
    await check(bodyOf([testSpan()]), {}, '');
    await check(jsonBodyOf([testSpan()]), { 'content-type': JSON_TYPE }, '{}');
    await check(jsonBodyOf([testSpan()]), { 'content-type': 'application/json; charset=utf-8' }, '{}');
    await check(bodyOf([testSpan()]), { 'content-type': 'Application/X-Protobuf;charset=UTF-8' }, '');
    await check(bodyOf([testSpan()]), { 'content-encoding': 'identity' }, '');
    await check(gzipSync(bodyOf([testSpan()])), { 'content-encoding': 'gzip' }, '');
    await check(zstdCompressSync(bodyOf([testSpan()])), { 'content-encoding': 'ZSTD' }, '');
    await check(gzipSync(jsonBodyOf([testSpan()])), { 'content-encoding': 'gzip', 'content-type': JSON_TYPE }, '{}');
    await check(new Uint8Array(0), {}, '');
    await check(Buffer.from('{}'), { 'content-type': JSON_TYPE }, '{}');
    expect(books().spans.accepted).toBe(8);
  });

  it('may be sent without its length', async () => {
    const { urls, books } = await startCollector();
    const headers = { 'content-type': PROTOBUF };
    const sent = { method: 'POST', body: bodyOf([testSpan(), testSpan()]), chunked: true, headers };
    expect((await send(`${urls.otlpHttp}/v1/traces?source=test`, sent)).status).toBe(200);
    expect(books().spans.accepted).toBe(2);
  });

  it('tells how many of its spans were left out', async () => {
    const { traces, books } = await startCollector();
    const check = async (spans: () => TestSpan[], rejected: number): Promise<void> => {
      for (const [type, encode] of [
        [PROTOBUF, bodyOf],
        [JSON_TYPE, jsonBodyOf],
      ] as const) {
        const answer = await traces(encode(spans()), { 'content-type': type });
        expect(answer.status).toBe(200);
        expect(rejectedIn(answer)).toEqual({ rejected, message: expect.stringMatching(/left out/) as string });
      }
    };
    await check(() => [testSpan(), bad(), testSpan()], 1);
    await check(() => [bad(), bad()], 2);
    await check(() => [testSpan(), { ...testSpan(), spanId: Buffer.alloc(8) }], 1);
    await check(() => [testSpan(), { ...testSpan(), spanId: Buffer.alloc(3, 1) }], 1);
    expect(books().spans).toMatchObject({ accepted: 8, rejected: 10 });
  });

  it('is counted once when it comes again, and answered alike', async () => {
    const { traces, books, clock } = await startCollector();
    const body = bodyOf([testSpan(), testSpan(), bad()]);
    const first = await traces(body);
    const second = await traces(gzipSync(body), { 'content-encoding': 'gzip' });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(books().spans).toMatchObject({ accepted: 2, rejected: 1, duplicates: 2, balanced: true });
    clock.advance(61_000);
    await traces(body);
    expect(books().spans).toMatchObject({ accepted: 4, duplicates: 2, balanced: true });
  });
});

describe('a refused request', () => {
  interface Case {
    path?: string;
    method?: string;
    type?: string;
    encoding?: string;
    body?: Uint8Array | string;
  }
  const cases: readonly [title: string, request: Case, status: number, code: number, reason: string][] = [
    ['bytes that are no protobuf', { body: 'not protobuf at all' }, 400, 3, 'malformed_'],
    ['a cut body', { body: bodyOf([testSpan()]).slice(0, -3) }, 400, 3, 'malformed_truncated'],
    ['text that is no JSON', { type: JSON_TYPE, body: '{"resourceSpans": [' }, 400, 3, 'malformed_json'],
    ['JSON of wrong types', { type: JSON_TYPE, body: '{"resourceSpans": 1}' }, 400, 3, 'malformed_json'],
    ['JSON in bad UTF-8', { type: JSON_TYPE, body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 3, 'malformed_utf8'],
    ['bytes that are no gzip', { encoding: 'gzip', body: 'plain' }, 400, 3, 'malformed_compression'],
    ['bytes that are no zstd', { encoding: 'zstd', body: 'plain' }, 400, 3, 'malformed_compression'],
    ['a cut gzip', { encoding: 'gzip', body: gzipSync(bodyOf([testSpan()])).subarray(0, 40) }, 400, 3, 'malformed_'],
    ['an unknown path', { path: '/v2/traces' }, 404, 5, 'path'],
    ['an unknown path in JSON', { path: '/', type: JSON_TYPE }, 404, 5, 'path'],
    ['another method', { method: 'GET' }, 405, 12, 'method'],
    ['another method for metrics', { method: 'PUT', path: '/v1/metrics' }, 405, 12, 'method'],
    ['an unknown type', { type: 'text/plain' }, 415, 3, 'content_type'],
    ['no type', { type: '' }, 415, 3, 'content_type'],
    ['a type named like a property', { type: 'constructor' }, 415, 3, 'content_type'],
    ['a type named like another', { type: '__proto__' }, 415, 3, 'content_type'],
    ['an unknown encoding', { encoding: 'br' }, 415, 3, 'content_encoding'],
    ['two encodings', { encoding: 'gzip, gzip', type: JSON_TYPE }, 415, 3, 'content_encoding'],
  ];

  it.each(cases)('names the reason: %s', async (_, request, status, code, reason) => {
    const running = await startCollector();
    const { path = '/v1/traces', method = 'POST', type = PROTOBUF, encoding = '', body = '' } = request;
    const answer = await send(running.urls.otlpHttp + path, {
      method,
      body,
      headers: {
        ...(type === '' ? {} : { 'content-type': type }),
        ...(encoding === '' ? {} : { 'content-encoding': encoding }),
      },
    });
    expect(answer.status).toBe(status);
    const expectedType = type === JSON_TYPE ? JSON_TYPE : PROTOBUF;
    expect(answer.headers['content-type']).toBe(expectedType);
    expect(statusIn(answer)).toEqual({ code, message: expect.stringMatching(/./) as string });
    expect(answer.headers.allow).toBe(status === 405 ? 'POST' : undefined);
    expect(answer.headers['retry-after']).toBeUndefined();
    const [[counted = '', times] = []] = Object.entries(refusedRequests(running));
    expect([counted.startsWith(reason), times]).toEqual([true, 1]);
    expect(running.books().spans).toMatchObject({ accepted: 0, pending: 0, balanced: true });
    expect((await running.traces(bodyOf([testSpan()]))).status).toBe(200);
  });

  it('leaves the connection for the next one', async () => {
    const { traces, urls } = await startCollector();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const url = `${urls.otlpHttp}/v1/traces`;
    const sendAs = (type: string, body: Uint8Array | string): Promise<Answered> =>
      send(url, { method: 'POST', body, agent, headers: { 'content-type': type } });
    const answers = [
      await sendAs(PROTOBUF, 'nonsense'),
      await sendAs('text/plain', ''),
      await sendAs(JSON_TYPE, '{'),
      await sendAs(PROTOBUF, bodyOf([testSpan()])),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 415, 400, 200]);
    expect(answers.map(({ reused }) => reused)).toEqual([false, true, true, true]);
    expect((await traces(bodyOf([testSpan()]))).status).toBe(200);
  });

  it('does not hold up those behind it on the same connection', async () => {
    const { urls, books } = await startCollector();
    const { host } = new URL(urls.otlpHttp);
    const request = (type: string, body: Uint8Array, last = ''): Buffer =>
      Buffer.concat([
        Buffer.from(
          `POST /v1/traces HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n${last}\r\n`,
        ),
        body,
      ]);
    const heard = await talk(
      urls.otlpHttp,
      Buffer.concat([
        request(PROTOBUF, bodyOf([testSpan()])),
        request(PROTOBUF, Buffer.from('nonsense')),
        request(JSON_TYPE, jsonBodyOf([testSpan(), bad()])),
        request('text/plain', new Uint8Array(0)),
        request(PROTOBUF, bodyOf([testSpan()]), 'connection: close\r\n'),
      ]),
    );
    expect([...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '200',
      '400',
      '200',
      '415',
      '200',
    ]);
    expect(books().spans.accepted).toBe(3);
  });

  it('is heard by a sender that is still writing, before its connection closes', async () => {
    const { urls } = await startCollector();
    const check = async (head: string, first: string, rest: string): Promise<void> => {
      const { hostname, port } = new URL(urls.otlpHttp);
      const socket = connect(Number(port), hostname);
      socket.write(`${head} HTTP/1.1\r\nhost: localhost\r\n${first}`);
      let heard = '';
      for await (const data of socket as AsyncIterable<Buffer>) {
        heard += data.toString();
        if (/\r\n\r\n./s.test(heard)) socket.write(rest);
      }
      expect(heard).toMatch(/^HTTP\/1\.1 4\d\d .*\r\nconnection: close\r\n/is);
    };
    await check('POST /v1/traces', 'content-type: text/plain\r\ncontent-length: 8\r\n\r\nonly', ' now');
    await check('POST /other', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n', '0\r\n\r\n');
    const large = 'x'.repeat(20_000_000);
    await check('POST /v1/traces', 'content-type: application/json\r\ncontent-length: 20000000\r\n\r\n', large);
  });

  it('does not disturb others at the same time', async () => {
    const { traces, books } = await startCollector();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => traces(i % 3 === 0 ? `nonsense ${i}` : bodyOf([testSpan(), testSpan()]))),
    );
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(40);
    expect(books().spans).toMatchObject({ accepted: 80, balanced: true });
    expect(books().memory.holders['bodies in flight']).toBe(0);
  });
});

describe('a request of a web page', () => {
  const check = async (door: RunningCollector, headers: Record<string, string>, status: number): Promise<void> => {
    const answer = await door.traces(bodyOf([testSpan()]), headers);
    expect([headers, answer.status]).toEqual([headers, status]);
    if (status === 403) expect(statusIn(answer).message).toBe('this address is served under its own name only');
  };

  it('is refused where a name of its own was made to point here, while programs may use any name', async () => {
    const door = await startCollector('receive: { http: { host_names: [shop.internal] } }');
    const origin = 'http://evil.example';
    await check(door, { host: 'evil.example', origin }, 403);
    await check(door, { host: 'evil.example:4318', origin: 'null' }, 403);
    await check(door, { host: 'host.docker.internal:4318' }, 200);
    for (const host of ['localhost:4318', '127.0.0.1', '[::1]:4318', 'shop.internal'])
      await check(door, { host, origin: 'http://localhost:3000' }, 200);
    expect(refusedRequests(door)).toEqual({ foreign_name: 2 });
  });

  it('is not judged by its name beyond loopback', async () => {
    const door = await startCollector('receive: { http: { host: 0.0.0.0 } }');
    await check(door, { host: 'sidecar:4318', origin: 'http://shop.example' }, 200);
  });
});

describe('logs', () => {
  it('are taken and counted as dropped where nobody wants them', async () => {
    const { urls, metrics } = await startCollector();
    const check = async (path: string, type: string, text: string): Promise<void> => {
      const answer = await post(urls.otlpHttp + path, 'any bytes', { 'content-type': type });
      expect([answer.status, answer.headers['content-type'], answer.body.toString()]).toEqual([200, type, text]);
    };
    await check('/v1/logs', PROTOBUF, '');
    await check('/v1/logs', JSON_TYPE, '{}');
    const page = await metrics();
    expect(page).toContain('evenkeel_export_dropped_total{signal="logs",reason="no_exporter"} 2\n');
    expect(page).toContain('evenkeel_receive_requests_total{signal="logs"} 2\n');
    expect(page).toContain('evenkeel_receive_size_bytes_total{signal="logs"} 18\n');
  });
});
