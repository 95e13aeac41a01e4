// Answers as gRPC prescribes them: one message and trailers, or a status alone.
// @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and OTLP's section on failures over gRPC
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ProtobufWriter } from '../otlp/writer.ts';
import { type LeftOut, responseBytes, RETRY_AFTER_SECONDS } from './answer.ts';

/** Compressed flag and length stand before each message. */
export const FRAME_BYTES = 5;

/** Those of google.rpc.Code that we answer. */
export const STATUS = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
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

/** Answers an accepted call: plainly, or with what was left out of its message. */
export function answerCall(stream: ServerHttp2Stream, leftOut: LeftOut): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const response = responseBytes(leftOut);
  const frame = Buffer.alloc(FRAME_BYTES + response.length);
  frame.writeUInt32BE(response.length, 1);
  frame.set(response, FRAME_BYTES);
  stream.respond({ ':status': 200, ...HEADERS }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(STATUS.ok) }));
  stream.end(frame);
}

/**
 * Answers a refused call at once, and takes nothing more of it. Where the status asks to come again, it says when.
 *
 * @param httpStatus other than 200 where the sender does not speak gRPC
 */
export function refuseCall(stream: ServerHttp2Stream, status: Status, message: string, httpStatus = 200): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const headers: OutgoingHttpHeaders = {
    ':status': httpStatus,
    ...HEADERS,
    'grpc-status': String(status),
    'grpc-message': percentEncoded(message),
  };
  if (status === STATUS.unavailable) headers['grpc-status-details-bin'] = retryDetails(message).toString('base64');
  stream.respond(headers, { endStream: true });
  // What is still on its way is not wanted; the answer stands all the same (RFC 9113, section 8.1).
  stream.close(constants.NGHTTP2_NO_ERROR);
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
