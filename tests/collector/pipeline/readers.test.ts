import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Readers } from '../../../collector/src/pipeline/readers.ts';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/http.ts';
import { testHost, type TestHost } from '../../support/surroundings.ts';
import { openUnread, type Unread, UNREAD_BYTES as LARGE, untilCut } from '../../support/unread.ts';

const HEADERS = { 'content-type': 'text/plain' };

interface Rig {
  readonly host: TestHost;
  readonly readers: Readers;
  readonly url: string;
  /** Asks for a large answer, and does not read it. */
  unread(): Promise<Unread>;
}

/** A server whose path is the size of its answer; two large ones fill it. */
async function rig(): Promise<Rig> {
  const host = testHost();
  const readers = new Readers('web', host, 2 * LARGE);
  const serve = ({ url = '' }: IncomingMessage, response: ServerResponse): void =>
    readers.send(response, 200, HEADERS, Buffer.alloc(Number(url.slice(1)), 'x'));
  const server = createServer(serve);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, readers, url, unread: () => openUnread(`${url}/${LARGE}`) };
}

describe('answers on their way', () => {
  it('are bounded over all connections: others are told to ask again, but not those who ask for little', async () => {
    const { url, host, unread: open } = await rig();
    const unread = [await open(), await open()];
    const refused = await send(`${url}/${LARGE}`);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect((await send(`${url}/${64 * 1024}`)).status).toBe(503);
    expect((await send(`${url}/200`)).status).toBe(200);
    expect(host.values.get('refused_answers{listener=web}')).toBe(2);
    expect(host.logged).toEqual([expect.stringContaining('READERS_web') as string, expect.anything()]);
    // Room is back as soon as somebody has read.
    unread[0]?.response.resume();
    await eventually('room', async () => (await send(`${url}/${LARGE}`)).status === 200);
    expect(unread[1]?.isCut()).toBe(false);
  });

  it('are served one by one however large', async () => {
    const { url } = await rig();
    expect((await send(`${url}/${3 * LARGE}`)).body.length).toBe(3 * LARGE);
    await eventually('the next', async () => (await send(`${url}/${3 * LARGE}`)).status === 200);
  });

  it('have half a minute to be read', async () => {
    const { host, unread: open } = await rig();
    const unread = await open();
    host.clock.advance(29_000);
    expect(host.values.get('unread_answers{listener=web}')).toBeUndefined();
    host.clock.advance(1000);
    expect(host.values.get('unread_answers{listener=web}')).toBe(1);
    await untilCut(unread);
  });

  it('give way after five seconds where others want to read, the oldest first', async () => {
    const { url, host, unread: open } = await rig();
    const [oldest, next] = [await open(), await open()];
    host.clock.advance(4000);
    expect((await send(`${url}/${LARGE}`)).status).toBe(503);
    host.clock.advance(1000);
    expect((await send(`${url}/${LARGE}`)).status).toBe(200);
    await untilCut(oldest);
    expect([next.isCut(), host.values.get('unread_answers{listener=web}')]).toEqual([false, 1]);
  });

  it('are counted no more where their reader goes away, also those that wait behind another on a connection', async () => {
    const { url, host, readers } = await rig();
    const { port } = new URL(url);
    const ask = `GET /${LARGE} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(ask + ask));
    socket.on('error', () => {});
    socket.pause();
    await eventually('both to be asked', () => !readers.makeRoom(LARGE));
    socket.destroy();
    await eventually('room', () => {
      host.clock.advance(1000);
      return readers.makeRoom(2 * LARGE);
    });
  });
});
