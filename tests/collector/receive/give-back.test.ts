import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { giveBack, giveBackWhole } from '../../../collector/src/receive/give-back.ts';
import { startCollector } from '../../support/running-collector.ts';
import { bodyOf, traffic } from '../../support/traffic.ts';

test('frees chunks that have their memory for themselves, and no others', () => {
  const own = Buffer.from(new ArrayBuffer(64 * 1024));
  const shared = new ArrayBuffer(128 * 1024);
  const part = Buffer.from(shared, 0, 64 * 1024);
  const small = Buffer.from(new ArrayBuffer(1000));
  giveBack([own, part, small]);
  expect([own.length, part.length, small.length]).toEqual([0, 64 * 1024, 1000]);
  expect(shared.byteLength).toBe(128 * 1024);
  // A second time does no harm.
  giveBack([own, part, small]);
});

test('frees a whole buffer also where it is longer than what was made in it, and never a pool', () => {
  const inflated = Buffer.from(new ArrayBuffer(64 * 1024), 0, 60_000);
  const pooled = Buffer.from('a small one');
  giveBackWhole(inflated);
  giveBackWhole(pooled);
  expect([inflated.length, pooled.toString()]).toEqual([0, 'a small one']);
});

function request(body: Buffer): Buffer {
  const head = `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function open(url: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(socket));
    onTestFinished(() => void socket.destroy());
  });
}

test('takes requests that follow each other on one connection without waiting, each byte of each', async () => {
  const running = await startCollector('');
  const bodies = Array.from({ length: 12 }, (_, i) =>
    Buffer.from(bodyOf(traffic({ seed: i + 1, traces: 300 + i * 20, maxSpans: 10, attributes: 10 }).flat())),
  );
  expect(bodies.every((body) => body.length > 150_000)).toBe(true);
  const spans = bodies.length;
  const socket = await open(running.urls.otlpHttp);
  let answers = '';
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      answers += chunk.toString('latin1');
      if (answers.split('HTTP/1.1 ').length > spans) resolve();
    });
  });
  // All at once, so that the end of one and the beginning of the next come in one read.
  socket.write(Buffer.concat(bodies.map(request)));
  await done;
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(bodies.map(() => 'HTTP/1.1 200'));
  const { accepted, balanced } = running.collector.books().spans;
  expect([accepted, balanced]).toEqual([
    bodies
      .map((_, i) => traffic({ seed: i + 1, traces: 300 + i * 20, maxSpans: 10, attributes: 10 }).flat().length)
      .reduce((a, b) => a + b),
    true,
  ]);
});
