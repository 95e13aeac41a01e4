// A real server and real clients of ws, over the loopback device.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { setInstrumentation } from '../../../sdk/src/state.ts';
import { instrumentWebSocket, uninstrument, type WebSocketOptions } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';
import { recordSpans } from '../../support/spans.ts';

const log = collectMetrics();
const spans = recordSpans();
const servers: WebSocketServer[] = [];

async function listening(options: WebSocketOptions): Promise<{ server: WebSocketServer; url: string }> {
  const server = instrumentWebSocket(new WebSocketServer({ port: 0, host: '127.0.0.1' }), options);
  servers.push(server);
  await once(server, 'listening');
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Series of one side, without their names and sides. */
async function take(name: string, role: string): Promise<string[]> {
  return ofSide(await log.take(), name, role);
}

function ofSide(lines: readonly string[], name: string, role: string): string[] {
  const found = having(lines, `websocket.name=${name}`, `websocket.role=${role}`);
  return found.map((line) => line.replaceAll(/^websocket\.|network\.io\./g, ''));
}

beforeEach(async () => {
  await log.take();
  spans.take();
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('a server and a client', () => {
  it('tell how many connections are open, and what goes over them', async () => {
    const { server, url } = await listening({ name: 'echo' });
    server.on('connection', (socket) => {
      socket.send('hello');
      socket.on('message', (data) => socket.send(data));
    });
    const client = instrumentWebSocket(new WebSocket(url), { name: 'echo' });
    await once(client, 'message');
    client.send(Buffer.from('abc'));
    await once(client, 'message');
    const opened = await log.take();
    expect(ofSide(opened, 'echo', 'server')).toEqual([
      'connection.count {} 1',
      'io {direction=receive} 3',
      'io {direction=transmit} 8',
      'messages {direction=receive} 1',
      'messages {direction=transmit} 2',
    ]);
    const [accepted] = server.clients;
    const closed = once(accepted as WebSocket, 'close');
    client.close(1000);
    client.send('too late', () => {});
    await once(client, 'close');
    await closed;
    const lines = await log.take();
    expect(ofSide(lines, 'echo', 'server')).toEqual([
      'connection.count {} 0',
      'connection.duration {websocket.close.code=1000} 1',
    ]);
    expect(ofSide(lines, 'echo', 'client')).toEqual([
      'connection.count {} 0',
      'connection.duration {websocket.close.code=1000} 1',
    ]);
    expect(ofSide(opened, 'echo', 'client')).toEqual([
      'connection.count {} 1',
      'io {direction=receive} 8',
      'io {direction=transmit} 3',
      'messages {direction=receive} 2',
      'messages {direction=transmit} 1',
    ]);
  });

  it('count errors by their kind, and leave them to the program', async () => {
    const { server, url } = await listening({ name: 'faulty' });
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const client = instrumentWebSocket(new WebSocket(url), { name: 'faulty' });
    const [socket] = await accepted;
    expect([client.listenerCount('error'), socket.listenerCount('error')]).toEqual([0, 0]);
    const failed = once(socket, 'error');
    client.once('close', () => {});
    if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
    // A frame with reserved bits set, which the protocol forbids.
    (client as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(
      new Uint8Array([0xf1, 0x80, 0, 0, 0, 0]),
    );
    await failed;
    await once(client, 'close');
    const lines = await take('faulty', 'server');
    expect(lines.filter((line) => line.startsWith('errors'))).toEqual([
      'errors {error.type=WS_ERR_UNEXPECTED_RSV_2_3} 1',
    ]);
    const gone = instrumentWebSocket(new WebSocket('ws://127.0.0.1:1'), { name: 'refused' });
    await expect(once(gone, 'open')).rejects.toThrow('ECONNREFUSED');
    expect(await take('refused', 'client')).toEqual(
      ['errors {error.type=ECONNREFUSED} 1', 'connection.count {} 0'].sort(),
    );
  });
});

describe('spans of connections and messages', () => {
  it('are made where they are asked for, each message in a trace of its own', async () => {
    const { server, url } = await listening({ name: 'traced', connectionSpans: true, messageSpans: true });
    const handled: string[] = [];
    const done = new Promise<void>((resolve) => {
      server.on('connection', (socket) => {
        const ignored = (): void => void handled.push('removed');
        socket.on('message', ignored);
        socket.off('message', ignored);
        socket.on('message', async (data: Buffer) => {
          handled.push(data.toString());
        });
        socket.once('message', () => void handled.push('once'));
        socket.on('close', () => resolve());
        expect(socket.listeners('message')).toHaveLength(3);
      });
    });
    const client = new WebSocket(url);
    await once(client, 'open');
    client.send('first');
    client.close();
    await done;
    expect(handled).toEqual(['first', 'once']);
    const [message, connection] = spans.take();
    expect([message?.name, connection?.name]).toEqual(['message traced', 'connection traced']);
    expect(message?.attributes['websocket.message.size']).toBe(5);
    expect(message?.links.map((link) => link.context.spanId)).toEqual([connection?.spanContext().spanId]);
    expect(message?.spanContext().traceId).not.toBe(connection?.spanContext().traceId);
    expect(connection?.attributes['websocket.close.code']).toBe(1005);
  });
});

describe('a connection that is closed while instrumentation is off', () => {
  it('is open no more, and its span ends', async () => {
    const { url } = await listening({ name: 'server' });
    const client = instrumentWebSocket(new WebSocket(url), { name: 'switched', connectionSpans: true });
    await once(client, 'open');
    expect(await take('switched', 'client')).toEqual(['connection.count {} 1']);
    setInstrumentation(false);
    client.close();
    await once(client, 'close');
    setInstrumentation(true);
    expect(await take('switched', 'client')).toEqual(['connection.count {} 0']);
    expect(spans.take().map(({ name }) => name)).toEqual(['connection switched']);
  });
});

describe('a connection that is let go', () => {
  it('has its methods back and is counted no more', async () => {
    const { server, url } = await listening({ name: 'free' });
    const client = instrumentWebSocket(new WebSocket(url), { name: 'free' });
    await once(client, 'open');
    expect(await take('free', 'client')).toEqual(['connection.count {} 1']);
    uninstrument(client);
    expect(Object.hasOwn(client, 'send')).toBe(false);
    expect(client.listenerCount('message')).toBe(0);
    expect(await take('free', 'client')).toEqual(['connection.count {} 0']);
    uninstrument(server);
    expect(server.listenerCount('connection')).toBe(0);
    client.terminate();
  });

  it('may be one of the web', async () => {
    const { server, url } = await listening({ name: 'server' });
    server.on('connection', (socket) => socket.send('ä'));
    const client = instrumentWebSocket(new globalThis.WebSocket(url), { name: 'web' });
    await new Promise((resolve) => client.addEventListener('message', resolve));
    client.send('abc');
    client.close(4001);
    await new Promise((resolve) => client.addEventListener('close', resolve));
    expect(await take('web', 'client')).toEqual([
      'connection.count {} 0',
      'connection.duration {websocket.close.code=4000} 1',
      'io {direction=receive} 2',
      'io {direction=transmit} 3',
      'messages {direction=receive} 1',
      'messages {direction=transmit} 1',
    ]);
  });
});
