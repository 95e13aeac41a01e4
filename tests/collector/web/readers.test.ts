// Those who ask the page for much and do not read.
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { IsWanted, TracesView } from '../../../collector/src/store/contract.ts';
import type { BooksAnswer } from '../../../collector/src/web/api.ts';
import { webConfig } from '../../../collector/src/web/config.ts';
import { WebServer } from '../../../collector/src/web/server.ts';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/http.ts';
import { QUIET_SAMPLING } from '../../support/sampler.ts';
import { testHost, type TestHost } from '../../support/surroundings.ts';
import { QUIET_METRICS } from '../../support/metric-views.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { openUnread, UNREAD_BYTES, untilCut } from '../../support/unread.ts';

const TRACE = `/api/traces/${'a'.repeat(32)}`;
const LARGE = Buffer.alloc(UNREAD_BYTES, ' ');

interface Page {
  readonly url: string;
  readonly host: TestHost;
  readonly server: WebServer;
}

async function openPage(get: TracesView['get']): Promise<Page> {
  const traces: TracesView = {
    list: async () => LARGE,
    get,
    stats: () => ({ traces: 0, bytes: 0, dropped: 0 }),
  };
  const views = {
    operations: undefined,
    traces,
    books: () => ({}) as BooksAnswer,
    ...QUIET_METRICS,
    sampling: () => QUIET_SAMPLING,
    pin: () => true,
    why: () => Promise.reject(new Error('nothing is sampled here')),
    health: () => ({ status: 'ok', version: '1.2.3' }) as const,
  };
  const host = testHost();
  const server = new WebServer(webConfig.parse({ port: 0 }), host, views, temporaryFolder());
  await server.start();
  onTestFinished(() => server.stop());
  return { url: server.url, host, server };
}

describe('an answer that is not read', () => {
  it('keeps others from being made, until it is read or has had its time', async () => {
    let asked = 0;
    const { url, host } = await openPage(async () => {
      asked++;
      return LARGE;
    });
    const unread = await openUnread(url + TRACE);
    expect([unread.status, asked]).toEqual([200, 1]);
    for (const path of [TRACE, '/api/traces']) {
      const refused = await send(url + path);
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    }
    expect(asked).toBe(1);
    expect((await send(`${url}/health`)).status).toBe(200);
    expect((await send(`${url}/api/books`)).status).toBe(200);
    host.clock.advance(30_000);
    await untilCut(unread);
    expect((await send(url + TRACE)).body.length).toBe(UNREAD_BYTES);
    expect(host.values.get('unread_answers{listener=web}')).toBe(1);
  });

  it('does not hold up the end', async () => {
    const { url, server } = await openPage(async () => LARGE);
    const unread = await openUnread(url + TRACE);
    await server.stop();
    await untilCut(unread);
  });
});

it('tells the ring where nobody waits for answers behind others on a connection any more', async () => {
  const asked: IsWanted[] = [];
  const { url } = await openPage((_, isWanted = () => true) => {
    asked.push(isWanted);
    return new Promise(() => {});
  });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET ${TRACE} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(3));
  await eventually('the questions', () => asked.length === 3);
  expect(asked.map((isWanted) => isWanted())).toEqual([true, true, true]);
  socket.destroy();
  await eventually('it to be noticed', () => asked.every((isWanted) => !isWanted()));
});

it('tells the ring where nobody waits for an answer any more', async () => {
  const asked: IsWanted[] = [];
  const { url } = await openPage((_, isWanted = () => true) => {
    asked.push(isWanted);
    return new Promise(() => {});
  });
  const reader = openUnread(url + TRACE).catch(() => undefined);
  await eventually('the question', () => asked.length === 1);
  expect(asked[0]?.()).toBe(true);
  const abort = new AbortController();
  const gone = fetch(url + TRACE, { signal: abort.signal }).catch(() => undefined);
  await eventually('the next question', () => asked.length === 2);
  abort.abort();
  await gone;
  await eventually('it to be noticed', () => asked[1]?.() === false);
  expect(asked[0]?.()).toBe(true);
  void reader;
});
