// The transport of gRPC alone: against a server of grpc-js, and against plain HTTP/2 for what no gRPC server would do.
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutlet } from '../../sdk/src/bound/outlet.ts';
import { createGrpcTransport, type GrpcTransportOptions } from '../../sdk/src/grpc-transport.ts';
import { clientTls, pem } from '../support/certificates.ts';
import { EXPORT, framed } from '../support/grpc.ts';
import { type CallReaction, startGrpcReceiver } from '../support/grpc-receiver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BODY = new TextEncoder().encode('a body');

function transportTo(address: Partial<GrpcTransportOptions['address']>, options: Partial<GrpcTransportOptions> = {}) {
  const failures: string[] = [];
  const outlet = createOutlet((error) => void failures.push(error.message));
  const whole = { url: 'http://localhost', headers: {}, grpcPath: EXPORT.traces, ...address };
  const transport = createGrpcTransport({ compression: 'none', ...options, address: whole }, outlet);
  onTestFinished(() => {
    outlet.cut();
    transport.shutdown();
  });
  return { transport, outlet, failures };
}

/** A receiver that reacts in turn, the last reaction again and again. */
async function setUp(reactions: readonly CallReaction[] = [{}], options: Partial<GrpcTransportOptions> = {}) {
  const receiver = await startGrpcReceiver();
  let count = 0;
  receiver.react(() => reactions[Math.min(count++, reactions.length - 1)] ?? {});
  return { receiver, ...transportTo({ url: receiver.url }, options) };
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise(setImmediate);
};

describe('calls of a gRPC server', () => {
  it('have the body, the metadata and the time that is left', async () => {
    const receiver = await startGrpcReceiver();
    receiver.react({ response: Uint8Array.of(10, 2, 8, 3) });
    const headers = { 'x-team': 'shop', 'trace-bin': Buffer.from([0, 255]).toString('base64') };
    const { transport, failures } = transportTo({ url: receiver.url, headers });
    const answer = await transport.send(BODY, 5000);
    // The delegate reads partial success from it.
    expect(answer).toEqual({ status: 'success', data: Buffer.from([10, 2, 8, 3]) });
    expect(failures).toEqual([]);
    expect(receiver.calls).toMatchObject([{ signal: 'traces', body: Buffer.from(BODY) }]);
    const metadata = receiver.calls[0]?.metadata;
    expect([metadata?.get('x-team'), metadata?.get('trace-bin')]).toEqual([['shop'], [Buffer.from([0, 255])]]);
  });

  it('are compressed where it is asked for, and may be larger than a window of HTTP/2', async () => {
    for (const compression of ['none', 'gzip'] as const) {
      const { receiver, transport } = await setUp([{}], { compression });
      const body = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
      expect(await transport.send(body, 5000)).toEqual({ status: 'success', data: Buffer.alloc(0) });
      expect(receiver.calls[0]?.body.equals(body)).toBe(true);
    }
  });

  it('go over TLS to a server that asks for a certificate', async () => {
    const tls = { key: pem('server.key.pem'), cert: pem('server.pem'), clientCa: pem('ca.pem') };
    const { url } = await startGrpcReceiver({ tls });
    const to = (material: object) => transportTo({ url: url.replace('127.0.0.1', 'localhost'), tls: material });
    expect(await to(clientTls('client')).transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    for (const material of [{}, clientTls(), clientTls('stranger')]) {
      const { transport, failures } = to(material);
      expect(await transport.send(BODY, 500)).toMatchObject({ status: 'failure' });
      expect(failures).toEqual([expect.stringMatching(/^14 UNAVAILABLE: ./)]);
    }
  });

  /** Whether a body is sent again after what a server said. Closing ends the wait before the second attempt. */
  const isRepeated = async (reaction: CallReaction, timeoutMs = 60_000): Promise<boolean> => {
    const { receiver, transport, outlet } = await setUp([reaction, {}]);
    let answer: string | undefined;
    const sending = transport.send(BODY, timeoutMs).then(({ status }) => (answer = status));
    await until(() => receiver.calls.length === 1);
    await until(() => answer !== undefined || transport.unsent().length === 1);
    outlet.hurry();
    expect(await sending).toBe(receiver.calls.length === 2 ? 'success' : 'failure');
    return receiver.calls.length === 2;
  };

  it('are repeated after the codes of the specification, and after no other', async () => {
    const repeated: number[] = [];
    for (let code = 1; code <= 17; code++) if (await isRepeated({ code })) repeated.push(code);
    expect(repeated).toEqual([1, 4, 10, 11, 14, 15]);
  });

  it('are repeated by a server that is exhausted only if it says when, and that is in time', async () => {
    expect(await isRepeated({ code: 8, retryAfterMs: 30 })).toBe(true);
    expect(await isRepeated({ code: 8, retryAfterMs: 30 }, 500)).toBe(false);
    expect(await isRepeated({ code: 14, retryAfterMs: 90_000 })).toBe(false);
  });

  it('say why they failed, with the code', async () => {
    const { transport, failures } = await setUp([{ code: 16 }]);
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'failure', error: { code: 16 } });
    expect(failures).toEqual(['16 UNAUTHENTICATED: UNAUTHENTICATED']);
  });

  it('end in time where nobody answers, and the next one goes on another connection', async () => {
    const { receiver, transport, failures } = await setUp(['hang', {}]);
    expect(await transport.send(BODY, 100)).toMatchObject({ status: 'failure', error: { code: 4 } });
    expect(failures).toEqual(['4 DEADLINE_EXCEEDED: no answer in time']);
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    expect(receiver.calls).toHaveLength(2);
  });

  it('find a server again that was started anew', async () => {
    const { receiver, transport } = await setUp();
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    receiver.close();
    expect(await transport.send(BODY, 100)).toMatchObject({ status: 'failure', error: { code: 14 } });
    const again = await startGrpcReceiver({ port: Number(new URL(receiver.url).port) });
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    expect(again.calls).toHaveLength(1);
  });

  it('are not made where the body is larger than it may be', async () => {
    const { receiver, transport, failures } = await setUp([{}], { maxRequestBytes: 5 });
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'failure' });
    expect(failures).toEqual(['a request of 6 bytes is larger than 5']);
    expect(receiver.calls).toEqual([]);
  });
});

describe('a body', () => {
  it("is nobody's until it is on the wire, and again when it is to be repeated", async () => {
    const { receiver, transport, outlet } = await setUp([{ code: 14 }, 'hang']);
    const sending = transport.send(BODY, 60_000);
    expect(transport.unsent()).toEqual([BODY]);
    await until(() => receiver.calls.length === 1 && transport.unsent().length === 1);
    outlet.hurry();
    await until(() => receiver.calls.length === 2);
    expect(transport.unsent()).toEqual([]);
    outlet.cut();
    expect(await sending).toMatchObject({ status: 'failure', error: { code: 1 } });
    expect(transport.unsent()).toEqual([]);
  });

  it("is nobody's while the server takes no more of it", async () => {
    const { url, streams } = await startPlain((stream) => void stream.pause());
    const { transport } = transportTo({ url });
    const body = new Uint8Array(300_000);
    void transport.send(body, 60_000);
    await until(() => streams.length === 1);
    expect(transport.unsent()).toEqual([body]);
  });
});

/** A server of HTTP/2 that does with each stream what it is told. */
async function startPlain(act: (stream: ServerHttp2Stream) => void, path?: string) {
  const server: Http2Server = createServer();
  const sessions: ServerHttp2Session[] = [];
  const streams: ServerHttp2Stream[] = [];
  server.on('session', (session) => void sessions.push(session));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    streams.push(stream);
    act(stream);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  const url = path === undefined ? `http://127.0.0.1:${(server.address() as AddressInfo).port}` : 'http://localhost';
  return { url, sessions, streams };
}

/** Answers with a message and what follows it. */
function answering(bytes: Uint8Array, trailers: Record<string, string> = { 'grpc-status': '0' }, status = 200) {
  return (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': status, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(bytes);
  };
}

describe('an answer', () => {
  const send = async (act: (stream: ServerHttp2Stream) => void, timeoutMs = 500, body: Uint8Array = BODY) =>
    transportTo({ url: (await startPlain(act)).url }).transport.send(body, timeoutMs);

  it('that has its status among the headers is whole, also before everything was sent', async () => {
    const act = (stream: ServerHttp2Stream): void => {
      stream.pause();
      stream.respond({ ':status': 200, 'grpc-status': '3', 'grpc-message': 'no%20way' }, { endStream: true });
    };
    for (const size of [6, 300_000])
      expect(await send(act, 60_000, new Uint8Array(size))).toMatchObject({
        status: 'failure',
        error: { message: '3 INVALID_ARGUMENT: no way' },
      });
  });

  it('of a server that took the body is success, whatever message comes with it', async () => {
    const head = framed(BODY).subarray(0, 5);
    const big = framed(new Uint8Array(70_000));
    for (const bytes of [new Uint8Array(0), head.subarray(0, 3), head, framed(BODY, true), big])
      expect(await send(answering(bytes))).toEqual({ status: 'success' });
    expect(await send(answering(framed(BODY)))).toEqual({ status: 'success', data: Buffer.from(BODY) });
  });

  it('that is none of gRPC is judged by its HTTP status', async () => {
    const check = async (status: number, code: number) =>
      expect(await send(answering(BODY, {}, status))).toMatchObject({ status: 'failure', error: { code } });
    await check(401, 16);
    await check(404, 12);
    await check(500, 2);
    await check(503, 14);
  });

  it('that ends without a status may be asked for again', async () => {
    for (const act of [answering(framed(BODY), {}), (stream: ServerHttp2Stream): void => void stream.close(2)])
      expect(await send(act)).toMatchObject({ status: 'failure', error: { code: 14 } });
  });

  it('of something that speaks no HTTP/2 is a failure', async () => {
    const server = createTcpServer(
      (socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { transport } = transportTo({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect(await transport.send(BODY, 500)).toMatchObject({ status: 'failure', error: { code: 14 } });
  });
});

describe('a connection', () => {
  it('is opened by the first body, shared by all, and left when the server says goodbye', async () => {
    const { url, sessions } = await startPlain(answering(framed(new Uint8Array(0))));
    const { transport } = transportTo({ url });
    expect(sessions).toHaveLength(0);
    const answers = await Promise.all([1, 2, 3].map(() => transport.send(BODY, 5000)));
    expect(answers.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    expect(sessions).toHaveLength(1);
    await new Promise((resolve) => sessions[0]?.once('close', resolve).close());
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    expect(sessions).toHaveLength(2);
  });

  it('goes through a socket of the file system', async () => {
    const socketPath = join(temporaryFolder(), 'otel.sock');
    await startPlain(answering(framed(BODY)), socketPath);
    expect(await transportTo({ socketPath }).transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
  });

  it('that nobody takes is told with its reason', async () => {
    const { transport, failures } = transportTo({ url: 'http://127.0.0.1:9' });
    expect(await transport.send(BODY, 100)).toMatchObject({ status: 'failure' });
    expect(failures).toEqual([expect.stringMatching(/^14 UNAVAILABLE: .*ECONNREFUSED/)]);
  });

  it('is not opened any more when it is closed', async () => {
    const { url, sessions } = await startPlain(answering(framed(BODY)));
    const { transport, outlet } = transportTo({ url });
    outlet.hurry();
    outlet.cut();
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'failure' });
    expect(sessions).toEqual([]);
  });
});
