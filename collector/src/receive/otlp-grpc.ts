// OTLP/gRPC: judges a call, reads its one message and answers; what is done with the message stands in take-body.ts.
// Unary calls of the three Export methods and nothing else: no reflection, no health service.
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { TRAIL_HEADER } from '../pipeline/trail.ts';
import type { ReadBody } from './admission.ts';
import type { LeftOut } from './answer.ts';
import { answerCall, FRAME_BYTES, refuseCall, STATUS, type Status } from './grpc-answer.ts';
import type { ContentEncoding } from './inflate.ts';
import type { RefusedReason, Signal } from './instruments.ts';
import { type BodyPath, countRefusal, refuseOwn, Refusal, refusalOf, takeBody, takeRead } from './take-body.ts';

const SIGNALS: ReadonlyMap<string, Signal> = new Map([
  ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'traces'],
  ['/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', 'metrics'],
  ['/opentelemetry.proto.collector.logs.v1.LogsService/Export', 'logs'],
]);

const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i;

/** Calls of all connections at once; each costs some kilobytes before its message has begun. */
const MAX_OPEN_CALLS = 1024;

/** Statuses by reason; whatever makes no sense by itself is INVALID_ARGUMENT. */
const STATUSES: Readonly<Partial<Record<RefusedReason, Status>>> = {
  unauthorized: STATUS.unauthenticated,
  loop: STATUS.failedPrecondition,
  path: STATUS.unimplemented,
  method: STATUS.unimplemented,
  content_encoding: STATUS.unimplemented,
  too_large: STATUS.resourceExhausted,
  in_flight: STATUS.unavailable,
  over_budget: STATUS.unavailable,
  contexts: STATUS.unavailable,
  internal: STATUS.internal,
};

/** For those that do not speak gRPC. */
const HTTP_STATUSES: Readonly<Partial<Record<RefusedReason, number>>> = { method: 405, content_type: 415 };

export interface OtlpGrpcOptions extends BodyPath {
  /** As sent, and inflated. */
  readonly maxMessageBytes: number;
  /** A message must arrive whole within. */
  readonly requestTimeoutMs: number;
  /** Judges the `authorization` of a call. */
  readonly admits: (authorization: string | undefined) => boolean;
}

/** Makes the listener for calls. It answers every call and never throws. */
export function otlpGrpc(options: OtlpGrpcOptions): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void {
  let openCalls = 0;
  return (stream, headers) => {
    openCalls++;
    // A connection that breaks shows on each of its streams; `close` follows, which is what counts.
    stream.on('error', () => {});
    stream.once('close', () => openCalls--);
    let length = 0;
    const read = async (): Promise<ReadBody> => {
      if (openCalls > MAX_OPEN_CALLS) throw new Refusal('in_flight', 'too many calls are open at once');
      const body = await readMessage(stream, options);
      length = body.length;
      return body;
    };
    void handle(headers, read, options).then(
      (accepted) => answerCall(stream, accepted),
      (error: unknown) => {
        const refusal = refusalOf(error, options.limitKey);
        const { reason, message } = refusal;
        countRefusal(error, refusal, length, options);
        refuseCall(stream, STATUSES[reason] ?? STATUS.invalidArgument, message, HTTP_STATUSES[reason]);
      },
    );
  };
}

async function handle(
  headers: IncomingHttpHeaders,
  read: () => Promise<ReadBody>,
  options: OtlpGrpcOptions,
): Promise<LeftOut> {
  if (!options.admits(headers.authorization))
    throw new Refusal('unauthorized', 'send a valid token as authorization: Bearer');
  if (headers[':method'] !== 'POST') throw new Refusal('method', 'only POST is served here');
  if (!CONTENT_TYPE.test(headers['content-type'] ?? ''))
    throw new Refusal('content_type', 'only gRPC with protobuf is served here');
  const signal = SIGNALS.get(headers[':path'] ?? '');
  if (signal === undefined)
    throw new Refusal('path', 'only Export of the OTLP services for traces, metrics and logs is served here');
  refuseOwn(headers[TRAIL_HEADER], signal, 'receive.grpc', options);
  const stated = encodingOf(headers);
  return takeRead(await read(), options, (body) => {
    const { chunks, length, isCompressed } = unframed(body);
    const encoding = isCompressed ? stated : 'identity';
    if (isCompressed && encoding === 'identity')
      throw new Refusal('frame', 'the message is compressed and grpc-encoding does not say how');
    const maxBytes = options.maxMessageBytes;
    const contentType = 'application/x-protobuf';
    return takeBody(chunks, length, { signal, format: 'protobuf', contentType, encoding, maxBytes }, options);
  });
}

/** Reads under the cap and within the time; who is late is answered, and the call ends for its reader as broken off. */
async function readMessage(
  stream: ServerHttp2Stream,
  { admission, host, maxMessageBytes, requestTimeoutMs }: OtlpGrpcOptions,
): Promise<ReadBody> {
  const cancel = host.clock.after(requestTimeoutMs, () => {
    refuseCall(stream, STATUS.deadlineExceeded, 'the message did not arrive within receive.grpc.request_timeout');
  });
  const body = await admission.readStream(stream, maxMessageBytes + FRAME_BYTES);
  cancel();
  // A reset reads like an end, and who was told that he is late may still end his message.
  return (stream.closed || stream.headersSent) && body.refused === undefined
    ? { ...body, chunks: [], refused: 'aborted' }
    : body;
}

interface Message {
  readonly chunks: readonly Buffer[];
  readonly length: number;
  readonly isCompressed: boolean;
}

/** Takes the frame off the one message of a unary call. @throws Refusal where it is not one whole message */
function unframed({ chunks, length }: ReadBody): Message {
  const isSplit = (chunks[0]?.length ?? 0) < FRAME_BYTES;
  const [first, ...rest] = isSplit ? [Buffer.concat(chunks, length)] : chunks;
  if (first === undefined || length < FRAME_BYTES) throw new Refusal('frame', 'the call ended before its message');
  const flag = first[0] ?? 0;
  const stated = first.readUInt32BE(1);
  if (flag > 1) throw new Refusal('frame', 'the message has no gRPC frame');
  if (stated !== length - FRAME_BYTES)
    throw new Refusal('frame', `the call states ${stated} bytes and brings ${length - FRAME_BYTES}`);
  return { chunks: [first.subarray(FRAME_BYTES), ...rest], length: stated, isCompressed: flag === 1 };
}

function encodingOf(headers: IncomingHttpHeaders): ContentEncoding {
  const encoding = headers['grpc-encoding'] ?? 'identity';
  if (encoding === 'identity' || encoding === 'gzip' || encoding === 'zstd') return encoding;
  throw new Refusal('content_encoding', 'send identity, gzip or zstd');
}
