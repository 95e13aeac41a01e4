// The metrics page: collects what stages expose at each scrape and writes it without holding up the event loop.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import type { AliasFamily } from './alias-families.ts';
import { CHALLENGE } from '../pipeline/bearer.ts';
import type { Host } from '../pipeline/contract.ts';
import type { ListenerHost } from '../pipeline/connection-cap.ts';
import { FOREIGN_NAME, HttpListener, type ListenerConfig } from '../pipeline/http-server.ts';
import { type ReaderHost, Readers } from '../pipeline/readers.ts';
import { familyHead, seriesText, type TextFormat } from './exposition.ts';
import type { exportInstruments } from './instruments.ts';
import { type Answer, negotiate } from './negotiate.ts';
import { type PageFamily, type PageSeries, pageFamilies, seriesOf } from './page-families.ts';
import { ProtobufFamily } from './protobuf-exposition.ts';

/** Text written between two turns of the event loop; a turn of writing then takes well below 5 ms. */
const CHUNK_CHARACTERS = 128 * 1024;
/** Series between two turns, where they are gathered in a message that is handed on whole. */
const SERIES_A_TURN = 200;
const STOP_WITHIN_MS = 500;
/** What a scrape is counted as while it is read: four at once, as many as have a reason to look at one time. */
const SCRAPE_BYTES = 4 * 1024 * 1024;

interface PrometheusPageConfig extends ListenerConfig {
  /** It answers to, beside localhost, addresses and its host. */
  readonly host_names?: readonly string[];
  readonly names?: 'translated' | 'negotiated';
  readonly created_timestamps?: boolean;
}

type PageHost = ListenerHost & ReaderHost & Pick<Host<keyof typeof exportInstruments>, 'record'>;
type Hold = (series: string, point: MetricPoint) => boolean;

/** Serves `/metrics`. */
export class PrometheusPage {
  readonly #listener: HttpListener;
  readonly #readers: Readers;
  readonly #hostNames: readonly string[];
  readonly #collect: () => Iterable<MetricFamily>;
  readonly #aliases: () => Iterable<AliasFamily>;
  /** Monotonic time since when this page could have shown a series. */
  readonly #sinceMs: number;
  readonly #host: PageHost;
  readonly #isTranslated: boolean;
  readonly #showsCreated: boolean;
  /** Series a scraper has seen, so that the next scrape may show their value. */
  #shown = new Map<string, number>();
  url = '';

  /**
   * @param collect called at each scrape
   * @param nowMs monotonic time: a series that began later is shown once at 0 first
   * @param aliases further families, shown as far as their names are free
   */
  constructor(
    config: PrometheusPageConfig,
    collect: () => Iterable<MetricFamily>,
    nowMs: number,
    host: PageHost,
    aliases: () => Iterable<AliasFamily> = () => [],
  ) {
    this.#aliases = aliases;
    this.#host = host;
    this.#isTranslated = config.names !== 'negotiated';
    this.#showsCreated = config.created_timestamps ?? false;
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
    const answer = negotiate(request.headers.accept, this.#isTranslated);
    response.writeHead(200, { 'content-type': answer.contentType });
    // Prometheus names itself by this header. A person with curl is shown the truth at once instead.
    const isScrape = request.headers['x-prometheus-scrape-timeout-seconds'] !== undefined;
    const seen = new Map<string, number>();
    const hold: Hold = (series, point) => isScrape && this.#isNew(series, point, seen);
    try {
      await pipeline(Readable.from(this.#pieces(answer, hold), { objectMode: false }), response);
    } catch (error) {
      // A scraper that goes away half-way is its own business; everything else is a fault of ours.
      if (!isGone(error))
        this.#host.log('error', 'METRICS_PAGE', `the metrics page could not be written: ${String(error)}`);
      return;
    }
    // What is exposed no more is forgotten: should it return, it returns at 0.
    if (isScrape) this.#shown = seen;
  }

  async *#pieces(answer: Answer, hold: Hold): AsyncGenerator<string | Uint8Array> {
    const leftOut = new Set<string>();
    const families = pageFamilies(this.#collect(), answer.names, ({ name }) => leftOut.add(name), this.#aliases());
    if (answer.format === 'protobuf') yield* this.#messages(families, answer, hold);
    else yield* this.#text(families, answer, answer.format, hold);
    this.#host.record('conflicts', leftOut.size);
    if (leftOut.size === 0) return;
    const [first] = leftOut;
    const told = `${leftOut.size} metrics are not on the metrics page, because another one of another kind has their name; one is ${first}`;
    this.#host.log('warning', 'NAME_CONFLICT', told);
  }

  async *#text(
    families: readonly PageFamily[],
    { names }: Answer,
    format: TextFormat,
    hold: Hold,
  ): AsyncGenerator<string> {
    const options = { format, hold, showsCreated: this.#showsCreated };
    let text = '';
    for (const family of families) {
      let head = familyHead(family, format);
      for (const series of await gather(family, names)) {
        text += head + seriesText(family, series, options);
        head = '';
        if (text.length < CHUNK_CHARACTERS) continue;
        yield text;
        text = '';
        await nextTurn();
      }
    }
    yield format === 'openmetrics' ? `${text}# EOF\n` : text;
  }

  async *#messages(families: readonly PageFamily[], { names }: Answer, hold: Hold): AsyncGenerator<Uint8Array> {
    for (const family of families) {
      const message = new ProtobufFamily(family, hold);
      let count = 0;
      for (const series of await gather(family, names)) {
        message.add(series);
        if (++count % SERIES_A_TURN === 0) await nextTurn();
      }
      if (count > 0) yield message.finish();
    }
  }

  /**
   * A counter that began while we watched is shown once at 0, else `increase()` would miss its first increment.
   * One scraper is assumed; a second one sees the 0 only where it comes first.
   */
  #isNew(series: string, { startMs }: MetricPoint, seen: Map<string, number>): boolean {
    if (startMs === undefined || startMs <= this.#sinceMs) return false;
    seen.set(series, startMs);
    // One that began anew stands at 0 again: else nobody would see what it counted before it passed its old value.
    return this.#shown.get(series) !== startMs;
  }
}

/** The series of a family, gathered with turns of the event loop in between. */
async function gather(family: PageFamily, names: Answer['names']): Promise<Iterable<PageSeries>> {
  const series = seriesOf(family, names);
  for (;;) {
    const { done, value } = series.next();
    if (done === true) return value;
    await nextTurn();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
