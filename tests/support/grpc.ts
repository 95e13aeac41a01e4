// Callers of OTLP/gRPC for tests: a stock grpc-js client, and plain HTTP/2 for what no gRPC library would send.
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type SecureClientSessionOptions } from 'node:http2';
import { Client, type ChannelCredentials, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { onTestFinished } from 'vitest';

export const EXPORT = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
} as const;

export const RPC = protobuf.parse(`
  syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
`).root;

/** How a call ended. */
export interface CallEnd {
  /** Of google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** The response, undefined where the call failed. */
  readonly response: Buffer | undefined;
  /** Seconds a RetryInfo asks to wait; undefined without one. */
  readonly retryAfterSeconds: number | undefined;
}

export interface GrpcShape {
  readonly gzip?: boolean;
  readonly channel?: ChannelCredentials;
}

/** A client that is closed with the test. @param url as a sidecar names its door */
export function grpcClient(url: string, { gzip = false, channel = credentials.createInsecure() }: GrpcShape = {}) {
  const client = new Client(new URL(url).host, channel, {
    'grpc.default_compression_algorithm': gzip ? 2 : 0,
    'grpc.enable_retries': 0,
    // Otherwise clients of one test file share connections, and a closed one's fate.
    'grpc.use_local_subchannel_pool': 1,
  });
  onTestFinished(() => client.close());
  const same = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  return (body: Uint8Array, path: string = EXPORT.traces, headers: Record<string, string> = {}): Promise<CallEnd> => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve) => {
      client.makeUnaryRequest(path, same, same, body, metadata, (error: ServiceError | null, response?: Buffer) => {
        if (error === null) resolve({ code: 0, message: '', response, retryAfterSeconds: undefined });
        else resolve({ ...failed(error), response: undefined });
      });
    });
  };
}

function failed({ code, details, metadata }: ServiceError): Omit<CallEnd, 'response'> {
  const [bytes] = metadata.get('grpc-status-details-bin');
  return { code, message: details, retryAfterSeconds: bytes instanceof Buffer ? retryAfter(bytes, code) : undefined };
}

function retryAfter(bytes: Buffer, code: number): number {
  const decode = (type: string, from: Uint8Array): Record<string, unknown> =>
    RPC.lookupType(type).toObject(RPC.lookupType(type).decode(from), { longs: Number });
  const status = decode('Status', bytes) as { code: number; details: { typeUrl: string; value: Uint8Array }[] };
  const [detail] = status.details;
  if (status.code !== code || detail?.typeUrl !== 'type.googleapis.com/google.rpc.RetryInfo')
    throw new Error(`not the details of status ${code}: ${JSON.stringify(status)}`);
  const { retryDelay } = decode('RetryInfo', detail.value) as { retryDelay?: { seconds?: number } };
  return retryDelay?.seconds ?? 0;
}

/** A message in its gRPC frame. */
export function framed(message: Uint8Array, isCompressed = false): Buffer {
  const head = Buffer.alloc(5);
  head[0] = isCompressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Headers and trailers of an answer together. */
export type Told = Record<string, string | number | string[] | undefined>;

/** A plain HTTP/2 connection that is cut with the test. */
export function http2To(url: string, options: SecureClientSessionOptions = {}) {
  const session: ClientHttp2Session = connect(url, options);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  /** Begins a call and leaves it open. */
  const begin = (headers: Record<string, string> = {}): { stream: ClientHttp2Stream; told: Promise<Told> } => {
    const stream = session.request({
      ':method': 'POST',
      ':path': EXPORT.traces,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const told: Told = {};
    stream.on('response', (answered) => void Object.assign(told, answered));
    stream.on('trailers', (trailers) => void Object.assign(told, trailers));
    stream.on('error', () => {});
    stream.resume();
    // What is told ends before the stream does where it is still being written to.
    const ended = new Promise<Told>((resolve) => {
      for (const event of ['end', 'close']) stream.once(event, () => resolve(told));
    });
    return { stream, told: ended };
  };
  return {
    session,
    begin,
    /** Sends bytes as they are. */
    send: (bytes: Uint8Array, headers: Record<string, string> = {}): Promise<Told> => {
      const { stream, told } = begin(headers);
      stream.end(bytes);
      return told;
    },
  };
}
