// Limits on calls as senders meet them: one message's size, the bytes of all bodies in flight, open calls, time.
import { randomBytes } from 'node:crypto';
import type { ClientHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type CallEnd, framed, grpcClient, http2To } from '../../support/grpc.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const MIB = 1024 * 1024;

function inFlight({ collector }: RunningCollector): number | undefined {
  return collector.books().memory.holders['bodies in flight'];
}

function refusedBy({ collector }: RunningCollector, reason: string): number {
  return collector.books().refused.find((each) => each.reason === reason)?.requests ?? 0;
}

/** A body of about so many bytes that does not compress. */
function largeBody(bytes: number): Uint8Array {
  const span = testSpan();
  span.attributes.push({ key: 'blob', value: { bytesValue: randomBytes(bytes) } });
  return bodyOf([span]);
}

/** A body of exactly so many bytes. */
function bodyOfSize(bytes: number): Uint8Array {
  const near = largeBody(bytes);
  return largeBody(bytes - (near.length - bytes));
}

/** Writes bytes and waits until the other side has room for them. */
function written(stream: ClientHttp2Stream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(bytes, () => resolve());
  });
}

describe('a message that is too large', () => {
  const LIMIT = 'receive: { grpc: { max_body: 1MiB } }';
  const tooLarge = { code: status.RESOURCE_EXHAUSTED, retryAfterSeconds: undefined };

  it('is refused for good as soon as it has come too far', async () => {
    const running = await startCollector(LIMIT);
    const call = grpcClient(running.urls.otlpGrpc);
    expect(await call(bodyOfSize(MIB))).toMatchObject({ code: status.OK });
    const over = await call(bodyOfSize(MIB + 1));
    expect(over).toMatchObject({ ...tooLarge, message: 'the body is larger than receive.grpc.max_body' });
    expect(await call(Buffer.alloc(20 * MIB))).toMatchObject(tooLarge);
    expect(await call(largeBody(1000))).toMatchObject({ code: status.OK });
    expect(refusedBy(running, 'too_large')).toBe(2);
    expect(inFlight(running)).toBe(0);
  });

  it('is one above the limit once it is inflated', async () => {
    const running = await startCollector(LIMIT);
    const call = grpcClient(running.urls.otlpGrpc, { gzip: true });
    const spans = (count: number): Uint8Array => bodyOf(Array.from({ length: count }, () => testSpan()));
    expect(await call(spans(5000))).toMatchObject({ code: status.OK });
    expect(await call(spans(25_000))).toMatchObject({
      ...tooLarge,
      message: 'the inflated body is larger than receive.grpc.max_body',
    });
    expect(refusedBy(running, 'too_large')).toBe(1);
    expect(inFlight(running)).toBe(0);
  });

  it('is not inflated all the way', async () => {
    const running = await startCollector('receive: { grpc: { max_body: 8MiB } }');
    // Members of one stream: a gigabyte from a megabyte.
    const member = gzipSync(Buffer.alloc(16 * MIB));
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));
    const { send } = http2To(running.urls.otlpGrpc);
    const before = process.resourceUsage().maxRSS;
    const told = await Promise.all(
      Array.from({ length: 4 }, () => send(framed(bomb, true), { 'grpc-encoding': 'gzip' })),
    );
    // Room for each is taken before it is inflated, so that not all get that far at once.
    for (const each of told) expect(['8', '14']).toContain(each['grpc-status']);
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(300);
    expect(refusedBy(running, 'too_large')).toBeGreaterThan(0);
    expect(inFlight(running)).toBe(0);
    expect(await grpcClient(running.urls.otlpGrpc)(largeBody(10))).toMatchObject({ code: status.OK });
  }, 30_000);
});

const TIGHT = 'receive: { http: { max_in_flight: 128KiB }, grpc: { request_timeout: 20s } }';

/** Two calls whose messages take nearly all the room there is, and are not ended; the first refusal they cause. */
async function fill({ urls: { otlpGrpc } }: RunningCollector) {
  const slow = [http2To(otlpGrpc), http2To(otlpGrpc)].map(({ session, begin }) => ({ session, ...begin() }));
  for (const { stream } of slow) await written(stream, framed(bodyOfSize(60_000)));
  const call = grpcClient(otlpGrpc);
  const refused = await eventually('both to hold their bytes', async (): Promise<CallEnd | false> => {
    const end = await call(largeBody(20_000));
    return end.code !== status.OK && end;
  });
  return { slow, refused, call };
}

describe('bytes in flight', () => {
  it('beyond their limit refuse others, who are asked to come again', async () => {
    const running = await startCollector(TIGHT);
    const { slow, refused, call } = await fill(running);
    expect(refused).toMatchObject({ code: status.UNAVAILABLE, retryAfterSeconds: 1 });
    // The other door has the same room.
    expect((await running.traces(largeBody(20_000))).status).toBe(503);
    expect(refusedBy(running, 'in_flight')).toBe(2);
    for (const { stream, told } of slow) {
      stream.end();
      expect((await told)['grpc-status']).toBe('0');
    }
    expect(await call(largeBody(20_000))).toMatchObject({ code: status.OK });
    expect(inFlight(running)).toBe(0);
  });

  it('refuse those who still write so that each of them hears it', async () => {
    const running = await startCollector(TIGHT);
    const { slow } = await fill(running);
    const ends = await Promise.all(
      Array.from({ length: 20 }, () => grpcClient(running.urls.otlpGrpc)(Buffer.alloc(2 * MIB))),
    );
    for (const end of ends) expect(end).toMatchObject({ code: status.UNAVAILABLE, retryAfterSeconds: 1 });
    for (const { stream } of slow) stream.end();
  });

  it('are given back when a sender goes away half-way', async () => {
    const running = await startCollector(TIGHT);
    const { slow, call } = await fill(running);
    slow[0]?.stream.destroy(new Error('cancelled'));
    slow[1]?.session.destroy();
    await eventually('the ends to be noticed', () => refusedBy(running, 'aborted') === 2);
    expect(inFlight(running)).toBe(0);
    expect(await call(bodyOfSize(65_000))).toMatchObject({ code: status.OK });
  });

  it('are not taken by what senders only claim', async () => {
    const running = await startCollector(TIGHT);
    const claims = Array.from({ length: 50 }, () => http2To(running.urls.otlpGrpc).begin());
    await Promise.all(claims.map(({ stream }) => written(stream, Buffer.from([0, 0, 0, 0xff, 0]))));
    expect(await grpcClient(running.urls.otlpGrpc)(largeBody(20_000))).toMatchObject({ code: status.OK });
  });
});

describe('open calls', () => {
  it('beyond their limit refuse others, who are asked to come again', async () => {
    const running = await startCollector();
    const sessions = Array.from({ length: 11 }, () => http2To(running.urls.otlpGrpc));
    const open = Array.from({ length: 1024 }, (_, i) => sessions[i % 11]?.begin());
    const call = grpcClient(running.urls.otlpGrpc);
    const refused = await eventually('the door to be full', async (): Promise<CallEnd | false> => {
      const end = await call(largeBody(10));
      return end.code !== status.OK && end;
    });
    expect(refused).toMatchObject({ code: status.UNAVAILABLE, retryAfterSeconds: 1 });
    expect(refusedBy(running, 'in_flight')).toBe(1);
    open[0]?.stream.end(framed(largeBody(10)));
    expect((await open[0]?.told)?.['grpc-status']).toBe('0');
    expect(await call(largeBody(10))).toMatchObject({ code: status.OK });
  });

  it('end where their message does not arrive in time', async () => {
    const running = await startCollector(TIGHT);
    const { slow, call } = await fill(running);
    running.clock.advance(19_999);
    expect(await call(largeBody(20_000))).toMatchObject({ code: status.UNAVAILABLE });
    running.clock.advance(1);
    for (const { told } of slow) expect(await told).toMatchObject({ ':status': 200, 'grpc-status': '4' });
    await eventually('the bytes to be given back', () => refusedBy(running, 'aborted') === 2);
    expect(inFlight(running)).toBe(0);
    expect(await call(largeBody(20_000))).toMatchObject({ code: status.OK });
  });
});
