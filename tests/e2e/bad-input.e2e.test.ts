// Bad input against the built program: it answers each with a reason, keeps nothing of it, and goes on.
import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { post, send } from '../support/http.ts';
import { mutate } from '../support/mutate.ts';
import { oneOf, pick, type Random, randomBytes, seeded } from '../support/random.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf, jsonBodyOf, traffic } from '../support/traffic.ts';

const MIB = 1024 * 1024;
const CONFIG = `
memory_limit: 64MiB
receive: { http: { max_body: 2MiB, request_timeout: 2s } }
`;

let sidecar: RunningSidecar;
beforeAll(async () => {
  sidecar = await startSidecar({ config: CONFIG });
});

async function books(): Promise<BooksAnswer> {
  return JSON.parse((await send(`${sidecar.urls.page}/api/books`)).body.toString()) as BooksAnswer;
}

/** It is there, its books balance, nothing is stuck at the door. */
async function expectWell(): Promise<void> {
  await eventually('nothing to be in flight', async () => (await books()).memory.holders['bodies in flight'] === 0);
  const { spans } = await books();
  expect(spans.balanced).toBe(true);
  expect((await send(`${sidecar.urls.page}/ready`)).status).toBe(200);
  const before = spans.accepted;
  expect((await post(`${sidecar.urls.otlpHttp}/v1/traces`, bodyOf([testSpan()]))).status).toBe(200);
  expect((await books()).spans.accepted).toBe(before + 1);
}

const BODIES: readonly ((random: Random) => Uint8Array)[] = [
  (random) => randomBytes(random, pick(random, 2000)),
  (random) => mutate(random, bodyOf(traffic({ seed: pick(random, 1e9), traces: 1, maxSpans: 6 }).flat())),
  (random) => {
    const json = jsonBodyOf(traffic({ seed: pick(random, 1e9), traces: 1, maxSpans: 3 }).flat());
    return json.fill(pick(random, 256), pick(random, json.length));
  },
  (random) => Buffer.from('[{"resourceSpans":'.repeat(pick(random, 3000))),
  () => Buffer.alloc(0),
];

const PACKINGS: readonly [encoding: string, pack: (body: Uint8Array) => Uint8Array][] = [
  ['identity', (body) => body],
  ['gzip', (body) => gzipSync(body)],
  ['zstd', (body) => zstdCompressSync(body)],
  ['gzip', (body) => gzipSync(body).subarray(0, 30)],
  ['zstd', (body) => body],
  ['br', (body) => body],
];

describe('the sidecar', () => {
  it('answers two thousand bad bodies, each with a status of its own', async () => {
    const random = seeded(77);
    const statuses = new Map<number, number>();
    for (let round = 0; round < 100; round++) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => {
          const [encoding, pack] = oneOf(random, PACKINGS);
          const body = pack(oneOf(random, BODIES)(random));
          const type = oneOf(random, [
            'application/x-protobuf',
            'application/json',
            'application/json',
            'text/plain',
            '__proto__',
          ]);
          const path = random() < 0.95 ? '/v1/traces' : '/v1/constructor';
          return post(sidecar.urls.otlpHttp + path, body, { 'content-type': type, 'content-encoding': encoding });
        }),
      );
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].sort()).toEqual([200, 400, 404, 415]);
    await expectWell();
  });

  it('answers 413 to what is too large, however it is packed', async () => {
    const url = `${sidecar.urls.otlpHttp}/v1/traces`;
    const zeros = Buffer.alloc(8 * MIB);
    const headers = { 'content-type': 'application/x-protobuf' };
    expect((await post(url, zeros)).status).toBe(413);
    expect((await send(url, { method: 'POST', body: zeros, chunked: true, headers })).status).toBe(413);
    const repeated = (pack: (body: Uint8Array) => Uint8Array): Buffer =>
      Buffer.concat(Array.from({ length: 100 }, () => pack(zeros)));
    expect((await post(url, repeated(gzipSync), { 'content-encoding': 'gzip' })).status).toBe(413);
    expect((await post(url, repeated(zstdCompressSync), { 'content-encoding': 'zstd' })).status).toBe(413);
    await expectWell();
  });

  it('survives what is no HTTP, and senders that vanish', async () => {
    const random = seeded(5);
    const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n';
    const starts = [
      () => randomBytes(random, 300),
      () => Buffer.from(`${head}content-length: 100000\r\n\r\nbegun`),
      () => Buffer.from(`${head}transfer-encoding: chunked\r\n\r\nffffff\r\nbegun`),
      () => Buffer.from(`${head}content-length: -1\r\n\r\n`),
      () => Buffer.from(`${head}content-length: 10\r\ntransfer-encoding: chunked\r\n\r\n`),
      () => Buffer.from('GET //[ HTTP/1.1\r\nhost: localhost\r\n\r\n'),
      () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      () => Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'latin1'),
    ];
    const { otlpHttp, metrics, page } = sidecar.urls;
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const { hostname, port } = new URL([otlpHttp, metrics, page][i % 3] ?? otlpHttp);
        const socket = connect(Number(port), hostname);
        socket.on('error', () => {});
        const start = oneOf(random, starts)();
        await new Promise((resolve) => socket.write(start, resolve));
        if (i % 2 === 0) socket.destroy();
        else socket.resetAndDestroy();
      }),
    );
    await expectWell();
  });

  it('cuts senders that never end their body, and serves others meanwhile', async () => {
    const { hostname, port } = new URL(sidecar.urls.otlpHttp);
    const sockets = Array.from({ length: 30 }, () => connect(Number(port), hostname));
    const ends = sockets.map((socket) => new Promise((resolve) => socket.on('error', () => {}).once('close', resolve)));
    for (const socket of sockets)
      socket.write(
        'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 9999\r\n\r\n',
      );
    expect((await post(`${sidecar.urls.otlpHttp}/v1/traces`, bodyOf([testSpan()]))).status).toBe(200);
    for (const socket of sockets) socket.resume();
    await Promise.all(ends);
    await expectWell();
  });

  it('stays within its memory under a flood, deciding early instead of refusing for good', async () => {
    const url = `${sidecar.urls.otlpHttp}/v1/traces`;
    let sent = 0;
    for (let round = 0; round < 40; round++) {
      const spans = traffic({ seed: round, traces: 60, maxSpans: 30, attributes: 13 }).flat();
      const answer = await post(url, bodyOf(spans));
      expect([200, 503]).toContain(answer.status);
      if (answer.status === 200) sent += spans.length;
    }
    expect(sent).toBeGreaterThan(10_000);
    const { memory } = await books();
    expect((memory.holders['waiting spans'] ?? 0) / MIB).toBeLessThan(64);
    await expectWell();
  });

  it('has said nothing of crashes, and ends in order', async () => {
    expect(sidecar.stderr()).not.toMatch(/INTERNAL|at .*\.js:\d+/);
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });
});
