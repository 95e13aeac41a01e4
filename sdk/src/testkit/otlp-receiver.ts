// A receiver of OTLP over HTTP for tests of whole programs: keeps what comes in, on a free port of 127.0.0.1.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { checkNumbers } from '../creation-checks.ts';
import { decode } from './otlp-decode.ts';
import { logsOf, metricsOf, spansOf, type TestLog } from './otlp-read.ts';
import { REQUESTS } from './otlp-schema.ts';
import type { TestMetric } from './test-metric.ts';
import type { TestSpan } from './test-span.ts';

/** What a program sent. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** In order of arrival; 20 000 of each at most, the latest. */
  spans(): TestSpan[];
  metrics(): TestMetric[];
  logs(): TestLog[];
  /** Requests that could not be read, and why. */
  malformed(): string[];
  /**
   * Waits until what has come in is enough.
   *
   * @param isEnough asked at first and after each request
   * @throws Error after `timeoutMs`, 10 s unless given, saying what has come in
   */
  waitFor(isEnough: (receiver: OtlpReceiver) => boolean, timeoutMs?: number): Promise<void>;
  reset(): void;
  /** Closes all connections. */
  close(): Promise<void>;
}

const MAX_ITEMS = 20_000;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;
const SIGNALS = { '/v1/traces': 'traces', '/v1/metrics': 'metrics', '/v1/logs': 'logs' } as const;

type Signal = (typeof SIGNALS)[keyof typeof SIGNALS];

/** Opens a receiver for protobuf and JSON, plain or compressed by gzip. Keeps the process alive until it is closed. */
export async function createOtlpReceiver(): Promise<OtlpReceiver> {
  const inbox = new Inbox();
  const server = createServer((request, response) => void answer(request, response, inbox));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => [...inbox.spans],
    metrics: () => [...inbox.metrics],
    logs: () => [...inbox.logs],
    malformed: () => [...inbox.malformed],
    waitFor: async (isEnough, timeoutMs = DEFAULT_TIMEOUT_MS) => {
      checkNumbers('waitFor', { timeoutMs }, { timeoutMs: { most: 2 ** 31 - 1 } });
      await inbox.until(() => isEnough(receiver), timeoutMs);
    },
    reset: () => inbox.clear(),
    close: () => closed(server),
  };
  return receiver;
}

/** What has come in, and who waits for more. */
class Inbox {
  readonly spans: TestSpan[] = [];
  readonly metrics: TestMetric[] = [];
  readonly logs: TestLog[] = [];
  readonly malformed: string[] = [];
  readonly #waiting = new Set<() => void>();

  take(signal: Signal, request: unknown): void {
    if (signal === 'traces') keep(this.spans, spansOf(request));
    else if (signal === 'metrics') keep(this.metrics, metricsOf(request));
    else keep(this.logs, logsOf(request));
    for (const look of this.#waiting) look();
  }

  refuse(why: string): void {
    keep(this.malformed, [why]);
    for (const look of this.#waiting) look();
  }

  clear(): void {
    for (const items of [this.spans, this.metrics, this.logs, this.malformed]) items.length = 0;
  }

  until(isEnough: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const look = (): void => {
        try {
          if (isEnough()) end(resolve);
        } catch (error) {
          end(() => reject(error as Error));
        }
      };
      const timer = setTimeout(() => end(() => reject(new Error(this.#summary(timeoutMs)))), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  #summary(timeoutMs: number): string {
    const names = [...new Set(this.spans.map(({ name }) => name))].slice(0, 10).join(', ');
    const counts = `${this.spans.length} spans (${names}), ${this.metrics.length} metrics, ${this.logs.length} logs`;
    return `not enough came in within ${timeoutMs} ms: ${counts}, ${this.malformed.length} malformed requests`;
  }
}

function keep<Item>(items: Item[], more: readonly Item[]): void {
  // One by one: as arguments of a call a hundred thousand overflow the stack.
  for (const item of more.slice(-MAX_ITEMS)) items.push(item);
  if (items.length > MAX_ITEMS) items.splice(0, items.length - MAX_ITEMS);
}

async function answer(request: IncomingMessage, response: ServerResponse, inbox: Inbox): Promise<void> {
  const signal = SIGNALS[request.url as keyof typeof SIGNALS];
  if (signal === undefined || request.method !== 'POST') {
    request.resume();
    response.writeHead(404).end();
    return;
  }
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  try {
    const body = inflated(await bodyOf(request), request.headers['content-encoding']);
    inbox.take(signal, isJson ? JSON.parse(body.toString('utf8')) : decode(body, REQUESTS[signal]));
    response.writeHead(200, { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' });
    response.end(isJson ? '{}' : '');
  } catch (error) {
    inbox.refuse(`${request.url}: ${(error as Error).message}`);
    response.writeHead(400).end();
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new RangeError(`a body has at most ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function inflated(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding === 'gzip') return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
  throw new RangeError(`content-encoding ${encoding} is not known`);
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  const end = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await end;
}
