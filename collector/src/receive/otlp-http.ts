// OTLP/HTTP: judges a request, reads its body and answers; what is done with the body stands in take-body.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CHALLENGE } from '../pipeline/bearer.ts';
import { FOREIGN_NAME } from '../pipeline/http-server.ts';
import { TRAIL_HEADER } from '../pipeline/trail.ts';
import { answerAccepted, answerRefused, type BodyFormat, type LeftOut } from './answer.ts';
import type { ContentEncoding } from './inflate.ts';
import type { RefusedReason, Signal } from './instruments.ts';
import { type BodyPath, countRefusal, refuseOwn, Refusal, refusalOf, takeBody, takeRead } from './take-body.ts';

export type { Received } from './take-body.ts';

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

export interface OtlpHttpOptions extends BodyPath {
  /** As sent, and inflated. */
  readonly maxBodyBytes: number;
  /** The same for JSON that is parsed, which takes many times its size meanwhile: traces, logs unpacked, all under redaction. */
  readonly maxJsonBytes: number;
  /** Judges the token of a request. */
  readonly admits: (request: IncomingMessage) => boolean;
  /** Judges the name a request asks for. */
  readonly mayBeMisled: (request: IncomingMessage) => boolean;
}

/** Statuses by reason; whatever makes no sense by itself is 400. */
const STATUSES: Readonly<Partial<Record<RefusedReason, number>>> = {
  foreign_name: 403,
  unauthorized: 401,
  // Of all that are not to be tried again the one that says what is wrong.
  loop: 508,
  path: 404,
  method: 405,
  content_type: 415,
  content_encoding: 415,
  too_large: 413,
  in_flight: 503,
  over_budget: 503,
  contexts: 503,
  internal: 500,
};

/** What a sender may do instead. */
const HEADERS: Readonly<Partial<Record<RefusedReason, Readonly<Record<string, string>>>>> = {
  unauthorized: CHALLENGE,
  method: { allow: 'POST' },
  content_encoding: { 'accept-encoding': 'gzip, zstd' },
};

/** Makes the request listener. It answers every request and never throws. */
export function otlpHttp(options: OtlpHttpOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const format = FORMATS.get(mediaType(request)) ?? 'protobuf';
    const signal = SIGNALS.get(request.url?.split('?', 1)[0] ?? '');
    void handle(request, signal, options).then(
      (accepted) => answerAccepted(response, format, accepted),
      (error: unknown) => {
        const refusal = refusalOf(error, options.limitKey);
        countRefusal(error, refusal, Number(request.headers['content-length'] ?? 0) || 0, options);
        if (response.destroyed || response.headersSent) return;
        // Bytes may still be on their way; who sends what is refused gets no connection kept for more of it.
        const close: Record<string, string> = request.complete ? {} : { connection: 'close' };
        const status = STATUSES[refusal.reason] ?? 400;
        answerRefused(response, format, status, refusal.message, { ...HEADERS[refusal.reason], ...close });
      },
    );
  };
}

async function handle(
  request: IncomingMessage,
  signal: Signal | undefined,
  options: OtlpHttpOptions,
): Promise<LeftOut> {
  // Programs name no origin and may well use names not known here; browsers do with every POST.
  if (request.headers.origin !== undefined && options.mayBeMisled(request))
    throw new Refusal('foreign_name', FOREIGN_NAME);
  if (!options.admits(request)) throw new Refusal('unauthorized', 'send a valid token as authorization: Bearer');
  if (signal === undefined) throw new Refusal('path', 'only /v1/traces, /v1/metrics and /v1/logs are served here');
  refuseOwn(request.headers[TRAIL_HEADER], signal, 'receive.http', options);
  if (request.method !== 'POST') throw new Refusal('method', 'only POST is served here');
  const contentType = mediaType(request);
  const format = FORMATS.get(contentType);
  if (format === undefined) throw new Refusal('content_type', 'send application/x-protobuf or application/json');
  const encoding = encodingOf(request);
  const isUnpacked = signal !== 'logs' || options.unpacksLogs;
  const isParsedJson = format === 'json' && (isUnpacked || options.redaction !== undefined);
  const maxBytes = isParsedJson ? Math.min(options.maxJsonBytes, options.maxBodyBytes) : options.maxBodyBytes;
  return takeRead(await options.admission.read(request, maxBytes), options, ({ chunks, length }) =>
    takeBody(chunks, length, { signal, format, contentType, encoding, maxBytes }, options),
  );
}

function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function encodingOf(request: IncomingMessage): ContentEncoding {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === '' || encoding === 'identity') return 'identity';
  if (encoding === 'gzip' || encoding === 'zstd') return encoding;
  throw new Refusal('content_encoding', 'send identity, gzip or zstd');
}
