// A receiver of OTLP over HTTP for tests: well-behaved, or broken in one of the ways a sidecar can be.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** How the receiver answers. */
export type Behaviour =
  | 'accept'
  | 'reset'
  | 'error'
  | 'unavailable'
  | 'busy'
  | 'hang'
  /** Refuses for now, with no word about when to come again. */
  | 'throttle'
  /** Accepts with a body that is no OTLP answer. */
  | 'garbage'
  /** Begins to answer, and its process dies. */
  | 'die';

/** A body that arrived, unzipped. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A listening receiver; it is closed when the test ends. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The most requests that were open at one time. */
  peakOpen(): number;
  /** Connections made so far. */
  connections(): number;
}

/** Listens on a free port of 127.0.0.1; answers each request by the behaviours in turn, the last one ever after. */
export async function startReceiver(...behaviours: Behaviour[]): Promise<Receiver> {
  const received: Received[] = [];
  let open = 0;
  let peakOpen = 0;
  let connections = 0;
  const server = createServer(async (request, response) => {
    open++;
    peakOpen = Math.max(peakOpen, open);
    response.on('close', () => open--);
    const body = await read(request).catch(() => undefined);
    if (!body) return;
    const behaviour = behaviours[Math.min(received.length, behaviours.length - 1)] ?? 'accept';
    received.push({ path: request.url ?? '', headers: request.headers, body });
    answer(behaviour, request, response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, peakOpen: () => peakOpen, connections: () => connections };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

function answer(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  if (behaviour === 'accept') response.end();
  if (behaviour === 'reset') request.socket.resetAndDestroy();
  if (behaviour === 'error') response.writeHead(500).end('broken');
  if (behaviour === 'unavailable') response.writeHead(503, { 'Retry-After': '1' }).end();
  if (behaviour === 'throttle') response.writeHead(429).end();
  if (behaviour === 'garbage') response.end(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) % 256)));
  if (behaviour === 'die') {
    response.writeHead(200, { 'Content-Length': '1000' });
    response.write('half', () => request.socket.resetAndDestroy());
  }
  if (behaviour === 'busy') response.writeHead(503, { 'Retry-After': '0' }).end();
}
