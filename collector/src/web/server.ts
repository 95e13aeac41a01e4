// The page and its API on 4320. Everything it answers comes through the views it is handed; what it takes is a token to sign
// in with, and what `changes.ts` knows.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CardinalityAnswer } from '../limit/contract.ts';
import type { OperationsView } from '../measure/contract.ts';
import { CHALLENGE } from '../pipeline/bearer.ts';
import type { ListenerHost } from '../pipeline/connection-cap.ts';
import { FOREIGN_NAME, HttpListener } from '../pipeline/http-server.ts';
import { isGone, type ReaderHost, Readers } from '../pipeline/readers.ts';
import type { ReportsView } from '../report/contract.ts';
import type { SamplingState } from '../sample/contract.ts';
import type { StrategiesView } from '../remote-sampling/contract.ts';
import type { TraceQuery, TracesView } from '../store/contract.ts';
import { Access, type Denied } from './access.ts';
import { answerAlerts, DEFAULT_ALERTS } from './alert-routes.ts';
import type {
  AccessAnswer,
  BaselineView,
  BooksAnswer,
  DecisionAnswer,
  HealthAnswer,
  KpisAnswer,
  OperationsAnswer,
  ResourceLinesAnswer,
  ResourcesAnswer,
  TargetsAnswer,
} from './api.ts';
import { answerBaselines, DEFAULT_GROUPS } from './baseline-routes.ts';
import { type ChangeViews, changeMethod, takeChange } from './changes.ts';
import type { WebConfig } from './config.ts';
import { type Changing, EventStreams } from './events.ts';
import type { ChangingPageEvents, PageEvents } from './page-events.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { answerReports } from './report-routes.ts';
import { answerResources } from './resource-routes.ts';
import { sendForm, takeForm, wantsPage } from './sign-in.ts';

/** What the page asks of the rest of the sidecar; a room that is off has no view. */
export interface WebViews extends ChangeViews {
  readonly operations: OperationsView | undefined;
  readonly traces: TracesView | undefined;
  readonly strategies?: StrategiesView | undefined;
  /** Absent where limits are off. */
  readonly cardinality?: (() => CardinalityAnswer) | undefined;
  readonly baselines?: BaselineView | undefined;
  /** Absent where reports are off. */
  readonly reports?: ReportsView | undefined;
  /** Absent where there are none. */
  readonly targets?: (() => TargetsAnswer) | undefined;
  kpis(): KpisAnswer;
  /** @param service and `instance`: both empty for this sidecar's own */
  resources(service: string, instance: string): ResourcesAnswer;
  /** Absent where baselines of resources are off. */
  readonly resourceLines?: (() => ResourceLinesAnswer) | undefined;
  books(): BooksAnswer;
  /** @param traceId 32 lower-case hexadecimal digits */
  why(traceId: string): Promise<DecisionAnswer>;
  sampling(): SamplingState;
  health(): HealthAnswer;
}

const STOP_WITHIN_MS = 500;
const MAX_TRACES = 500;
const DEFAULT_TRACES = 100;

/** Nothing from elsewhere, nothing inline but styles: span names are strangers' text. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** Asked by those who watch over the process, and telling nothing of what it measures. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/health', '/ready']);

interface Answer {
  readonly status: number;
  /** Written as JSON, unless it is bytes already. */
  readonly body: unknown;
  /** Of what is no JSON. */
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const;
/** What the ring is read for, in up to some hundred milliseconds, and what is held to be its usual size at most. */
const LARGE_ANSWER_BYTES = 256 * 1024;
const RING_PATH = /^\/api\/traces(\/[^/]+)?$/;
const NO_TARGETS: TargetsAnswer = { targets: [] };
const NO_TRACES = new TextEncoder().encode('{"traces":[]}');

/** Serves page, API, events and health. */
export class WebServer {
  readonly #views: WebViews;
  readonly #listener: HttpListener;
  readonly #access: Access;
  readonly #events: EventStreams;
  readonly #readers: Readers;
  readonly #files: ReadonlyMap<string, PageFile>;
  url = '';

  /** @param pageFolder the built page */
  constructor(config: WebConfig, host: ListenerHost & ReaderHost, views: WebViews, pageFolder: string) {
    this.#views = views;
    this.#files = readPageFiles(pageFolder);
    this.#readers = new Readers('web', host);
    this.#events = new EventStreams(
      host.clock,
      () => ({ operations: this.#operations(), books: views.books(), sampling: views.sampling() }) satisfies PageEvents,
      changesOf(views),
    );
    this.#listener = new HttpListener('web', config, host, (request, response) => void this.#serve(request, response));
    this.#access = new Access(this.#listener, [config.host, ...config.host_names], host.clock);
  }

  async start(): Promise<void> {
    await this.#listener.start();
    this.url = this.#listener.url;
  }

  async stop(): Promise<void> {
    this.#events.close();
    await this.#listener.stop(STOP_WITHIN_MS);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (!this.#access.isOwnName(request))
      return this.#sendJson(response, { status: 403, body: { error: FOREIGN_NAME } });
    const url = URL.parse(request.url ?? '/', 'http://sidecar');
    if (url === null) return this.#sendJson(response, { status: 400, body: { error: 'this is no path' } });
    if (request.method !== 'GET' && request.method !== 'HEAD') return this.#write(url, request, response);
    if (!OPEN_PATHS.has(url.pathname) && !this.#access.mayRead(request)) {
      if (wantsPage(request)) return sendForm(response);
      return this.#sendDenied(response, 401, 'a token is needed');
    }
    return this.#read(url, request, response);
  }

  /** The one way in for requests that change something. */
  async #write(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isSignIn = request.method === 'POST' && url.pathname === '/login' && this.#access.isLocked;
    const denied = this.#access.mayWrite(request);
    // Whoever signs in has no token to show yet; only other web pages are kept from it.
    if (denied !== undefined && !(isSignIn && denied.status === 401))
      return this.#sendDenied(response, denied.status, denied.error);
    if (isSignIn) return takeForm(request, response, this.#access);
    const isForm = url.pathname === '/login' && this.#access.isLocked;
    const method = isForm ? 'POST' : changeMethod(url.pathname);
    if (!isForm && method === request.method)
      return this.#sendJson(response, await takeChange(request, url.pathname, this.#views));
    response.setHeader('allow', method ?? 'GET, HEAD');
    return this.#sendJson(response, { status: 405, body: { error: `only ${method ?? 'GET'} is served here` } });
  }

  async #read(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url.pathname === '/api/events' && request.method === 'GET') {
      const mayStay = (): boolean => this.#access.mayRead(request);
      if (!this.#events.add(response, mayStay))
        this.#sendJson(response, { status: 503, body: { error: 'too many pages are open' } });
      return undefined;
    }
    if (url.pathname === '/api/access') return this.#sendJson(response, { status: 200, body: this.#accessOf(request) });
    const file = this.#files.get(url.pathname);
    if (file !== undefined) return this.#sendFile(response, file);
    if (url.pathname === '/')
      return this.#sendJson(response, { status: 404, body: { error: 'the page was not built; run npm run build' } });
    // An answer that could not be sent is not made either.
    if (RING_PATH.test(url.pathname) && !this.#readers.makeRoom(LARGE_ANSWER_BYTES))
      return this.#readers.refuse(response);
    try {
      return this.#sendJson(response, await this.#answer(url, response));
    } catch (error) {
      return this.#sendJson(response, {
        status: 503,
        body: { error: error instanceof Error ? error.message : 'failed' },
      });
    }
  }

  async #answer(url: URL, response: ServerResponse): Promise<Answer> {
    const path = url.pathname;
    if (path === '/health') return { status: 200, body: this.#views.health() };
    if (path === '/ready') {
      const health = this.#views.health();
      return { status: health.status === 'ok' ? 200 : 503, body: health };
    }
    if (path === '/api/operations') return { status: 200, body: this.#operations() };
    if (path === '/api/books') return { status: 200, body: this.#views.books() };
    if (path === '/api/sampling') return { status: 200, body: this.#views.sampling() };
    if (path === '/api/cardinality') return this.#cardinality();
    if (path === '/api/targets') return { status: 200, body: this.#views.targets?.() ?? NO_TARGETS };
    if (path === '/api/kpis') return { status: 200, body: this.#views.kpis() };
    if (path === '/sampling') return this.#sampling(url.searchParams.get('service') ?? '');
    if (path === '/api/traces') return this.#traces(url.searchParams, response);
    const ofBaselines = answerResources(this.#views, url) ?? answerBaselines(this.#views.baselines, url);
    if (ofBaselines !== undefined) return ofBaselines;
    const ofAlerts = answerAlerts(this.#views.alerts, url);
    if (ofAlerts !== undefined) return ofAlerts;
    const ofReports = await answerReports(this.#views.reports, url);
    if (ofReports !== undefined) return ofReports;
    const asked = /^\/api\/traces\/([^/]*)\/decision$/.exec(path)?.[1];
    if (asked !== undefined) return this.#decision(asked.toLowerCase());
    const traceId = /^\/api\/traces\/([0-9a-f]{32})$/.exec(path.toLowerCase())?.[1];
    if (traceId !== undefined) return this.#trace(traceId, response);
    return { status: 404, body: { error: 'nothing is served at this path' } };
  }

  /** Jaeger's remote sampling: an SDK asks how much to sample. */
  #sampling(service: string): Answer {
    const { strategies } = this.#views;
    if (strategies === undefined)
      return { status: 404, body: { error: 'remote sampling is off; list services in remote_sampling.services' } };
    if (service === '') return { status: 400, body: { error: 'say which service asks, as in /sampling?service=shop' } };
    const strategy = strategies.handOut(service);
    if (strategy !== undefined) return { status: 200, body: strategy };
    return { status: 404, body: { error: 'this service is not listed in remote_sampling.services' } };
  }

  async #decision(traceId: string): Promise<Answer> {
    if (!/^[0-9a-f]{32}$/.test(traceId))
      return { status: 400, body: { error: 'a trace id has 32 hexadecimal digits' } };
    return { status: 200, body: await this.#views.why(traceId) };
  }

  #accessOf(request: IncomingMessage): AccessAnswer {
    const denied = this.#access.couldWrite(request);
    return { mayWrite: denied === undefined, reason: denied?.error ?? '' };
  }

  #cardinality(): Answer {
    const { cardinality } = this.#views;
    if (cardinality !== undefined) return { status: 200, body: cardinality() };
    return { status: 404, body: { error: 'limits are off, so series are not counted; take out limit: false' } };
  }

  #operations(): OperationsAnswer {
    const view = this.#views.operations;
    return { windowSeconds: view?.windowSeconds() ?? 0, operations: view?.operations() ?? [] };
  }

  async #traces(parameters: URLSearchParams, response: ServerResponse): Promise<Answer> {
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
    const traces = await this.#views.traces?.list(query, () => !isGone(response));
    return { status: 200, body: traces ?? NO_TRACES };
  }

  async #trace(traceId: string, response: ServerResponse): Promise<Answer> {
    const trace = await this.#views.traces?.get(traceId, () => !isGone(response));
    if (trace === undefined) return { status: 404, body: { error: 'the ring does not hold this trace' } };
    return { status: 200, body: trace };
  }

  #sendJson(response: ServerResponse, { status, body, headers = JSON_HEADERS }: Answer): void {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    this.#readers.send(response, status, headers, bytes);
  }

  #sendDenied(response: ServerResponse, status: Denied['status'], error: string): void {
    if (status === 401) response.setHeader('www-authenticate', CHALLENGE['www-authenticate']);
    this.#sendJson(response, { status, body: { error } });
  }

  #sendFile(response: ServerResponse, { mediaType, body, immutable }: PageFile): void {
    const cache = immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
    this.#readers.send(response, 200, { 'content-type': mediaType, 'cache-control': cache }, body);
  }
}

function changesOf({ baselines, alerts }: WebViews): Changing[] {
  type Events = Partial<ChangingPageEvents>;
  const found: Changing[] = [];
  if (baselines !== undefined) {
    const read = () => ({ violations: baselines.violations(DEFAULT_GROUPS) }) satisfies Events;
    found.push({ version: () => baselines.version(), read });
  }
  if (alerts !== undefined) {
    const read = () => ({ alerts: alerts.alerts(DEFAULT_ALERTS) }) satisfies Events;
    found.push({ version: () => alerts.version(), read });
  }
  return found;
}
