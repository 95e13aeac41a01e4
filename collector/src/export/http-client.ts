// One POST to an OTLP/HTTP receiver. Answers every outcome as a value; never throws.
import { Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { Host } from '../pipeline/contract.ts';
import { type OpenTls, openTls, type TlsFiles, type TlsMaterial } from '../pipeline/tls.ts';

/** Answers longer than this are cut: only partial success is read from them. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What came back; `httpStatus` 0 means no answer, with the reason in `error`. */
export interface PostResult {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly error: string;
  /** Every byte of the request was handed to the system, so that nobody reads its body any more. */
  readonly isWritten: boolean;
}

export interface HttpClientOptions {
  readonly timeoutMs: number;
  readonly tls: TlsFiles;
  /** Names the exporter where its files cannot be used, as in `export.otlp.backend`. */
  readonly setting: string;
}

/** Keeps connections alive between posts. */
export class HttpClient {
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 2 });
  readonly #timeoutMs: number;
  readonly #files: OpenTls;
  #tls: HttpsAgent;

  /** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
  constructor({ timeoutMs, tls, setting }: HttpClientOptions, host: Pick<Host, 'clock' | 'log'>) {
    this.#timeoutMs = timeoutMs;
    this.#files = openTls(tls, setting, host, (material) => this.#renew(material));
    this.#tls = agentOf(this.#files.material);
  }

  /** @param signal cuts the request short; it then counts as unanswered */
  post(url: string, body: Uint8Array, headers: Record<string, string>, signal: AbortSignal): Promise<PostResult> {
    // Traces and other signals may go to different schemes.
    const isTls = new URL(url).protocol === 'https:';
    const tls = this.#tls;
    return new Promise<PostResult>((resolve) => {
      const failed = (error: string): void => resolve(unanswered(error));
      const timeout = AbortSignal.timeout(this.#timeoutMs);
      const request = (isTls ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: isTls ? tls : this.#plain,
        headers: { ...headers, 'content-length': String(body.length) },
        signal: AbortSignal.any([signal, timeout]),
      });
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          if (length < MAX_ANSWER_BYTES) chunks.push(chunk);
          length += chunk.length;
        });
        response.once('error', (error) => failed(error.message));
        response.once('end', () => {
          const { statusCode = 0, headers: answered } = response;
          // A receiver may answer before it has read all.
          const isWritten = request.writableFinished;
          resolve({ httpStatus: statusCode, headers: answered, body: Buffer.concat(chunks), error: '', isWritten });
        });
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        failed(timeout.aborted ? 'no answer in time' : (error.code ?? error.message));
      });
      request.end(body);
      // A request that Node refuses to make, as for a header it reserves, is a failed one like others.
    })
      .catch((error: unknown) => unanswered(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        // Renewed meanwhile: its connections are of the old certificate.
        if (tls !== this.#tls) tls.destroy();
      });
  }

  close(): void {
    this.#files.stop();
    this.#plain.destroy();
    this.#tls.destroy();
  }

  /** A post under way keeps its agent to its end. */
  #renew(material: TlsMaterial): void {
    const old = this.#tls;
    this.#tls = agentOf(material);
    if (Object.keys(old.sockets).length === 0) old.destroy();
  }
}

function agentOf({ ca, ...own }: TlsMaterial): HttpsAgent {
  const authorities = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  return new HttpsAgent({ keepAlive: true, maxSockets: 2, ...own, ...authorities });
}

function unanswered(error: string): PostResult {
  return { httpStatus: 0, headers: {}, body: Buffer.alloc(0), error, isWritten: false };
}
