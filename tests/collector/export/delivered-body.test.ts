// The memory of a body is given back as soon as it is sent, and not a byte before.
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { rig } from '../../support/exporter-rig.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { spansOf, startSink } from '../../support/sink.ts';
import { testSpan } from '../../support/test-span.ts';
import { traffic } from '../../support/traffic.ts';

/** More than a connection takes at once: a body ends behind the span that makes it larger than it should be. */
const LARGE = [
  ...traffic({ seed: 3, traces: 30, maxSpans: 380, attributes: 13 }).flat(),
  { ...testSpan(), attributes: [{ key: 'blob', value: { stringValue: 'x'.repeat(3_500_000) } }] },
];

/** A receiver that says yes at the first byte, and reads the rest when it is told to. */
async function hastyReceiver(): Promise<{ url: string; sockets: Socket[]; received: Buffer[] }> {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once('data', (first) => {
      received.push(first);
      socket.pause();
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      socket.on('data', (more: Buffer) => received.push(more));
      socket.pause();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, received };
}

it('sends every byte to a receiver that answers before it has read them', async () => {
  const { url, sockets, received } = await hastyReceiver();
  const { exporter, read } = await rig(url, { compression: 'none' });
  exporter.take(keptBatch(LARGE));
  await eventually('the early answer', () => read('delivered', { exporter: 'backend' }) > 0);
  for (const socket of sockets) socket.resume();
  const head = (): number => Buffer.concat(received).indexOf('\r\n\r\n') + 4;
  const bodyLength = (): number =>
    Number(/content-length: (\d+)/i.exec(Buffer.concat(received).toString('latin1'))?.[1]);
  await eventually('the rest', () => Buffer.concat(received).length >= head() + bodyLength());
  const body = Buffer.concat(received).subarray(head(), head() + bodyLength());
  expect(body.length).toBeGreaterThan(5_500_000);
  const spanIds = new Set(LARGE.map(({ spanId }) => spanId.toString('hex')));
  const sent = spansOf(body);
  expect(sent.every(({ spanId }) => spanIds.has(spanId))).toBe(true);
  expect(sent.length).toBe(read('delivered', { exporter: 'backend' }));
});

it.each(['gzip', 'zstd', 'none'] as const)(
  'sends large bodies again until they are taken, with %s',
  async (compression) => {
    const sink = await startSink();
    sink.react({ status: 503 });
    const { exporter, clock, read } = await rig(sink.url, { compression });
    exporter.take(keptBatch(LARGE));
    clock.advance(await eventually('a failed attempt', () => clock.untilNextOnce()));
    await eventually('a second attempt', () => sink.requests.length === 2);
    sink.react({ status: 200 });
    clock.advance(await eventually('a failed attempt', () => clock.untilNextOnce()));
    await eventually('delivery', () => read('delivered', { exporter: 'backend' }) === LARGE.length);
    const ids = (spans: readonly { spanId: string }[]): string[] => spans.map(({ spanId }) => spanId).sort();
    // The sink keeps what it answered 200.
    expect(ids(sink.spans())).toEqual(LARGE.map(({ spanId }) => spanId.toString('hex')).sort());
  },
);
