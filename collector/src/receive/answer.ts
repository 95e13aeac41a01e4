// Answers in the form OTLP/HTTP prescribes: export responses on success, google.rpc.Status otherwise.
import type { ServerResponse } from 'node:http';
import { ProtobufWriter } from '../otlp/writer.ts';
import type { Signal } from './instruments.ts';

/** Encodings of bodies and of the answers to them. */
export type BodyFormat = 'protobuf' | 'json';

const MEDIA_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

/** How a sender is told what was left out of a body: the key in JSON, and why. */
const LEFT_OUT = {
  traces: { key: 'rejectedSpans', message: 'spans with a bad trace id, span id or text were left out' },
  metrics: {
    key: 'rejectedDataPoints',
    message:
      'data points that are too large, without a value or that contradict themselves (counts, bounds, scale, NaN), of sums and histograms without a temporality or of metrics without a name were left out',
  },
} as const;

/** What was left out of an otherwise accepted body; logs are taken whole. */
export interface LeftOut {
  readonly signal: Signal;
  readonly rejected: number;
}

/** Canonical codes of google.rpc.Code for the HTTP statuses we answer. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 3,
  503: 14,
  508: 9,
};

/** So much of a refused body is read and thrown away, for the sake of its sender hearing the answer. */
const READ_AFTER_REFUSAL_BYTES = 32 * 1024 * 1024;

/** Seconds a refused sender is asked to wait. */
export const RETRY_AFTER_SECONDS = 1;

/** Answers an accepted request: plainly, or with what was left out of it. */
export function answerAccepted(response: ServerResponse, format: BodyFormat, leftOut: LeftOut): void {
  const { signal, rejected } = leftOut;
  response.writeHead(200, { 'content-type': MEDIA_TYPES[format] });
  if (rejected === 0 || signal === 'logs') response.end(format === 'json' ? '{}' : undefined);
  else if (format === 'protobuf') response.end(responseBytes(leftOut));
  else {
    const { key, message } = LEFT_OUT[signal];
    response.end(JSON.stringify({ partialSuccess: { [key]: String(rejected), errorMessage: message } }));
  }
}

/** An export response in protobuf; empty where nothing was left out. */
export function responseBytes({ signal, rejected }: LeftOut): Uint8Array {
  if (rejected === 0 || signal === 'logs') return new Uint8Array(0);
  const writer = new ProtobufWriter(64);
  const start = writer.open(1);
  writer.uint32(1, rejected);
  writer.text(2, LEFT_OUT[signal].message);
  writer.close(start);
  return writer.bytes();
}

/**
 * Answers a refused request at once; the body names the reason. A body still on its way is read to its end before the
 * connection may close: closed under a sender that writes, it would take the answer with it. Beyond a limit it closes.
 */
export function answerRefused(
  response: ServerResponse,
  format: BodyFormat,
  httpStatus: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const code = RPC_CODES[httpStatus] ?? 2;
  const retry = httpStatus === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  const body = format === 'json' ? Buffer.from(JSON.stringify({ code, message })) : statusBytes(code, message);
  const fixed = { 'content-type': MEDIA_TYPES[format], 'content-length': body.length };
  response.writeHead(httpStatus, { ...fixed, ...retry, ...headers });
  response.write(body);
  endOnceRead(response);
}

/** google.rpc.Status. */
function statusBytes(code: number, message: string): Uint8Array {
  const writer = new ProtobufWriter(64 + message.length);
  writer.uint32(1, code);
  writer.text(2, message);
  return writer.bytes();
}

function endOnceRead(response: ServerResponse): void {
  const { req } = response;
  if (req.complete) {
    response.end();
    return;
  }
  let length = 0;
  req.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > READ_AFTER_REFUSAL_BYTES) response.end();
  });
  req.once('end', () => response.end());
}
