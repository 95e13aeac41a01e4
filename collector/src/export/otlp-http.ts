// OTLP over HTTP: which URL, which headers, and what a status means.
import type { Host } from '../pipeline/contract.ts';
import type { OtlpExporterConfig } from './config.ts';
import type { Signal } from './contract.ts';
import { HttpClient, type PostResult } from './http-client.ts';
import type { OtlpAnswer, OtlpRequest, OtlpTransport } from './otlp-transport.ts';
import { readRejected } from './partial-success.ts';
import { isRetryable, parseRetryAfterMs } from './retry.ts';

/** A receiver that does not know the path of a signal. @see RFC 9110, sections 15.5.5, 15.5.6 and 15.6.2 */
const UNSUPPORTED = new Set([404, 405, 501]);

/** Opens a transport. @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function otlpHttp(name: string, config: OtlpExporterConfig, host: Pick<Host, 'clock' | 'log'>): OtlpTransport {
  const { timeout, ca_file, cert_file, key_file } = config;
  const tls = { caFile: ca_file, certFile: cert_file, keyFile: key_file };
  const client = new HttpClient({ timeoutMs: timeout, tls, setting: `export.otlp.${name}` }, host);
  return {
    async send({ signal, body, contentType, encoding }, headers, cut) {
      const compressed = encoding === 'identity' ? {} : { 'content-encoding': encoding };
      const described = { ...headers, 'content-type': contentType, ...compressed };
      return judge(await client.post(urlOf(config, signal), body, described, cut), signal, host.clock.nowMs());
    },
    where(signal) {
      const { origin, pathname } = new URL(urlOf(config, signal));
      return origin + pathname;
    },
    close: () => client.close(),
  };
}

function urlOf({ endpoint, traces_endpoint }: OtlpExporterConfig, signal: OtlpRequest['signal']): string {
  if (signal === 'traces' && traces_endpoint !== undefined) return traces_endpoint;
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  return url.href;
}

function judge(result: PostResult, signal: Signal, nowMs: number): OtlpAnswer {
  const { httpStatus, isWritten } = result;
  if (httpStatus >= 200 && httpStatus < 300) {
    const rejected = readRejected(result.body, result.headers['content-type']);
    return { verdict: 'taken', outcome: 'delivered', why: '', rejected, isWritten };
  }
  return {
    verdict: isRetryable(httpStatus) ? 'again' : isUnsupported(httpStatus, signal) ? 'unsupported' : 'refused',
    outcome: httpStatus === 0 ? 'unanswered' : String(httpStatus),
    why: result.error === '' ? `HTTP ${httpStatus}` : result.error,
    afterMs: parseRetryAfterMs(result.headers['retry-after'], nowMs),
    rejected: 0,
    isWritten,
  };
}

/** Whoever takes no traces is no receiver of ours at all: that is a fault to be seen, not a signal to be left out. */
function isUnsupported(httpStatus: number, signal: Signal): boolean {
  return signal !== 'traces' && UNSUPPORTED.has(httpStatus);
}
