// Logs at the door where they follow their trace: in every form and encoding they come in, they are read or refused.
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EXPORT, grpcClient } from '../../support/grpc.ts';
import { post } from '../../support/http.ts';
import { logsBody, logsRequest, recordsOf, type RecordShape } from '../../support/log-records.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { type Sink, startSink } from '../../support/sink.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };

const yaml = ({ url }: Sink, more = '', exporter = ''): string => `
logs: follow
export: { otlp: { backend: { endpoint: "${url}", signals: [traces, logs]${exporter} } } }
${more}
`;

/** Nothing of it waits: of no trace, or too severe. */
const SHAPES: readonly RecordShape[] = [
  { says: 'größe' },
  { says: 'bad', severity: 17, trace: 'a', scope: 'other' },
  { says: 'elsewhere', service: 'cart' },
];

/** OTLP/JSON: ids in hexadecimal. */
function jsonBody(shapes: readonly RecordShape[]): Buffer {
  const text = JSON.stringify(logsRequest(shapes), (key, value: unknown) => {
    const isId = (key === 'traceId' || key === 'spanId') && typeof value === 'object';
    return isId ? Buffer.from((value as { data: number[] }).data).toString('hex') : value;
  });
  return Buffer.from(text);
}

async function sendTo({ urls, delivered }: RunningCollector, body: Uint8Array, headers: object): Promise<number> {
  const { status } = await post(`${urls.otlpHttp}/v1/logs`, body, { ...headers });
  await delivered();
  return status;
}

describe('logs that are read at the door', () => {
  it('arrive the same from every form and encoding', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink));
    const [protobuf, json] = [logsBody(...SHAPES), jsonBody(SHAPES)];
    const gzip = { 'content-encoding': 'gzip' };
    const zstd = { 'content-encoding': 'zstd' };
    for (const [body, headers] of [
      [protobuf, PROTOBUF],
      [json, JSON_TYPE],
      [gzipSync(protobuf), { ...PROTOBUF, ...gzip }],
      [gzipSync(json), { ...JSON_TYPE, ...gzip }],
      [zstdCompressSync(protobuf), { ...PROTOBUF, ...zstd }],
      [zstdCompressSync(json), { ...JSON_TYPE, ...zstd }],
    ] as const) {
      expect(await sendTo(running, body, headers)).toBe(200);
      const arrived = sink.requests.at(-1);
      expect(arrived?.headers).toMatchObject({ 'content-type': 'application/x-protobuf', ...gzip });
      expect(recordsOf(arrived?.body ?? Buffer.alloc(0))).toEqual(recordsOf(protobuf));
    }
    for (const [i, isGzip] of [false, true].entries()) {
      const call = grpcClient(running.urls.otlpGrpc, { gzip: isGzip });
      expect(await call(protobuf, EXPORT.logs)).toMatchObject({ code: 0 });
      await running.delivered();
      expect(sink.requests).toHaveLength(7 + i);
      expect(recordsOf(sink.requests.at(-1)?.body ?? Buffer.alloc(0))).toEqual(recordsOf(protobuf));
    }
    expect(running.books().logs).toMatchObject({ accepted: 24, passed: { no_trace: 16, severity: 8 }, balanced: true });
  });

  it('leave in the compression of the exporter', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink, '', ', compression: none'));
    expect(await sendTo(running, gzipSync(logsBody(...SHAPES)), { ...PROTOBUF, 'content-encoding': 'gzip' })).toBe(200);
    expect(sink.requests[0]?.headers['content-encoding']).toBeUndefined();
    expect(recordsOf(sink.requests[0]?.raw ?? Buffer.alloc(0))).toHaveLength(3);
  });

  it('are refused where they are malformed, and nothing of them is passed on or counted as accepted', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink));
    const whole = logsBody(...SHAPES);
    const check = async (body: Uint8Array, headers: object): Promise<void> =>
      expect(await sendTo(running, body, headers), JSON.stringify(headers)).toBe(400);
    await check(whole.subarray(0, -1), PROTOBUF);
    await check(Buffer.from('{'), JSON_TYPE);
    await check(Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"zz"}]}]}]}'), JSON_TYPE);
    await check(Buffer.from('x'), { ...PROTOBUF, 'content-encoding': 'gzip' });
    await check(gzipSync(whole.subarray(0, -1)), { ...PROTOBUF, 'content-encoding': 'gzip' });
    const call = grpcClient(running.urls.otlpGrpc);
    expect(await call(whole.subarray(0, -1), EXPORT.logs)).toMatchObject({ code: 3 });
    expect(sink.requests).toHaveLength(0);
    expect(running.books().logs).toMatchObject({ accepted: 0, held: 0 });
    expect(running.books().refused.reduce((sum, { requests }) => sum + requests, 0)).toBe(6);
  });

  it('are bounded by what they inflate to, and in JSON by what is parsed', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink, 'receive: { http: { max_body: 256KiB, max_json_body: 64KiB } }'));
    const large = (bytes: number): RecordShape[] => [{ says: 'x'.repeat(bytes) }];
    expect(
      await sendTo(running, gzipSync(logsBody(...large(300_000))), { ...PROTOBUF, 'content-encoding': 'gzip' }),
    ).toBe(413);
    expect(await sendTo(running, logsBody(...large(200_000)), PROTOBUF)).toBe(200);
    expect(await sendTo(running, jsonBody(large(70_000)), JSON_TYPE)).toBe(413);
    expect(await sendTo(running, gzipSync(jsonBody(large(70_000))), { ...JSON_TYPE, 'content-encoding': 'gzip' })).toBe(
      413,
    );
  });

  it('are redacted before they are read, in either form', async () => {
    const sink = await startSink();
    const rules = 'redaction: { rules: [{ name: words, values: [secret], action: drop }] }';
    const running = await startCollector(yaml(sink, rules));
    const shapes = [{ says: 'secret one' }];
    for (const [body, headers] of [
      [gzipSync(logsBody(...shapes)), { ...PROTOBUF, 'content-encoding': 'gzip' }],
      [jsonBody(shapes), JSON_TYPE],
    ] as const) {
      expect(await sendTo(running, body, headers)).toBe(200);
      const arrived = gunzipSync(sink.requests.at(-1)?.raw ?? Buffer.alloc(0)).toString('latin1');
      expect([arrived.includes('secret'), arrived.includes('redacted')]).toEqual([false, true]);
    }
    expect(await running.metrics()).toMatch(/^evenkeel_receive_redacted_total\{rule="words"\} 2$/m);
  });

  it('are passed on byte for byte, unread, where they do not follow', async () => {
    for (const mode of ['', 'logs: pass', 'logs: false', 'logs: { mode: pass }']) {
      const sink = await startSink();
      const running = await startCollector(yaml(sink).replace('logs: follow', mode));
      const broken = gzipSync(Buffer.from('no logs at all'));
      expect(await sendTo(running, broken, { ...PROTOBUF, 'content-encoding': 'gzip' })).toBe(200);
      expect(sink.requests[0]?.raw).toEqual(broken);
      expect(running.books().logs).toBeUndefined();
    }
  });
});
