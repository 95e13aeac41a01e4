// Limits on bodies as senders meet them: one body's size, and the bytes of all bodies in flight.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const MIB = 1024 * 1024;
const SMALL = 'receive: { http: { max_body: 1MiB } }';

function inFlight({ collector }: RunningCollector): number | undefined {
  return collector.books().memory.holders['bodies in flight'];
}

function refusedBy({ collector }: RunningCollector, reason: string): number {
  return collector.books().refused.find((each) => each.reason === reason)?.requests ?? 0;
}

/** A request whose body has begun and is not ended. */
function begin(running: RunningCollector, body: Uint8Array): ClientRequest {
  const request = httpRequest(`${running.urls.otlpHttp}/v1/traces`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/x-protobuf' },
  });
  request.on('error', () => {});
  request.write(body);
  onTestFinished(() => void request.destroy());
  return request;
}

function ended(request: ClientRequest): Promise<number> {
  return new Promise((resolve) => {
    request.once('response', (response) => resolve(response.resume().statusCode ?? 0));
    request.end();
  });
}

/** A body of about so many bytes that does not compress. */
function largeBody(bytes: number): Uint8Array {
  const span = testSpan();
  span.attributes.push({ key: 'blob', value: { bytesValue: randomBytes(bytes) } });
  return bodyOf([span]);
}

describe('a body that is too large', () => {
  it('is refused by its stated length, and as soon as it has come too far', async () => {
    const running = await startCollector(SMALL);
    const url = `${running.urls.otlpHttp}/v1/traces`;
    const headers = { 'content-type': 'application/x-protobuf' };
    const check = async (bytes: number, chunked: boolean): Promise<void> => {
      const answer = await send(url, { method: 'POST', body: Buffer.alloc(bytes), chunked, headers });
      expect(answer.status).toBe(413);
    };
    await check(MIB + 1, false);
    await check(20 * MIB, false);
    await check(MIB + 1, true);
    await check(20 * MIB, true);
    expect(refusedBy(running, 'too_large')).toBe(4);
    expect(inFlight(running)).toBe(0);
  });

  it('is refused by what it inflates to, without inflating it all', async () => {
    const running = await startCollector('receive: { http: { max_body: 8MiB } }');
    const zeros = Buffer.alloc(16 * MIB);
    // Members of one stream: a gigabyte from a megabyte.
    const bombs = {
      gzip: Buffer.concat(Array.from({ length: 64 }, () => gzipSync(zeros))),
      zstd: Buffer.concat(Array.from({ length: 64 }, () => zstdCompressSync(zeros))),
    };
    const before = process.resourceUsage().maxRSS;
    for (const [encoding, bomb] of Object.entries(bombs)) {
      expect((await running.traces(bomb, { 'content-encoding': encoding })).status).toBe(413);
      expect((await running.traces(gzipSync(bomb), { 'content-encoding': 'gzip' })).status).toBe(400);
    }
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(300);
    expect(refusedBy(running, 'too_large')).toBe(2);
    expect(inFlight(running)).toBe(0);
    expect((await running.traces(bodyOf([testSpan()]))).status).toBe(200);
  }, 30_000);

  it('is one above the limit, sent plain or compressed', async () => {
    const running = await startCollector(SMALL);
    const over = largeBody(MIB);
    const exact = (): Uint8Array => largeBody(MIB - (over.length - MIB));
    expect(exact()).toHaveLength(MIB);
    expect((await running.traces(exact())).status).toBe(200);
    expect((await running.traces(zstdCompressSync(exact()), { 'content-encoding': 'zstd' })).status).toBe(413);
    const compressible = bodyOf(Array.from({ length: 8000 }, () => testSpan()));
    expect((await running.traces(gzipSync(compressible), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await running.traces(over)).status).toBe(413);
  });
});

describe('bytes in flight', () => {
  it('beyond their limit refuse others, who are asked to come again', async () => {
    const running = await startCollector('receive: { http: { max_body: 64KiB, max_in_flight: 128KiB } }');
    const slow = begin(running, Buffer.concat([bodyOf([testSpan()]), largeBody(60_000)]));
    const slower = begin(running, largeBody(60_000));
    await eventually('both to hold their bytes', async () => {
      const answer = await running.traces(largeBody(20_000));
      if (answer.status === 200) return false;
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      return true;
    });
    expect(refusedBy(running, 'in_flight')).toBe(1);
    expect(await ended(slow)).toBe(200);
    expect(await ended(slower)).toBe(200);
    expect((await running.traces(largeBody(20_000))).status).toBe(200);
    expect(inFlight(running)).toBe(0);
  });

  it('are given back when a sender goes away half-way', async () => {
    const running = await startCollector('receive: { http: { max_body: 256KiB, max_in_flight: 512KiB } }');
    const { hostname, port } = new URL(running.urls.otlpHttp);
    const goAway = async (end: 'resetAndDestroy' | 'destroy'): Promise<void> => {
      const socket = connect(Number(port), hostname);
      const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n';
      socket.write(`${head}expect: 100-continue\r\ncontent-length: 200000\r\n\r\n`);
      await once(socket, 'data');
      await new Promise((resolve) => {
        socket.write('x'.repeat(190_000), resolve);
      });
      socket[end]();
    };
    for (const end of ['resetAndDestroy', 'destroy', 'destroy', 'resetAndDestroy'] as const) await goAway(end);
    await eventually('the ends to be noticed', () => refusedBy(running, 'aborted') === 4);
    expect(inFlight(running)).toBe(0);
    expect((await running.traces(Buffer.alloc(256 * 1024, 0x0a))).status).toBe(400);
    expect(running.books().spans).toMatchObject({ accepted: 0, pending: 0, balanced: true });
  });

  it('leave room for a large compressed body even where memory is small', async () => {
    const running = await startCollector('memory_limit: 32MiB');
    const body = bodyOf(Array.from({ length: 20_000 }, () => testSpan()));
    expect(body.length).toBeGreaterThan(MIB);
    expect((await running.traces(gzipSync(body), { 'content-encoding': 'gzip' })).status).toBe(200);
    const zstd = zstdCompressSync(largeBody(1_500_000));
    expect((await running.traces(zstd, { 'content-encoding': 'zstd' })).status).toBe(200);
  });
});

describe('traces in JSON', () => {
  it('have a smaller limit of their own, also inflated, since JSON takes many times its size', async () => {
    const running = await startCollector('receive: { http: { max_body: 4MiB, max_json_body: 64KiB } }');
    const json = { 'content-type': 'application/json' };
    const padded = (size: number): string => `{"resourceSpans":[],"x":"${'y'.repeat(size)}"}`;
    expect((await running.traces(padded(60_000), json)).status).toBe(200);
    expect((await running.traces(padded(70_000), json)).status).toBe(413);
    const zipped = { ...json, 'content-encoding': 'gzip' };
    expect((await running.traces(gzipSync(padded(60_000)), zipped)).status).toBe(200);
    expect((await running.traces(gzipSync(padded(1_000_000)), zipped)).status).toBe(413);
  });
});
