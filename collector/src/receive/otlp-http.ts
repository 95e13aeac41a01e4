// OTLP/HTTP: judges a request, reads and inflates its body, hands traces to the intake and other signals on as they are.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer, Host } from '../pipeline/contract.ts';
import { tracesFromJson } from '../otlp/json.ts';
import { Malformed } from '../otlp/malformed.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { SignalBody } from '../sample/contract.ts';
import type { Admission, ReadBody, RefusedAtDoor } from './admission.ts';
import { answerAccepted, answerRefused, type BodyFormat } from './answer.ts';
import { type ContentEncoding, inflateLarge, inflateSmall, TooLarge } from './inflate.ts';
import type { RefusedReason, receiveInstruments, Signal } from './instruments.ts';
import type { TraceIntake } from './trace-intake.ts';

// Maps, because a sender who names a property of every object must find nothing.
const SIGNALS: ReadonlyMap<string, Signal> = new Map([
  ['/v1/traces', 'traces'],
  ['/v1/metrics', 'metrics'],
  ['/v1/logs', 'logs'],
]);
const FORMATS: ReadonlyMap<string, BodyFormat> = new Map([
  ['application/x-protobuf', 'protobuf'],
  ['application/json', 'json'],
]);

/** What receivers pass on. */
export type Received = SpanBatch | SignalBody;

export interface OtlpHttpOptions {
  /** As sent, and inflated. */
  readonly maxBodyBytes: number;
  /** The same for traces in JSON, which take many times their size while they are read. */
  readonly maxJsonBytes: number;
  readonly admission: Admission;
  readonly intake: TraceIntake;
  readonly host: Host<keyof typeof receiveInstruments>;
  readonly next: Consumer<Received>;
}

/** A refusal on its way to the answer. */
class Refusal extends Error {
  readonly httpStatus: number;
  readonly reason: RefusedReason;
  readonly headers: Readonly<Record<string, string>>;

  constructor(httpStatus: number, reason: RefusedReason, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.httpStatus = httpStatus;
    this.reason = reason;
    this.headers = headers;
  }
}

interface Accepted {
  readonly rejected: number;
}

/** Makes the request listener. It answers every request and never throws. */
export function otlpHttp(options: OtlpHttpOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { host } = options;
  return (request, response) => {
    const format = FORMATS.get(mediaType(request)) ?? 'protobuf';
    const signal = SIGNALS.get(request.url?.split('?', 1)[0] ?? '');
    void handle(request, signal, options).then(
      ({ rejected }) => {
        answerAccepted(response, format, rejected, rejected > 0 ? REJECTED_MESSAGE : '');
      },
      (error: unknown) => {
        const refusal = refusalOf(error);
        host.count('refused', 1, { reason: refusal.reason });
        host.count('refused_size', Number(request.headers['content-length'] ?? 0) || 0, { reason: refusal.reason });
        if (refusal.reason === 'internal')
          host.log('error', 'INTERNAL', String(error instanceof Error ? error.stack : error));
        if (response.destroyed || response.headersSent) return;
        // Bytes may still be on their way; who sends what is refused gets no connection kept for more of it.
        const close: Record<string, string> = request.complete ? {} : { connection: 'close' };
        answerRefused(response, format, refusal.httpStatus, refusal.message, { ...refusal.headers, ...close });
      },
    );
  };
}

const REJECTED_MESSAGE = 'spans with a bad trace id, span id or text were left out';

async function handle(
  request: IncomingMessage,
  signal: Signal | undefined,
  options: OtlpHttpOptions,
): Promise<Accepted> {
  const { admission, host } = options;
  if (signal === undefined) throw new Refusal(404, 'path', 'only /v1/traces, /v1/metrics and /v1/logs are served here');
  if (request.method !== 'POST') throw new Refusal(405, 'method', 'only POST is served here', { allow: 'POST' });
  const type = mediaType(request);
  const format = FORMATS.get(type);
  if (format === undefined) throw new Refusal(415, 'content_type', 'send application/x-protobuf or application/json');
  const encoding = encodingOf(request);
  const isJsonTraces = signal === 'traces' && format === 'json';
  const maxBytes = isJsonTraces ? Math.min(options.maxJsonBytes, options.maxBodyBytes) : options.maxBodyBytes;
  const body = await admission.read(request, maxBytes);
  try {
    host.record('in_flight', admission.inFlightBytes);
    if (body.refused !== undefined) throw doorRefusal(body.refused);
    host.count('requests', 1, { signal });
    host.count('size', body.length, { signal });
    if (signal === 'traces') return await takeTraces(body, maxBytes, encoding, format, options);
    await options.next.consume({
      signal,
      body: body.chunks.length === 1 && body.chunks[0] !== undefined ? body.chunks[0] : Buffer.concat(body.chunks),
      contentType: type,
      contentEncoding: encoding,
    });
    return { rejected: 0 };
  } finally {
    admission.release(body.length);
    host.record('in_flight', admission.inFlightBytes);
  }
}

async function takeTraces(
  { chunks, length }: ReadBody,
  maxBytes: number,
  encoding: ContentEncoding,
  format: BodyFormat,
  options: OtlpHttpOptions,
): Promise<Accepted> {
  if (encoding === 'identity') return takeInflated(chunks, length, format, options);
  const compressed = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
  const small = inflateSmall(compressed, encoding, maxBytes);
  if (small !== undefined) return takeInflated([small], small.length, format, options);
  // What the output will take is unknown until it is there, so the most it may take is held meanwhile.
  if (!options.admission.reserve(maxBytes)) throw doorRefusal('overloaded');
  try {
    const large = await inflateLarge(compressed, encoding, maxBytes);
    return await takeInflated([large], large.length, format, options);
  } finally {
    options.admission.release(maxBytes);
  }
}

async function takeInflated(
  chunks: readonly Buffer[],
  length: number,
  format: BodyFormat,
  { intake, host, next }: OtlpHttpOptions,
): Promise<Accepted> {
  if (format === 'json') {
    const converted = tracesFromJson(
      chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
    );
    chunks = [converted as Buffer];
    length = converted.length;
  }
  const outcome = intake.take(chunks, length, host.clock.nowMs(), host.clock.monotonicMs());
  const { batch } = intake;
  if (outcome === 'over_budget') throw new Refusal(503, 'over_budget', 'the memory for waiting spans is full');
  if (outcome === 'contexts_full') throw new Refusal(503, 'contexts', 'too many distinct resources are waiting');
  // A repeat is answered as its first time was, and counted as a repeat only.
  const { rejected } = batch;
  if (outcome === 'duplicate') {
    host.count('duplicate_spans', batch.count);
    host.count('duplicates', 1);
    return { rejected };
  }
  host.count('spans', batch.count);
  if (rejected > 0) host.count('rejected', rejected);
  await next.consume(batch);
  return { rejected };
}

function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function encodingOf(request: IncomingMessage): ContentEncoding {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === '' || encoding === 'identity') return 'identity';
  if (encoding === 'gzip' || encoding === 'zstd') return encoding;
  throw new Refusal(415, 'content_encoding', 'send identity, gzip or zstd', { 'accept-encoding': 'gzip, zstd' });
}

function doorRefusal(refused: RefusedAtDoor): Refusal {
  if (refused === 'too_large') return new Refusal(413, 'too_large', 'the body is larger than receive.http.max_body');
  if (refused === 'overloaded') return new Refusal(503, 'in_flight', 'too many bytes are being received at once');
  return new Refusal(400, 'aborted', 'the request ended before its body');
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TooLarge)
    return new Refusal(413, 'too_large', 'the inflated body is larger than receive.http.max_body');
  if (error instanceof Malformed) return new Refusal(400, `malformed_${error.reason}`, error.message);
  return new Refusal(500, 'internal', 'internal error');
}
