import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startCollector } from '../../support/running-collector.ts';
import { bodyOf, traffic } from '../../support/traffic.ts';

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
