// Answers as gRPC prescribes them: one message and trailers, or a status alone.
// @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and OTLP's section on failures over gRPC
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { ProtobufWriter } from '../otlp/writer.ts';
import type { Clock } from '../pipeline/contract.ts';
import { partialSuccessBytes, RETRY_AFTER_SECONDS } from './answer.ts';

/** Compressed flag and length stand before each message. */
export const FRAME_BYTES = 5;

/** A refused sender that still writes after this is cut. */
const LINGER_MS = 1000;

/** Those of google.rpc.Code that we answer. */
export const STATUS = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type Status = (typeof STATUS)[keyof typeof STATUS];

const HEADERS = {
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip,zstd',
} as const;

/** @param rejected items left out of an otherwise accepted message; 0 gives the plain response */
export function answerCall(stream: ServerHttp2Stream, rejected: number, message: string): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const response = rejected === 0 ? new Uint8Array(0) : partialSuccessBytes(rejected, message);
  const frame = Buffer.alloc(FRAME_BYTES + response.length);
  frame.writeUInt32BE(response.length, 1);
  frame.set(response, FRAME_BYTES);
  stream.respond({ ':status': 200, ...HEADERS }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(STATUS.ok) }));
  stream.end(frame);
}

/** What a refused call is told. */
export interface CallRefusal {
  readonly status: Status;
  readonly message: string;
  /** Other than 200 where the sender does not speak gRPC. */
  readonly httpStatus?: number | undefined;
}

/**
 * Answers a refused call at once. What still comes of it is read and thrown away, for a moment. Where the status asks to
 * come again, it says when.
 */
export function refuseCall(
  stream: ServerHttp2Stream,
  clock: Pick<Clock, 'after'>,
  { status, message, httpStatus = 200 }: CallRefusal,
): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const headers: OutgoingHttpHeaders = {
    ':status': httpStatus,
    ...HEADERS,
    'grpc-status': String(status),
    'grpc-message': percentEncoded(message),
  };
  if (status === STATUS.unavailable) headers['grpc-status-details-bin'] = retryDetails(message).toString('base64');
  stream.respond(headers, { endStream: true });
  // A gRPC client ends its side as soon as it hears. A reset together with the answer would take it along: a client that
  // reads both at once shows the reset alone.
  stream.resume();
  const cancel = clock.after(LINGER_MS, () => stream.destroy());
  stream.once('close', cancel);
}

/** google.rpc.Status with google.rpc.RetryInfo, by which OTLP throttles. */
function retryDetails(message: string): Buffer {
  const writer = new ProtobufWriter(256);
  writer.uint32(1, STATUS.unavailable);
  writer.text(2, message);
  const any = writer.open(3);
  writer.text(1, 'type.googleapis.com/google.rpc.RetryInfo');
  const retryInfo = writer.open(2);
  const delay = writer.open(1);
  writer.uint32(1, RETRY_AFTER_SECONDS);
  writer.close(delay);
  writer.close(retryInfo);
  writer.close(any);
  return Buffer.from(writer.bytes());
}

/** What headers cannot carry, and the percent sign itself. */
function percentEncoded(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent);
}
