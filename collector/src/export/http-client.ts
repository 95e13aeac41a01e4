// One POST to an OTLP/HTTP receiver. Answers every outcome as a value; never throws.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { EvenkeelError } from '../errors.ts';

/** Answers longer than this are cut: only partial success is read from them. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What came back; `httpStatus` 0 means no answer, with the reason in `error`. */
export interface PostResult {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly error: string;
}

export interface HttpClientOptions {
  readonly timeoutMs: number;
  readonly caFile: string | undefined;
}

/** Keeps connections alive between posts. */
export class HttpClient {
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 2 });
  readonly #tls: HttpsAgent;
  readonly #timeoutMs: number;

  /** @throws CERTIFICATE_UNREADABLE when the authority's file cannot be read */
  constructor(options: HttpClientOptions) {
    this.#timeoutMs = options.timeoutMs;
    const ca = options.caFile === undefined ? undefined : [...rootCertificates, readCertificate(options.caFile)];
    this.#tls = new HttpsAgent({ keepAlive: true, maxSockets: 2, ...(ca === undefined ? {} : { ca }) });
  }

  /** @param signal cuts the request short; it then counts as unanswered */
  post(url: string, body: Uint8Array, headers: Record<string, string>, signal: AbortSignal): Promise<PostResult> {
    // Traces and other signals may go to different schemes.
    const isTls = new URL(url).protocol === 'https:';
    return new Promise<PostResult>((resolve) => {
      const failed = (error: string): void => resolve(unanswered(error));
      const timeout = AbortSignal.timeout(this.#timeoutMs);
      const request = (isTls ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: isTls ? this.#tls : this.#plain,
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
          resolve({ httpStatus: statusCode, headers: answered, body: Buffer.concat(chunks), error: '' });
        });
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        failed(timeout.aborted ? 'no answer in time' : (error.code ?? error.message));
      });
      request.end(body);
      // A request that Node refuses to make, as for a header it reserves, is a failed one like others.
    }).catch((error: unknown) => unanswered(error instanceof Error ? error.message : String(error)));
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

function unanswered(error: string): PostResult {
  return { httpStatus: 0, headers: {}, body: Buffer.alloc(0), error };
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EvenkeelError('CERTIFICATE_UNREADABLE', path, { cause });
  }
}
