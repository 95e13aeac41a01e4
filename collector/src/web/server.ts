// The page and its API on 4320. Reads only; everything it answers comes through the views it is handed.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { OperationsView } from '../measure/contract.ts';
import type { Clock } from '../pipeline/contract.ts';
import { listen, stopServer } from '../pipeline/http-server.ts';
import type { TraceQuery, TracesView } from '../store/contract.ts';
import type { BooksAnswer, HealthAnswer, OperationsAnswer, TracesAnswer } from './api.ts';
import type { WebConfig } from './config.ts';
import { EventStreams } from './events.ts';
import { type PageFile, readPageFiles } from './page-files.ts';

/** What the page asks of the rest of the sidecar; a room that is off has no view. */
export interface WebViews {
  readonly operations: OperationsView | undefined;
  readonly traces: TracesView | undefined;
  books(): BooksAnswer;
  health(): HealthAnswer;
}

const STOP_WITHIN_MS = 500;
const MAX_TRACES = 500;
const DEFAULT_TRACES = 100;

/** Nothing from elsewhere, nothing inline but styles: span names are strangers' text. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Serves page, API, events and health. */
export class WebServer {
  readonly #config: WebConfig;
  readonly #views: WebViews;
  readonly #server: Server;
  readonly #events: EventStreams;
  readonly #files: ReadonlyMap<string, PageFile>;
  url = '';

  /** @param pageFolder the built page */
  constructor(config: WebConfig, clock: Clock, views: WebViews, pageFolder: string) {
    this.#config = config;
    this.#views = views;
    this.#files = readPageFiles(pageFolder);
    this.#events = new EventStreams(clock, () => ({ operations: this.#operations(), books: views.books() }));
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<void> {
    this.url = await listen(this.#server, this.#config, 'web.port');
  }

  async stop(): Promise<void> {
    this.#events.close();
    await stopServer(this.#server, STOP_WITHIN_MS);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendJson(response, { status: 405, body: { error: 'only GET is served here' } });
    }
    if (!isOwnName(request.headers.host, [this.#config.host, ...this.#config.host_names]))
      return sendJson(response, { status: 403, body: { error: 'this address is served under its own name only' } });
    const url = URL.parse(request.url ?? '/', 'http://sidecar');
    if (url === null) return sendJson(response, { status: 400, body: { error: 'this is no path' } });
    if (url.pathname === '/api/events' && request.method === 'GET') {
      if (!this.#events.add(response)) sendJson(response, { status: 503, body: { error: 'too many pages are open' } });
      return undefined;
    }
    const file = this.#files.get(url.pathname);
    if (file !== undefined) return sendFile(response, file);
    if (url.pathname === '/')
      return sendJson(response, { status: 404, body: { error: 'the page was not built; run npm run build' } });
    try {
      return sendJson(response, await this.#answer(url));
    } catch (error) {
      return sendJson(response, { status: 503, body: { error: error instanceof Error ? error.message : 'failed' } });
    }
  }

  async #answer(url: URL): Promise<Answer> {
    const path = url.pathname;
    if (path === '/health') return { status: 200, body: this.#views.health() };
    if (path === '/ready') {
      const health = this.#views.health();
      return { status: health.status === 'ok' ? 200 : 503, body: health };
    }
    if (path === '/api/operations') return { status: 200, body: this.#operations() };
    if (path === '/api/books') return { status: 200, body: this.#views.books() };
    if (path === '/api/traces') return this.#traces(url.searchParams);
    const traceId = /^\/api\/traces\/([0-9a-f]{32})$/.exec(path.toLowerCase())?.[1];
    if (traceId !== undefined) return this.#trace(traceId);
    return { status: 404, body: { error: 'nothing is served at this path' } };
  }

  #operations(): OperationsAnswer {
    const view = this.#views.operations;
    return { windowSeconds: view?.windowSeconds() ?? 0, operations: view?.operations() ?? [] };
  }

  async #traces(parameters: URLSearchParams): Promise<Answer> {
    const limit = Number(parameters.get('limit') ?? DEFAULT_TRACES);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_TRACES)
      return { status: 400, body: { error: `limit is a whole number from 1 to ${MAX_TRACES}` } };
    const service = parameters.get('service');
    const operation = parameters.get('operation');
    const query: TraceQuery = {
      limit,
      errorsOnly: parameters.get('errors') === 'true',
      ...(service === null || service === '' ? {} : { service }),
      ...(operation === null || operation === '' ? {} : { operation }),
    };
    const traces = (await this.#views.traces?.list(query)) ?? [];
    return { status: 200, body: { traces } satisfies TracesAnswer };
  }

  async #trace(traceId: string): Promise<Answer> {
    const trace = await this.#views.traces?.get(traceId);
    if (trace === undefined) return { status: 404, body: { error: 'the ring does not hold this trace' } };
    return { status: 200, body: trace };
  }
}

function sendJson(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function sendFile(response: ServerResponse, file: PageFile): void {
  response.writeHead(200, {
    'content-type': file.mediaType,
    'content-length': file.body.length,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(response.req.method === 'HEAD' ? undefined : file.body);
}

/**
 * Tells whether a request names this server by an address, its configured host or localhost. A foreign name that was
 * made to point here would let any web page read the sidecar (DNS rebinding).
 */
function isOwnName(header: string | undefined, configured: readonly string[]): boolean {
  const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
  if (name === 'localhost' || configured.some((own) => name === own.toLowerCase())) return true;
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}
