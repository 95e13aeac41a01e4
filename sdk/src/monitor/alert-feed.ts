// Follows the alerts of a sidecar over the event stream of its page. Bounded in bytes and in attempts a minute, and no
// socket and no timer of it keeps the process alive. Says nothing when the sidecar is away, which is not this program's fault;
// an address or token that is wrong is.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { warn } from '../errors.ts';
import type { AlertData, AlertType } from './alert.ts';
import type { MonitorClock } from './clock.ts';
import { SidecarAlerts } from './sidecar-alerts.ts';
import { EventReader } from './sse.ts';

export interface FeedOptions {
  /** Of the sidecar's page. */
  readonly url: string;
  readonly token?: string;
  readonly clock: MonitorClock;
  readonly tell: (type: AlertType, data: AlertData) => void;
}

/** First wait after a connection that ended, and the longest; doubled each time nothing was heard. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
/** The sidecar says something each second. */
const SILENT_MS = 15_000;
/** Forty alerts and as many groups of violations are far less. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024;
/** Whoever asks too often is not wrong. */
const TOO_MANY = 429;
const WANTED: ReadonlySet<string> = new Set(['alerts', 'violations']);

/** Begins to follow. @returns what ends it, for good */
export function followAlerts(options: FeedOptions): () => void {
  const feed = new AlertFeed(options);
  feed.open();
  return () => feed.close();
}

class AlertFeed {
  readonly #options: FeedOptions;
  readonly #alerts = new SidecarAlerts();
  #request: ClientRequest | undefined;
  #waitMs = FIRST_WAIT_MS;
  #cancelRetry: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #isClosed = false;
  #isToldWrong = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  open(): void {
    const { url, token } = this.#options;
    try {
      const address = new URL(`${url.replace(/\/+$/, '')}/api/events`);
      const start = address.protocol === 'https:' ? requestHttps : requestHttp;
      const headers = { accept: 'text/event-stream', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      const request = start(address, { headers, agent: false });
      this.#request = request;
      request.on('socket', (socket) => socket.unref());
      request.on('error', () => this.#retry(request));
      request.on('close', () => this.#retry(request));
      request.on('response', (response) => this.#read(request, response));
      this.#watch(request);
      request.end();
    } catch {
      // An address that is none gets no second try.
      this.#tellWrong('alerts.url is no address of a page');
      this.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelWatch?.();
    this.#request?.destroy();
  }

  /** @param what without the address, which may hold a password */
  #tellWrong(what: string): void {
    if (!this.#isToldWrong) warn('ALERTS_NOT_FOLLOWED', what);
    this.#isToldWrong = true;
  }

  #read(request: ClientRequest, response: IncomingMessage): void {
    const { statusCode = 0 } = response;
    if (statusCode !== 200) {
      if (statusCode >= 300 && statusCode < 500 && statusCode !== TOO_MANY) this.#tellWrong(`HTTP ${statusCode}`);
      request.destroy();
      return;
    }
    const reader = new EventReader(WANTED, MAX_EVENT_CHARS);
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      this.#watch(request);
      const events = reader.take(piece);
      if (events === undefined) request.destroy();
      for (const { name, data } of events ?? []) this.#take(name, data);
    });
    response.on('error', () => request.destroy());
  }

  #take(name: string, data: string): void {
    let answer: unknown;
    try {
      answer = JSON.parse(data);
    } catch {
      return;
    }
    this.#waitMs = FIRST_WAIT_MS;
    if (name === 'violations') this.#alerts.takeViolations(answer);
    else for (const [type, alert] of this.#alerts.takeAlerts(answer)) this.#options.tell(type, alert);
  }

  /** A connection on which nothing is said is as good as none. */
  #watch(request: ClientRequest): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#options.clock.after(SILENT_MS, () => request.destroy());
  }

  #retry(request: ClientRequest): void {
    if (this.#isClosed || this.#request !== request) return;
    this.#request = undefined;
    this.#cancelWatch?.();
    this.#cancelRetry = this.#options.clock.after(this.#waitMs, () => this.open());
    this.#waitMs = Math.min(MAX_WAIT_MS, 2 * this.#waitMs);
  }
}
