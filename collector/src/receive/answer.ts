// Answers in the form OTLP/HTTP prescribes: export responses on success, google.rpc.Status otherwise.
import type { ServerResponse } from 'node:http';
import { ProtobufWriter } from '../otlp/writer.ts';

/** Encodings of bodies and of the answers to them. */
export type BodyFormat = 'protobuf' | 'json';

const MEDIA_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

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

/**
 * Answers an accepted request.
 *
 * @param rejected items left out of an otherwise accepted body; 0 gives the plain response
 */
export function answerAccepted(response: ServerResponse, format: BodyFormat, rejected: number, message: string): void {
  response.writeHead(200, { 'content-type': MEDIA_TYPES[format] });
  if (format === 'json') {
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: message };
    response.end(JSON.stringify(rejected > 0 ? { partialSuccess } : {}));
    return;
  }
  if (rejected === 0) {
    response.end();
    return;
  }
  response.end(partialSuccessBytes(rejected, message));
}

/** An export response that says what was left out; of every signal alike. */
export function partialSuccessBytes(rejected: number, message: string): Uint8Array {
  const writer = new ProtobufWriter(64);
  const start = writer.open(1);
  writer.uint32(1, rejected);
  writer.text(2, message);
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
