// One POST of JSON to whoever a channel tells. Never follows a redirect, which could lead anywhere; answers every outcome
// as a value.
import { request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { openTls } from '../../pipeline/tls.ts';
import type { Answer, ChannelSurroundings } from '../channel.ts';
import { guardedLookup, isLinkLocal, LinkLocalRefused } from './link-local.ts';

/** What a channel over HTTP is configured with. */
export interface PostConfig {
  readonly url: string;
  readonly timeout: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

export interface Poster {
  /** Scheme and host: a path may hold a secret, as Slack's do. */
  readonly where: string;
  post(body: string, headers: Readonly<Record<string, string>>, cut: AbortSignal): Promise<Answer>;
  close(): void;
}

/**
 * Statuses that ask for another attempt, beside those of 500 and above.
 *
 * @see RFC 9110, section 15.5.9 (408); RFC 8470 (425); RFC 6585 (429)
 */
const RETRYABLE = new Set([408, 425, 429]);

/** Opens a way to one URL. @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function openPoster(config: PostConfig, surroundings: ChannelSurroundings): Poster {
  const { name, allowLinkLocal, host } = surroundings;
  const { ca_file, cert_file, key_file } = config;
  const url = new URL(config.url);
  const isTls = url.protocol === 'https:';
  const files = { caFile: ca_file, certFile: cert_file, keyFile: key_file };
  const tls = openTls(files, `alert.channels.${name}`, host, (material) => {
    agent = agentOf(material);
  });
  let agent = agentOf(tls.material);
  return {
    where: url.origin,
    async post(body, headers, cut) {
      if (!allowLinkLocal && isLinkLocal(url.hostname)) return refusedAddress();
      const options: RequestOptions = {
        method: 'POST',
        headers: { ...config.headers, ...headers, 'content-type': 'application/json', 'content-length': bytesOf(body) },
        signal: AbortSignal.any([cut, AbortSignal.timeout(config.timeout)]),
        ...(allowLinkLocal ? {} : { lookup: guardedLookup() }),
      };
      return await new Promise<Answer>((resolve) => {
        const request = isTls
          ? httpsRequest(url, { ...options, agent })
          : httpRequest(url, { ...options, agent: false });
        request.once('response', (response) => {
          response.resume();
          const { statusCode = 0, headers: answered } = response;
          resolve(judge(statusCode, answered['retry-after'], host.clock.nowMs()));
        });
        request.once('error', (error: NodeJS.ErrnoException) => resolve(failed(error, cut)));
        request.end(body);
      });
    },
    close: () => tls.stop(),
  };
}

function agentOf({ ca, ...own }: { readonly ca?: string; readonly cert?: string; readonly key?: string }): HttpsAgent {
  return new HttpsAgent({ ...own, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) });
}

function judge(status: number, retryAfter: string | undefined, nowMs: number): Answer {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const why = `HTTP ${status}`;
  if (RETRYABLE.has(status) || status >= 500)
    return { outcome: 'again', why, afterMs: retryAfterMs(retryAfter, nowMs) };
  return { outcome: 'refused', why: status >= 300 && status < 400 ? `${why}, and redirects are not followed` : why };
}

function failed(error: NodeJS.ErrnoException, cut: AbortSignal): Answer {
  if (error instanceof LinkLocalRefused) return refusedAddress();
  // Codes only: messages may repeat what was asked for.
  const why = error.name === 'AbortError' || error.name === 'TimeoutError' ? 'no answer in time' : error.code;
  return { outcome: 'again', why: cut.aborted ? 'the end came first' : (why ?? 'no connection') };
}

function refusedAddress(): Answer {
  return { outcome: 'refused', why: new LinkLocalRefused().message };
}

function bytesOf(body: string): number {
  return Buffer.byteLength(body);
}

/** Seconds, or an HTTP date. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
