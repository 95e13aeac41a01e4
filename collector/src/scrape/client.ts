// One GET of a target's page, within limits of time and size. Redirects are not followed: they lead where nobody
// configured, and would take tokens along.
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { createGunzip } from 'node:zlib';
import type { Host } from '../pipeline/contract.ts';
import { type OpenTls, openTls, type TlsMaterial } from '../pipeline/tls.ts';
import type { ScrapeJob } from './config.ts';
import { ScrapeFault } from './fault.ts';
import type { Target } from './targets.ts';
import type { TextFormat } from './text-reader.ts';

/** A page as it came, inflated. */
export type Answer =
  | { readonly format: TextFormat; readonly text: string }
  | { readonly format: 'protobuf'; readonly bytes: Buffer };

/** OpenMetrics first, because it alone has exemplars and start times. */
const ACCEPT = [
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'application/openmetrics-text;version=1.0.0;q=0.8',
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6',
  'text/plain;version=0.0.4;q=0.5',
  '*/*;q=0.1',
].join(',');
const PROTOBUF = 'application/vnd.google.protobuf';
/** Protobuf alone has native histograms, but is not written by all who say they do, and says less of other kinds. */
const ACCEPT_NATIVE = `${PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=delimited,${ACCEPT.replace('utf-8,', 'utf-8;q=0.9,')}`;

type ClientHost = Pick<Host, 'clock' | 'log'>;

/** Scrapes the targets of one job; keeps connections alive between scrapes. */
export class ScrapeClient {
  readonly #job: ScrapeJob;
  readonly #host: ClientHost;
  readonly #timeoutMs: number;
  readonly #plain = new HttpAgent({ keepAlive: true, maxFreeSockets: 1 });
  readonly #files: OpenTls;
  #tls: HttpsAgent;

  /** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
  constructor(job: ScrapeJob, host: ClientHost) {
    this.#job = job;
    this.#host = host;
    this.#timeoutMs = timeoutOf(job);
    const { ca_file, cert_file, key_file } = job.tls;
    const files = { caFile: ca_file, certFile: cert_file, keyFile: key_file };
    this.#files = openTls(files, `scrape.${job.name}.tls`, host, (material) => this.#renew(material));
    this.#tls = agentOf(this.#files.material);
  }

  /**
   * Asks a target once.
   *
   * @param signal cuts it short
   * @throws ScrapeFault
   */
  async get({ url }: Target, signal: AbortSignal): Promise<Answer> {
    const cut = new AbortController();
    const stop = (): void => cut.abort();
    signal.addEventListener('abort', stop, { once: true });
    let isLate = false;
    const cancel = this.#host.clock.after(this.#timeoutMs, () => {
      isLate = true;
      cut.abort();
    });
    try {
      const response = await this.#open(url, this.#headers(), cut.signal);
      try {
        return await this.#read(response);
      } finally {
        // What was not read is not waited for; a connection whose answer was read whole is kept.
        if (!response.complete) response.destroy();
      }
    } catch (error) {
      if (isLate) throw new ScrapeFault('timeout', `no whole answer within ${this.#timeoutMs / 1000}s`);
      if (error instanceof ScrapeFault) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new ScrapeFault('connect', code ?? message, { cause: error });
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#files.stop();
    this.#plain.destroy();
    this.#tls.destroy();
  }

  #headers(): Record<string, string> {
    const { headers, token_file } = this.#job;
    return {
      'user-agent': 'evenkeel',
      ...headers,
      accept: this.#job.native_histograms ? ACCEPT_NATIVE : ACCEPT,
      'accept-encoding': 'gzip',
      'x-prometheus-scrape-timeout-seconds': String(this.#timeoutMs / 1000),
      ...(token_file === undefined ? {} : { authorization: `Bearer ${tokenOf(token_file)}` }),
    };
  }

  async #open(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const attempt = (): Promise<IncomingMessage | 'stale'> =>
      new Promise((resolve, reject) => {
        const isTls = url.protocol === 'https:';
        const agent = isTls ? this.#tls : this.#plain;
        const request = (isTls ? httpsRequest : httpRequest)(url, { agent, headers, signal });
        request.once('response', resolve);
        request.on('error', (error: NodeJS.ErrnoException) => {
          // A kept connection that the target closed as we took it up says nothing about the target.
          if (request.reusedSocket && error.code === 'ECONNRESET') resolve('stale');
          else reject(error);
        });
        request.end();
      });
    for (let tries = 0; ; tries++) {
      const response = await attempt();
      if (response !== 'stale') return response;
      if (tries > 1) throw new ScrapeFault('connect', 'ECONNRESET');
    }
  }

  async #read(response: IncomingMessage): Promise<Answer> {
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400) throw new ScrapeFault('redirect', `HTTP ${statusCode} is not followed`);
    if (statusCode !== 200) throw new ScrapeFault('http_status', `HTTP ${statusCode}`);
    const format = formatOf(headers['content-type']);
    const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase();
    if (encoding !== 'identity' && encoding !== 'gzip')
      throw new ScrapeFault('compression', 'encoded by other than gzip');
    if (Number(headers['content-length'] ?? 0) > this.#job.max_body) throw tooLarge();
    const body = await (encoding === 'gzip' ? this.#inflated(response) : this.#collected(response));
    if (format === 'protobuf') return { format, bytes: body };
    if (!isUtf8(body)) throw new ScrapeFault('bad_utf8', 'is no UTF-8');
    return { text: body.toString('utf8'), format };
  }

  async #inflated(response: IncomingMessage): Promise<Buffer> {
    const gunzip = createGunzip();
    let broken: Error | undefined;
    response.once('error', (error) => {
      broken = error;
      gunzip.destroy(error);
    });
    response.pipe(gunzip);
    try {
      return await this.#collected(gunzip);
    } catch (error) {
      if (error instanceof ScrapeFault || error === broken) throw error;
      throw new ScrapeFault('compression', 'is no sound gzip', { cause: error });
    } finally {
      gunzip.destroy();
    }
  }

  async #collected(stream: AsyncIterable<unknown>): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    for await (const piece of stream as AsyncIterable<Buffer>) {
      sizeBytes += piece.length;
      if (sizeBytes > this.#job.max_body) throw tooLarge();
      pieces.push(piece);
    }
    return Buffer.concat(pieces, sizeBytes);
  }

  /** A scrape under way keeps its agent to its end. */
  #renew(material: TlsMaterial): void {
    const old = this.#tls;
    this.#tls = agentOf(material);
    if (Object.keys(old.sockets).length === 0) old.destroy();
  }
}

function tooLarge(): ScrapeFault {
  return new ScrapeFault('body_too_large', 'is larger than max_body');
}

function tokenOf(file: string): string {
  let token = '';
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ScrapeFault('token_file', 'the token file cannot be read', { cause });
  }
  if (!/^[\x21-\x7e]+$/.test(token)) throw new ScrapeFault('token_file', 'the token file holds no single token');
  return token;
}

/** A page that does not say what it is is taken for the older text, as it always was. */
function formatOf(contentType = 'text/plain'): Answer['format'] {
  const [type, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (type === 'application/openmetrics-text') return 'openmetrics';
  if (type === 'text/plain' || type === '') return 'text';
  const isFamilies = parameters.includes('proto=io.prometheus.client.metricfamily');
  if (type === PROTOBUF && isFamilies && parameters.includes('encoding=delimited')) return 'protobuf';
  throw new ScrapeFault('content_type', 'is no exposition format that is known');
}

function agentOf({ ca, ...own }: TlsMaterial): HttpsAgent {
  const authorities = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  return new HttpsAgent({ keepAlive: true, maxFreeSockets: 1, ...own, ...authorities });
}

/** What a scrape may take. */
function timeoutOf({ timeout, interval }: ScrapeJob): number {
  return timeout ?? Math.min(10_000, interval);
}
