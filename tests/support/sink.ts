// A receiver of OTLP/HTTP that answers as a test scripts it and remembers what it took.
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { Request8 } from './otlp-schema.ts';

/** One request as it arrived. */
export interface SunkRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As sent. */
  readonly raw: Buffer;
  /** Decompressed. */
  readonly body: Buffer;
}

/** What the sink does with a request. `hang` never answers, `reset` cuts the connection. */
export type Reaction =
  | 'hang'
  | 'reset'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: Uint8Array | string };

/** A span as delivered. */
export interface SunkSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly traceState: string;
}

export interface Sink {
  readonly url: string;
  /** Everything that arrived, answered with success or not. */
  readonly requests: readonly SunkRequest[];
  /** Changes what is done with requests from now on; a function is asked for each, numbered from 0. */
  react(reaction: Reaction | ((index: number, request: SunkRequest) => Reaction)): void;
  /** Spans of trace requests answered with 200, in order of arrival. */
  spans(): SunkSpan[];
  close(): Promise<void>;
}

export interface SinkOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly port?: number;
}

/** Listens on 127.0.0.1 and ends with the test. Answers 200 until told otherwise. */
export async function startSink({ tls, port = 0 }: SinkOptions = {}): Promise<Sink> {
  const requests: SunkRequest[] = [];
  const taken: SunkRequest[] = [];
  let reaction: Reaction | ((index: number, request: SunkRequest) => Reaction) = { status: 200 };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sunk = await read(request).catch(() => undefined);
    if (sunk === undefined) return;
    requests.push(sunk);
    const chosen = typeof reaction === 'function' ? reaction(requests.length - 1, sunk) : reaction;
    if (chosen === 'hang') return;
    if (chosen === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (chosen.status === 200 && sunk.path.endsWith('/traces')) taken.push(sunk);
    response.writeHead(chosen.status, chosen.headers ?? {}).end(chosen.body);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void serve(request, response);
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound}`,
    requests,
    react: (next) => {
      reaction = next;
    },
    spans: () => taken.flatMap(({ body }) => spansOf(body)),
    close,
  };
}

async function read(request: IncomingMessage): Promise<SunkRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  const body = encoding === 'gzip' ? gunzipSync(raw) : encoding === 'zstd' ? zstdDecompressSync(raw) : raw;
  return { path: request.url ?? '', headers: request.headers, raw, body };
}

interface PlainAttribute {
  key: string;
  value: { stringValue?: string };
}

interface PlainRequest {
  resourceSpans?: {
    resource?: { attributes?: PlainAttribute[] };
    scopeSpans?: { spans?: { traceId: Buffer; spanId: Buffer; name?: string; traceState?: string }[] }[];
  }[];
}

/** Spans of a body, by the oracle's decoder. */
export function spansOf(body: Uint8Array): SunkSpan[] {
  const { resourceSpans = [] } = Request8.toObject(Request8.decode(body)) as PlainRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const named = resource?.attributes?.find(({ key }) => key === 'service.name');
    const service = named?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map(({ traceId, spanId, name = '', traceState = '' }) => {
        return { service, traceId: hex(traceId), spanId: hex(spanId), name, traceState };
      }),
    );
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
