// Servers that take eight connections; beyond six they are crowded.
import { once } from 'node:events';
import { Agent, createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { capCalls, capRequests } from '../../../collector/src/pipeline/connection-cap.ts';
import { clientTls, pem } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { http2To } from '../../support/grpc.ts';
import { send } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testHost, type TestHost } from '../../support/surroundings.ts';

const GRACE_MS = 2000;
const REFUSED = 'refused_connections{listener=receive.http}';
const CLOSED = 'closed_connections{listener=receive.http}';
const HANG = 'GET /hang HTTP/1.1\r\nHost: x\r\n\r\n';

interface Crowd {
  readonly url: string;
  readonly host: TestHost;
  /** Connects and says nothing; resolves once the server has taken or refused it. */
  wait(): Promise<Socket>;
  /** Connections the server has open. */
  open(): number;
}

async function crowdAt(server: NetServer, host: TestHost, close: () => void): Promise<Crowd> {
  const seen = new Set<Socket>();
  let met = 0;
  server.prependListener('connection', (socket: Socket) => {
    met++;
    seen.add(socket);
    socket.once('close', () => seen.delete(socket));
  });
  server.on('drop', () => met++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    close();
  });
  const { port } = server.address() as AddressInfo;
  const wait = async (): Promise<Socket> => {
    const before = met;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    onTestFinished(() => void socket.destroy());
    await eventually('the connection', () => met > before);
    return socket;
  };
  return { url: `http://127.0.0.1:${port}`, host, wait, open: () => seen.size };
}

/** A server whose requests to /hang are never answered. */
async function crowd(make: (serve: RequestListener) => Server = createServer): Promise<Crowd> {
  const host = testHost();
  const server = make((request, response) => {
    if (request.url !== '/hang') response.end();
  });
  server.keepAliveTimeout = 60_000;
  capRequests(server, 'receive.http', host, 8);
  return crowdAt(server, host, () => server.closeAllConnections());
}

async function times<T>(n: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let i = 0; i < n; i++) made.push(await make());
  return made;
}

describe('connections that wait for a request', () => {
  it('are left alone while there is room', async () => {
    const { host, wait, open } = await crowd();
    await times(6, wait);
    host.clock.advance(60 * GRACE_MS);
    expect([open(), host.values.get(CLOSED), host.logged]).toEqual([6, undefined, []]);
  });

  it('have to go, the longest waiting first, once most of the room is taken', async () => {
    const { host, wait, open } = await crowd();
    const [first] = await times(2, wait);
    host.clock.advance(GRACE_MS);
    await times(4, wait);
    expect(open()).toBe(6);
    const gone = once(first as Socket, 'close');
    await wait();
    await gone;
    await eventually('the end of one', () => open() === 6);
    expect(host.values.get(CLOSED)).toBe(1);
    expect(host.logged).toEqual([expect.stringMatching(/^warning CROWDED_receive\.http .* more than 6 of 8 /)]);
  });

  it('have a moment to say what they want, and go when it is over', async () => {
    const { host, wait, open } = await crowd();
    await times(8, wait);
    expect(host.values.get(CLOSED)).toBeUndefined();
    host.clock.advance(GRACE_MS);
    await eventually('the end of two', () => open() === 6);
    expect(host.values.get(CLOSED)).toBe(2);
  });

  it('are those between two requests too, but none whose request is being answered', async () => {
    const { url, host, wait, open } = await crowd();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const hanging = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = await wait();
        socket.write(HANG);
        return socket;
      }),
    );
    expect((await send(url, { agent })).status).toBe(200);
    expect((await send(url, { agent })).reused).toBe(true);
    host.clock.advance(GRACE_MS);
    await wait();
    await eventually('the end of one', () => open() === 6);
    expect(hanging.filter(({ closed }) => closed)).toEqual([]);
    expect((await send(url, { agent })).reused).toBe(false);
  });
});

describe('connections beyond the cap', () => {
  it('are refused, counted, and said once', async () => {
    const { host, wait, open } = await crowd();
    await times(11, wait);
    expect([open(), host.values.get(REFUSED)]).toEqual([8, 3]);
    expect(host.logged[0]).toMatch(/^warning CONNECTIONS_receive\.http receive\.http has 8 connections open, as many/);
  });
});

describe('a connection with a call under way', () => {
  it('is known under TLS', async () => {
    const { url, host, wait, open } = await crowd((serve) =>
      createTlsServer({ cert: pem('server.pem'), key: pem('server.key.pem') }, serve),
    );
    const socket = tlsConnect({ port: Number(new URL(url).port), host: '127.0.0.1', ...clientTls() });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    socket.write(HANG);
    // Answered after the other has begun, as both are read in order of arrival.
    expect((await send(url.replace('http', 'https'), { tls: clientTls() })).status).toBe(200);
    await eventually('the end of the other', () => open() === 1);
    await times(6, wait);
    host.clock.advance(GRACE_MS);
    await eventually('the end of one', () => open() === 6);
    expect([socket.closed, host.values.get(CLOSED)]).toEqual([false, 1]);
  });

  it('is known under HTTP/2', async () => {
    const host = testHost();
    const server = createHttp2Server();
    capCalls(server, 'receive.http', host, 8);
    const called = once(server, 'stream');
    const { url, wait, open } = await crowdAt(server, host, () => {});
    const { session, begin } = http2To(url);
    begin();
    await called;
    const others = await times(6, wait);
    host.clock.advance(GRACE_MS);
    await eventually('the end of one', () => open() === 6);
    await eventually('its client to see it', () => others[0]?.closed);
    expect([session.closed, session.destroyed, host.values.get(CLOSED)]).toEqual([false, false, 1]);
  });
});

it('is counted for each listener on the metrics page', async () => {
  const { metrics } = await startCollector();
  const page = await metrics();
  for (const listener of ['receive.http', 'receive.grpc', 'export.prometheus', 'web'])
    for (const what of ['refused', 'closed'])
      expect(page).toContain(
        `evenkeel_${listener.split('.')[0]}_${what}_connections_total{listener="${listener}"} 0\n`,
      );
});
