// A receiver of OTLP metrics that takes its time, and what came of all it took.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { decodedPoints } from './decoded-points.ts';

export interface MetricReceiver {
  readonly url: string;
  /** Points of every request it answered with success, in order of arrival. */
  readonly points: readonly DataPoint[];
}

/** Listens on 127.0.0.1 and ends with the test. @param delayMs each answer waits for so long */
export async function startMetricReceiver(delayMs = 0): Promise<MetricReceiver> {
  const points: DataPoint[] = [];
  const server = createServer(async (request, response) => {
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return;
    await pause(delayMs);
    if (request.url?.endsWith('/v1/metrics') === true) points.push(...decodedPoints(body));
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, points };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** An address nobody answers at. */
export async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `http://127.0.0.1:${port}`;
}
