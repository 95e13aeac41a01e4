// Sends OTLP over gRPC: unary calls on one connection of node:http2 that is made again when it ended. It keeps the
// process no more alive than HTTP does. No streaming, no balancing between addresses, no proxies (docs/adr/007).
// @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { ExportResponse } from '@opentelemetry/otlp-exporter-base';
import type { Address } from './bound/hand-over.ts';
import { GRPC_CODES, type GrpcCode, retryAfterMs } from './grpc-status.ts';
import {
  createRepeating,
  MAX_ANSWER_BYTES,
  type Outlet,
  type Sending,
  type SizeLimits,
  type Transport,
  zip,
} from './otlp-transport.ts';

export interface GrpcTransportOptions extends SizeLimits {
  readonly address: Address;
  readonly compression: 'gzip' | 'none';
}

/** Whether the message is compressed, and its length, before each message. */
const FRAME_BYTES = 5;

/** The longest that `grpc-timeout` can say has eight digits. */
const MAX_TIMEOUT_MS = 99_999_999;

/** Of HTTP/2: the stream is no longer needed (RFC 9113, section 7). */
const CANCEL = 8;

/** Codes after which the same body may be sent again; RESOURCE_EXHAUSTED only where it is said when. */
const RETRYABLE: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** A connection and the calls that are open on it. */
interface Connection {
  readonly session: ClientHttp2Session;
  calls: number;
}

/** Makes the transport of one signal; it loads and opens nothing before the first body. */
export function createGrpcTransport(options: GrpcTransportOptions, outlet: Outlet): Transport {
  const { url, headers, grpcPath, tls, socketPath } = options.address;
  const isZipped = options.compression === 'gzip';
  const fixed = {
    ':method': 'POST',
    ':path': grpcPath,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(isZipped && { 'grpc-encoding': 'gzip' }),
  };
  let current: Connection | undefined;

  async function connection(): Promise<Connection> {
    const { connect } = await import('node:http2');
    if (current && !current.session.closed && !current.session.destroyed) return current;
    const session = connect(url, { ...tls, path: socketPath });
    session.unref();
    // A host with two addresses gets another socket for the second one.
    session.once('connect', () => session.unref());
    // Whatever is wrong with the connection is told by the calls that it breaks.
    session.on('error', () => {});
    return (current = { session, calls: 0 });
  }

  /** A connection that answers nothing may be dead: it takes no further call, and ends with its last. */
  function retire(retired: Connection): void {
    if (current === retired) current = undefined;
  }

  async function call(sending: Sending, signal: AbortSignal, timeoutMs: number): Promise<ExportResponse> {
    const message = isZipped ? await zip(sending.body) : sending.body;
    signal.throwIfAborted();
    const used = await connection();
    const timeout = `${Math.min(Math.ceil(timeoutMs), MAX_TIMEOUT_MS)}m`;
    const stream = used.session.request({ ...headers, ...fixed, 'grpc-timeout': timeout }, { signal });
    used.calls++;
    sending.isOnTheWire = () => stream.writableFinished;
    const answer = await exchange(stream, framed(message, isZipped), options.maxAnswerBytes);
    used.calls--;
    if (signal.aborted) retire(used);
    if (used !== current && used.calls === 0) used.session.destroy();
    if (!signal.aborted || answer.status === 'success') return answer;
    const isLate = (signal.reason as Error).name === 'TimeoutError';
    return isLate ? failed('DEADLINE_EXCEEDED', 'no answer in time') : failed('CANCELLED', 'the telemetry is closed');
  }

  return {
    ...createRepeating(call, outlet, options),
    shutdown() {
      current?.session.destroy();
      current = undefined;
    },
  };
}

function framed(message: Uint8Array, isZipped: boolean): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_BYTES + message.length);
  frame[0] = isZipped ? 1 : 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_BYTES);
  return frame;
}

/** What a server told, and what became of the stream. */
interface Told {
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  trailers: IncomingHttpHeaders;
  readonly chunks: Buffer[];
  problem: Error | undefined;
}

function exchange(stream: ClientHttp2Stream, frame: Buffer, maxBytes = MAX_ANSWER_BYTES): Promise<ExportResponse> {
  return new Promise((resolve) => {
    const told: Told = { headers: {}, trailers: {}, chunks: [], problem: undefined };
    let sizeBytes = 0;
    stream.on('response', (headers) => void (told.headers = headers));
    stream.on('trailers', (trailers) => void (told.trailers = trailers));
    stream.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes + FRAME_BYTES) told.chunks.push(chunk);
    });
    // A server may answer before it has read everything; the rest is not wanted then.
    stream.on('end', () => {
      if (!stream.writableFinished) stream.close(CANCEL);
    });
    stream.on('error', (error) => void (told.problem = error));
    stream.on('close', () => resolve(responseOf(told)));
    stream.end(frame);
  });
}

function responseOf({ headers, trailers, chunks, problem }: Told): ExportResponse {
  // A call that failed at once has its status among the headers.
  const all = { ...headers, ...trailers };
  const status = all['grpc-status'];
  if (status === undefined) {
    const http = headers[':status'];
    // Over an answer that is none of gRPC somebody stands between.
    if (http !== undefined && http !== 200) return failed(codeOfHttp(http), `HTTP ${http}`);
    return failed('UNAVAILABLE', problem ? reasonOf(problem) : 'the call ended without a status');
  }
  const code = GRPC_CODES[Number(status)] ?? 'UNKNOWN';
  if (code === 'OK') return taken(Buffer.concat(chunks));
  const details = Buffer.from(String(all['grpc-status-details-bin'] ?? ''), 'base64');
  return failed(code, decoded(String(all['grpc-message'] ?? '')), retryAfterMs(details));
}

/** What was taken stays taken, also where the message cannot be read. */
function taken(frame: Buffer): ExportResponse {
  const isWhole = frame.length >= FRAME_BYTES && frame.length === FRAME_BYTES + frame.readUInt32BE(1);
  // Compressed answers are not asked for.
  return { status: 'success', ...(isWhole && frame[0] === 0 && { data: frame.subarray(FRAME_BYTES) }) };
}

/** @param retryInMillis what the server asks for */
function failed(code: GrpcCode, why: string, retryInMillis?: number): ExportResponse {
  const number = GRPC_CODES.indexOf(code);
  // As errors of gRPC clients are: its code is what the exporter's own metrics tell.
  const error = Object.assign(new Error(`${number} ${code}: ${why}`), { code: number });
  const isRetryable = RETRYABLE.has(code) || (code === 'RESOURCE_EXHAUSTED' && retryInMillis !== undefined);
  if (!isRetryable) return { status: 'failure', error };
  return { status: 'retryable', error, ...(retryInMillis !== undefined && { retryInMillis }) };
}

/** Says why a connection failed, which Node tells as the cause; one to two addresses has a code and no message. */
function reasonOf(problem: Error): string {
  const cause = problem.cause instanceof Error ? problem.cause : problem;
  return cause.message || String((cause as NodeJS.ErrnoException).code ?? cause.name);
}

/** @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
function codeOfHttp(status: number): GrpcCode {
  const codes: Readonly<Record<number, GrpcCode>> = {
    400: 'INTERNAL',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'UNIMPLEMENTED',
    429: 'UNAVAILABLE',
    502: 'UNAVAILABLE',
    503: 'UNAVAILABLE',
    504: 'UNAVAILABLE',
  };
  return codes[status] ?? 'UNKNOWN';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all.
    return text;
  }
}
