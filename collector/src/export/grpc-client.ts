// Unary calls of gRPC on node:http2, over one session that is opened again when it ended. Answers every outcome as a
// value; never throws. The counterpart of the door, for the same reasons (docs/adr/008).
// @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { rootCertificates } from 'node:tls';
import type { Host } from '../pipeline/contract.ts';
import { type OpenTls, openTls, type TlsFiles } from '../pipeline/tls.ts';

/** Compressed flag and length stand before each message. */
const FRAME_BYTES = 5;
/** Answers longer than this are cut: only partial success is read from them. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What came back. */
export interface CallResult {
  /** Of google.rpc.Code; undefined where no answer came, with the reason in `message`. */
  readonly code: number | undefined;
  readonly message: string;
  /** `grpc-status-details-bin`, decoded; empty where there was none. */
  readonly details: Uint8Array;
  /** The response message; empty where the call failed. */
  readonly response: Uint8Array;
  /** Every byte of the request was handed to the system. */
  readonly isWritten: boolean;
}

export interface GrpcClientOptions {
  /** Only its origin is used. */
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly tls: TlsFiles;
  /** Names the exporter where its files cannot be used, as in `export.otlp.backend`. */
  readonly setting: string;
}

/** One call. */
export interface Call {
  readonly path: string;
  readonly message: Uint8Array;
  /** `identity` where the message is not compressed. */
  readonly encoding: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Keeps one session to one receiver. */
export class GrpcClient {
  readonly #origin: string;
  readonly #timeoutMs: number;
  readonly #files: OpenTls;
  #material: OpenTls['material'];
  #session: ClientHttp2Session | undefined;

  /** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
  constructor({ endpoint, timeoutMs, tls, setting }: GrpcClientOptions, host: Pick<Host, 'clock' | 'log'>) {
    this.#origin = new URL(endpoint).origin;
    this.#timeoutMs = timeoutMs;
    this.#files = openTls(tls, setting, host, (material) => {
      this.#material = material;
      // The next call connects with the new certificate; one that is open ends on its own.
      this.#retire();
    });
    this.#material = this.#files.material;
  }

  /** @param cut cuts the call short; it then counts as unanswered */
  async call(call: Call, cut: AbortSignal): Promise<CallResult> {
    try {
      return await this.#exchange(call, cut);
    } catch (error) {
      // As for metadata that HTTP/2 does not allow.
      return noAnswer(error instanceof Error ? error.message : String(error));
    }
  }

  close(): void {
    this.#files.stop();
    this.#session?.destroy();
    this.#session = undefined;
  }

  #exchange({ path, message, encoding, metadata }: Call, cut: AbortSignal): Promise<CallResult> {
    const session = this.#open();
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const compressed = encoding === 'identity' ? {} : { 'grpc-encoding': encoding };
    const stream = session.request(
      {
        ...lowerCased(metadata),
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${Math.min(this.#timeoutMs, 99_999_999)}m`,
        ...compressed,
      },
      { signal: AbortSignal.any([cut, timeout]) },
    );
    return new Promise<CallResult>((resolve) => {
      const end = watch(stream);
      stream.once('close', () => {
        if (timeout.aborted) {
          // A connection that answers nothing may be dead; another is made.
          if (this.#session === session) this.#session = undefined;
          session.destroy();
        }
        resolve(timeout.aborted ? noAnswer('no answer in time') : end());
      });
      const head = Buffer.alloc(FRAME_BYTES);
      head[0] = encoding === 'identity' ? 0 : 1;
      head.writeUInt32BE(message.length, 1);
      stream.write(head);
      stream.end(message);
    });
  }

  #open(): ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const { ca, ...own } = this.#material;
    const authorities = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
    const session = connect(this.#origin, { ...own, ...authorities });
    // Whatever is wrong with the connection is told by the calls that it breaks.
    session.on('error', () => {});
    session.on('goaway', () => {
      if (this.#session === session) this.#retire();
    });
    this.#session = session;
    return session;
  }

  /** Takes no further call, and ends after the open ones. */
  #retire(): void {
    this.#session?.close();
    this.#session = undefined;
  }
}

/** Gathers what a stream tells. @returns reads it once the stream is closed */
function watch(stream: ClientHttp2Stream): () => CallResult {
  let headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders = {};
  let problem = '';
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('response', (answered) => (headers = answered));
  stream.on('trailers', (told) => (trailers = told));
  stream.on('error', (error: NodeJS.ErrnoException) => {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    problem = cause?.code ?? error.code ?? error.message;
  });
  stream.on('data', (chunk: Buffer) => {
    if (length < MAX_ANSWER_BYTES) chunks.push(chunk);
    length += chunk.length;
  });
  return () => {
    const isWritten = stream.writableFinished;
    // A call that failed at once has its status among the headers.
    const told = { ...headers, ...trailers };
    const status = told['grpc-status'];
    const httpStatus = headers[':status'];
    if (status === undefined && (httpStatus === undefined || httpStatus === 200))
      return { ...noAnswer(problem === '' ? resetText(stream) : problem), isWritten };
    const code = status === undefined ? codeOfHttp(httpStatus ?? 0) : Number(status);
    const details = Buffer.from(String(told['grpc-status-details-bin'] ?? ''), 'base64');
    const message = status === undefined ? `HTTP ${httpStatus}` : decoded(String(told['grpc-message'] ?? ''));
    const response = code === 0 ? Buffer.concat(chunks).subarray(FRAME_BYTES) : new Uint8Array(0);
    return { code, message, details, response, isWritten };
  };
}

function resetText(stream: ClientHttp2Stream): string {
  return stream.rstCode === constants.NGHTTP2_NO_ERROR
    ? 'the call ended without a status'
    : `reset by HTTP/2 code ${stream.rstCode}`;
}

/** @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
function codeOfHttp(httpStatus: number): number {
  if ([429, 502, 503, 504].includes(httpStatus)) return 14;
  const codes: Readonly<Record<number, number>> = { 400: 13, 401: 16, 403: 7, 404: 12 };
  return codes[httpStatus] ?? 2;
}

function lowerCased(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all.
    return text;
  }
}

function noAnswer(message: string): CallResult {
  const nothing = new Uint8Array(0);
  return { code: undefined, message, details: nothing, response: nothing, isWritten: false };
}
