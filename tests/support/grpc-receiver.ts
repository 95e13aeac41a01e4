// A receiver of OTLP/gRPC that answers as a test scripts it: grpc-js, as receivers of others are built.
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { EXPORT, RPC } from './grpc.ts';

/** One call as it arrived, its message inflated. */
export interface ReceivedCall {
  readonly signal: keyof typeof EXPORT;
  readonly body: Buffer;
  readonly metadata: Metadata;
}

/** What is done with a call. */
export type CallReaction =
  | { readonly response?: Uint8Array }
  | { readonly code: number; readonly retryAfterMs?: number }
  | 'hang';

export interface GrpcReceiver {
  readonly url: string;
  readonly calls: readonly ReceivedCall[];
  react(reaction: CallReaction | ((call: ReceivedCall) => CallReaction)): void;
  /** Cuts every connection and listens no more. */
  close(): void;
}

export interface GrpcReceiverShape {
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa?: string };
  readonly port?: number;
  /** Services it knows; all of OTLP unless said otherwise. */
  readonly signals?: readonly (keyof typeof EXPORT)[];
}

/** Listens on 127.0.0.1 and ends with the test; takes everything until told otherwise. */
export async function startGrpcReceiver(shape: GrpcReceiverShape = {}): Promise<GrpcReceiver> {
  const calls: ReceivedCall[] = [];
  let reaction: CallReaction | ((call: ReceivedCall) => CallReaction) = {};
  const server = new Server();
  const same = (bytes: Buffer): Buffer => bytes;
  for (const signal of shape.signals ?? (['traces', 'metrics', 'logs'] as const)) {
    const path = EXPORT[signal];
    const definition = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    } as const;
    server.addService(
      { Export: definition },
      {
        Export: ({ request: body, metadata }: ServerUnaryCall<Buffer, Buffer>, answer: Answer) => {
          const call = { signal, body, metadata };
          calls.push(call);
          const chosen = typeof reaction === 'function' ? reaction(call) : reaction;
          if (chosen === 'hang') return;
          if ('code' in chosen) answer(failure(chosen.code, chosen.retryAfterMs));
          else answer(null, Buffer.from(chosen.response ?? []));
        },
      },
    );
  }
  const { tls, port = 0 } = shape;
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(
          tls.clientCa === undefined ? null : Buffer.from(tls.clientCa),
          [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }],
          tls.clientCa !== undefined,
        );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, number) => (error ? reject(error) : resolve(number)));
  });
  const close = (): void => server.forceShutdown();
  onTestFinished(close);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound}`,
    calls,
    react: (next) => {
      reaction = next;
    },
    close,
  };
}

type Answer = (error: { code: number; details: string; metadata: Metadata } | null, value?: Buffer) => void;

function failure(
  code: number,
  retryAfterMs: number | undefined,
): { code: number; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  if (retryAfterMs !== undefined) {
    const encode = (type: string, value: object): Uint8Array => {
      const message = RPC.lookupType(type);
      return message.encode(message.fromObject(value)).finish();
    };
    const retryDelay = { seconds: Math.floor(retryAfterMs / 1000), nanos: (retryAfterMs % 1000) * 1e6 };
    const value = encode('RetryInfo', { retryDelay });
    const other = { typeUrl: 'type.googleapis.com/google.rpc.DebugInfo', value: Buffer.from([8, 1]) };
    const details = [other, { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value }];
    metadata.set('grpc-status-details-bin', Buffer.from(encode('Status', { code, message: 'later', details })));
  }
  return { code, details: status[code] ?? '', metadata };
}
