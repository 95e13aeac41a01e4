// The metrics page: collects what stages expose at each scrape and writes it without holding up the event loop.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import { CHALLENGE } from '../pipeline/bearer.ts';
import type { Host } from '../pipeline/contract.ts';
import type { ListenerHost } from '../pipeline/connection-cap.ts';
import { FOREIGN_NAME, HttpListener, type ListenerConfig } from '../pipeline/http-server.ts';
import { type ReaderHost, Readers } from '../pipeline/readers.ts';
import { CONTENT_TYPES, type ExpositionFormat, negotiate, writeFamily } from './exposition.ts';

/** Text written between two turns of the event loop; a turn of writing then takes well below 5 ms. */
const CHUNK_CHARACTERS = 128 * 1024;
const STOP_WITHIN_MS = 500;
/** What a scrape is counted as while it is read: four at once, as many as have a reason to look at one time. */
const SCRAPE_BYTES = 4 * 1024 * 1024;

interface PrometheusPageConfig extends ListenerConfig {
  /** It answers to, beside localhost, addresses and its host. */
  readonly host_names?: readonly string[];
}

/** Serves `/metrics`. */
export class PrometheusPage {
  readonly #listener: HttpListener;
  readonly #readers: Readers;
  readonly #hostNames: readonly string[];
  readonly #collect: () => Iterable<MetricFamily>;
  /** Monotonic time since when this page could have shown a series. */
  readonly #sinceMs: number;
  readonly #host: Pick<Host, 'clock' | 'log'>;
  /** Series a scraper has seen, so that the next scrape may show their value. */
  #shown = new Set<string>();
  url = '';

  /**
   * @param collect called at each scrape
   * @param nowMs monotonic time: a series that began later is shown once at 0 first
   */
  constructor(
    config: PrometheusPageConfig,
    collect: () => Iterable<MetricFamily>,
    nowMs: number,
    host: ListenerHost & ReaderHost,
  ) {
    this.#host = host;
    this.#readers = new Readers('export.prometheus', host);
    this.#hostNames = config.host_names ?? [];
    this.#collect = collect;
    this.#sinceMs = nowMs;
    this.#listener = new HttpListener('export.prometheus', config, host, (request, response) => {
      void this.#serve(request, response);
    });
  }

  async start(): Promise<void> {
    await this.#listener.start();
    this.url = this.#listener.url;
  }

  async stop(): Promise<void> {
    await this.#listener.stop(STOP_WITHIN_MS);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#listener.mayBeMisled(request, this.#hostNames)) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end(`${FOREIGN_NAME}\n`);
      return;
    }
    if (!this.#listener.admits(request)) {
      response.writeHead(401, { 'content-type': 'text/plain', ...CHALLENGE }).end('a token is needed\n');
      return;
    }
    const path = request.url?.split('?', 1)[0];
    if (path !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('the metrics page is at /metrics\n');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    if (!this.#readers.admit(response, SCRAPE_BYTES)) return this.#readers.refuse(response);
    const format = negotiate(request.headers.accept);
    response.writeHead(200, { 'content-type': CONTENT_TYPES[format] });
    // Prometheus names itself by this header. A person with curl is shown the truth at once instead.
    const isScrape = request.headers['x-prometheus-scrape-timeout-seconds'] !== undefined;
    const seen = new Set<string>();
    const hold = (series: string, point: MetricPoint): boolean => isScrape && this.#isNew(series, point, seen);
    try {
      await pipeline(Readable.from(this.#text(format, hold)), response);
    } catch (error) {
      // A scraper that goes away half-way is its own business; everything else is a fault of ours.
      if (!isGone(error))
        this.#host.log('error', 'METRICS_PAGE', `the metrics page could not be written: ${String(error)}`);
      return;
    }
    // What is exposed no more is forgotten: should it return, it returns at 0.
    if (isScrape) this.#shown = seen;
  }

  async *#text(
    format: ExpositionFormat,
    hold: (series: string, point: MetricPoint) => boolean,
  ): AsyncGenerator<string> {
    let text = '';
    for (const family of this.#collect()) {
      for (const piece of writeFamily(family, format, hold)) {
        text += piece;
        if (text.length < CHUNK_CHARACTERS) continue;
        yield text;
        text = '';
        await nextTurn();
      }
    }
    yield format === 'openmetrics' ? `${text}# EOF\n` : text;
  }

  /**
   * A counter that began while we watched is shown once at 0, else `increase()` would miss its first increment.
   * One scraper is assumed; a second one sees the 0 only where it comes first.
   */
  #isNew(series: string, point: MetricPoint, seen: Set<string>): boolean {
    if (point.startMs === undefined || point.startMs <= this.#sinceMs) return false;
    seen.add(series);
    return !this.#shown.has(series);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
