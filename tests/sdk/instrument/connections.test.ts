// Real requests to a server on the loopback device, by undici, the built-in fetch and agents of Node.
import { once } from 'node:events';
import { Agent as NodeAgent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Agent, Client, Pool } from 'undici';
import { instrumentConnections, uninstrument } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';

const log = collectMetrics();
let server: Server;
let port: number;
let held: (() => void)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = (): void => void response.end('ok');
    if (request.url === '/held') held.push(answer);
    else answer();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => server.close());
beforeEach(async () => {
  held = [];
  await log.take();
});

const origin = (): string => `http://127.0.0.1:${port}`;

/** Series of the server, but for levels of zero. */
async function take(...names: string[]): Promise<string[]> {
  const lines = having(await log.take(...names), 'server.address=127.0.0.1', `server.port=${port}`);
  return lines.filter((line) => !line.endsWith(' 0'));
}

async function read(dispatcher: Agent | Pool | Client, path: string): Promise<string> {
  const { body } = await dispatcher.request({ origin: origin(), path, method: 'GET' } as Parameters<
    Agent['request']
  >[0] &
    Parameters<Pool['request']>[0]);
  return body.text();
}

/** Waits until the server holds so many requests. */
async function holding(count: number): Promise<void> {
  while (held.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('an agent of undici', () => {
  it('tells how many connections are open, how often they are used again, and how long it takes to open them', async () => {
    const agent = instrumentConnections(new Agent({ connections: 1 }));
    const pool = instrumentConnections(new Pool(origin(), { connections: 2 }));
    for (let i = 0; i < 3; i++) expect(await read(agent, '/')).toBe('ok');
    expect(await take()).toEqual([
      'connection.create_time {} 1',
      'connection.request.duration {connection.reused=false} 1',
      'connection.request.duration {connection.reused=true} 2',
      'connection.requests {connection.reused=false} 1',
      'connection.requests {connection.reused=true} 2',
      'http.client.open_connections {http.connection.state=idle} 1',
    ]);
    const waiting = [1, 2, 3].map(() => read(pool, '/held'));
    await holding(2);
    expect(await take('http.client.open_connections', 'connection.pending_requests')).toEqual([
      'connection.pending_requests {} 1',
      'http.client.open_connections {http.connection.state=active} 2',
      'http.client.open_connections {http.connection.state=idle} 1',
    ]);
    held.splice(0).forEach((answer) => answer());
    await holding(1);
    held.forEach((answer) => answer());
    await Promise.all(waiting);
    await Promise.all([agent.close(), pool.close()]);
    expect(await take('http.client.connection.duration')).toEqual(['http.client.connection.duration {} 3']);
    uninstrument(agent);
    uninstrument(pool);
  });

  it('counts errors by their kind', async () => {
    const client = instrumentConnections(new Client('http://127.0.0.1:1'), { origin: 'http://127.0.0.1:1' });
    await expect(client.request({ path: '/', method: 'GET' })).rejects.toThrow('ECONNREFUSED');
    const lines = having(await log.take(), 'server.address=127.0.0.1', 'server.port=1', 'error.type=ECONNREFUSED');
    expect(lines).toEqual(['connection.create_time {} 1', 'connection.request.duration {} 1']);
    await client.close();
    uninstrument(client);
  });

  it('watches the built-in fetch as well, until nobody wants it to', async () => {
    const agent = instrumentConnections(new Agent());
    expect(await (await fetch(origin())).text()).toBe('ok');
    expect(await take('connection.requests')).toEqual(['connection.requests {connection.reused=false} 1']);
    uninstrument(agent);
    await (await fetch(origin())).text();
    expect(await take('connection.requests')).toEqual([]);
  });
});

describe('an agent of Node', () => {
  const ask = async (agent: NodeAgent, path: string): Promise<string> => {
    const request = get({ host: '127.0.0.1', port, path, agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const body = await text(response);
    // The connection is free when the request is closed.
    if (!request.closed) await once(request, 'close');
    return body;
  };

  it('tells the same of its connections', async () => {
    const agent = instrumentConnections(new NodeAgent({ keepAlive: true, maxSockets: 1 }));
    expect([await ask(agent, '/'), await ask(agent, '/')]).toEqual(['ok', 'ok']);
    await ask(new NodeAgent(), '/');
    expect(await take()).toEqual([
      'connection.create_time {} 1',
      'connection.request.duration {connection.reused=false} 1',
      'connection.request.duration {connection.reused=true} 1',
      'connection.requests {connection.reused=false} 1',
      'connection.requests {connection.reused=true} 1',
      'http.client.open_connections {http.connection.state=idle} 1',
    ]);
    const waiting = [ask(agent, '/held'), ask(agent, '/held')];
    await holding(1);
    expect(await take('http.client.open_connections', 'connection.pending_requests')).toEqual([
      'connection.pending_requests {} 1',
      'http.client.open_connections {http.connection.state=active} 1',
    ]);
    held.splice(0).forEach((answer) => answer());
    await holding(1);
    held.forEach((answer) => answer());
    await Promise.all(waiting);
    agent.destroy();
    uninstrument(agent);
  });

  it('leaves errors to the program', async () => {
    const agent = instrumentConnections(new NodeAgent());
    const request = get({ host: '127.0.0.1', port: 1, agent });
    const [error] = (await once(request, 'error')) as [Error];
    expect(error.message).toContain('ECONNREFUSED');
    const lines = having(await log.take(), 'server.address=127.0.0.1', 'server.port=1', 'error.type=ECONNREFUSED');
    expect(lines).toEqual(['connection.create_time {} 1', 'connection.request.duration {} 1']);
    uninstrument(agent);
  });
});
