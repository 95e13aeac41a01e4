import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OperationsView } from '../../../collector/src/measure/contract.ts';
import type { TraceQuery, TracesView } from '../../../collector/src/store/contract.ts';
import type { BooksAnswer, HealthAnswer } from '../../../collector/src/web/api.ts';
import { webConfig } from '../../../collector/src/web/config.ts';
import { WebServer } from '../../../collector/src/web/server.ts';
import { type Answered, send, talk } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testHost } from '../../support/surroundings.ts';
import { QUIET_METRICS } from '../../support/metric-views.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';
import type { PinWish } from '../../../collector/src/sample/contract.ts';
import { QUIET_SAMPLING } from '../../support/sampler.ts';
import { post } from '../../support/http.ts';

const BOOKS = { spans: { accepted: 3 } } as unknown as BooksAnswer;
const OPERATIONS: OperationsView = { windowSeconds: () => 12, operations: () => [] };

interface Page {
  readonly url: string;
  /** Questions the ring was asked. */
  readonly queries: TraceQuery[];
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Answered>;
}

interface Shape {
  config?: object;
  traces?: TracesView | undefined;
  folder?: string;
  health?: HealthAnswer['status'];
  pin?: (wish: PinWish) => boolean;
}

async function openPage(shape: Shape = {}): Promise<Page> {
  const queries: TraceQuery[] = [];
  const ring: TracesView = {
    list: async (query) => {
      queries.push(query);
      return Buffer.from('{"traces":[]}');
    },
    get: async () => undefined,
    stats: () => ({ traces: 0, bytes: 0, dropped: 0 }),
  };
  const views = {
    operations: OPERATIONS,
    traces: 'traces' in shape ? shape.traces : ring,
    books: () => BOOKS,
    ...QUIET_METRICS,
    sampling: () => QUIET_SAMPLING,
    pin: shape.pin ?? (() => true),
    why: () => Promise.reject(new Error('nothing is sampled here')),
    health: () => ({ status: shape.health ?? 'ok', version: '1.2.3' }) as const,
  };
  const config = webConfig.parse({ port: 0, ...shape.config });
  const server = new WebServer(config, testHost(), views, shape.folder ?? temporaryFolder());
  await server.start();
  onTestFinished(() => server.stop());
  const { url } = server;
  return { url, queries, get: (path, headers = {}, method = 'GET') => send(url + path, { headers, method }) };
}

const json = ({ body }: Answered): unknown => JSON.parse(body.toString());

describe('the API', () => {
  it('answers what it is asked', async () => {
    const { get } = await openPage();
    const check = async (path: string, body: unknown): Promise<void> => {
      const answer = await get(path);
      expect([answer.status, json(answer)]).toEqual([200, body]);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    };
    await check('/health', { status: 'ok', version: '1.2.3' });
    await check('/ready', { status: 'ok', version: '1.2.3' });
    await check('/api/books', { spans: { accepted: 3 } });
    await check('/api/operations', { windowSeconds: 12, operations: [] });
    await check('/api/traces', { traces: [] });
  });

  it('is healthy before it is ready', async () => {
    for (const status of ['starting', 'stopping'] as const) {
      const { get } = await openPage({ health: status });
      expect([(await get('/health')).status, (await get('/ready')).status]).toEqual([200, 503]);
    }
  });

  it('hands questions for traces on, within their limits', async () => {
    const { get, queries } = await openPage();
    const check = async (query: string, status: number, expected?: object): Promise<void> => {
      expect((await get(`/api/traces${query}`)).status).toBe(status);
      expect(queries.pop()).toEqual(expected);
    };
    await check('', 200, { limit: 100, errorsOnly: false });
    await check('?limit=500&errors=true', 200, { limit: 500, errorsOnly: true });
    await check('?service=a%20b&operation=GET%20%2Fx%26y', 200, {
      limit: 100,
      errorsOnly: false,
      service: 'a b',
      operation: 'GET /x&y',
    });
    await check('?service=&operation=&errors=no', 200, { limit: 100, errorsOnly: false });
    for (const limit of ['0', '501', '-1', '1.5', 'many', '', '1e9']) await check(`?limit=${limit}`, 400);
  });

  it('says clearly what it does not have', async () => {
    const { get } = await openPage();
    const check = async (path: string, status: number, error: RegExp): Promise<void> => {
      const answer = await get(path);
      expect([answer.status, json(answer)]).toEqual([status, { error: expect.stringMatching(error) as string }]);
    };
    await check(`/api/traces/${'a'.repeat(32)}`, 404, /ring/);
    await check('/api/traces/123', 404, /nothing/);
    await check(`/api/traces/${'g'.repeat(32)}`, 404, /nothing/);
    await check('/api/constructor', 404, /nothing/);
    await check('/../../etc/passwd', 404, /nothing/);
    await check('/', 404, /not built; run npm run build/);
  });

  it('answers without a store, and says where the store fails', async () => {
    const without = await openPage({ traces: undefined });
    expect(json(await without.get('/api/traces'))).toEqual({ traces: [] });
    expect((await without.get(`/api/traces/${'a'.repeat(32)}`)).status).toBe(404);
    const fail = (): Promise<never> => Promise.reject(new Error('the store is busy'));
    const failing = { list: fail, get: fail, stats: () => ({ traces: 0, bytes: 0, dropped: 0 }) };
    const { get } = await openPage({ traces: failing });
    for (const path of ['/api/traces', `/api/traces/${'a'.repeat(32)}`]) {
      const answer = await get(path);
      expect([answer.status, json(answer)]).toEqual([503, { error: 'the store is busy' }]);
    }
  });
});

describe('the door of the page', () => {
  it('opens to its own names only', async () => {
    const { get } = await openPage({ config: { host_names: ['sidecar.internal'] } });
    const check = async (host: string, status: number): Promise<void> => {
      expect((await get('/api/books', { host })).status).toBe(status);
    };
    for (const own of ['localhost', 'LocalHost:4320', '127.0.0.1', '127.0.0.1:9', '10.1.2.3:80', '[::1]:4320', '[::1]'])
      await check(own, 200);
    await check('sidecar.internal:4320', 200);
    for (const foreign of [
      'evil.example',
      'localhost.evil.example',
      'notlocalhost',
      '127.0.0.1.evil.example',
      'a:b',
      '[evil]',
    ])
      await check(foreign, 403);
    expect((await get('/health', { host: 'evil.example' })).status).toBe(403);
    expect((await get('/api/events', { host: 'evil.example' })).status).toBe(403);
  });

  it('is for reading only, but for wishes', async () => {
    const { get } = await openPage();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await get('/api/books', {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    const wish = await get('/api/pins', {}, 'PUT');
    expect([wish.status, wish.headers.allow]).toEqual([405, 'POST']);
    const head = await get('/api/books', {}, 'HEAD');
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  it('forbids everything from elsewhere, on every answer', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    const { get } = await openPage({ folder });
    for (const [path, host] of [
      ['/', 'localhost'],
      ['/health', 'localhost'],
      ['/nothing', 'localhost'],
      ['/', 'evil.example'],
    ] as const) {
      const { headers } = await get(path, { host });
      expect(headers['content-security-policy']).toContain("default-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
  });

  it('survives requests that make no sense', async () => {
    const { url, get } = await openPage();
    const check = async (line: string, status: number): Promise<void> => {
      const heard = await talk(url, `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    };
    await check('GET //[', 400);
    await check('GET http://[/', 400);
    await check('GET http://evil.example/api/books', 200);
    await check('GET /api/traces?limit=%zz', 400);
    await check('GET /%00%ff', 404);
    await check('NONSENSE /', 400);
    expect((await get('/health')).status).toBe(200);
  });
});

describe('the files of the page', () => {
  it('are served from their folder and from nowhere else', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>grün');
    writeFileSync(join(folder, 'assets', 'main-1234.js'), 'let a;');
    writeFileSync(join(folder, 'icon.svg'), '<svg/>');
    const { get } = await openPage({ folder });
    const check = async (path: string, type: string, body: string, cache: RegExp): Promise<void> => {
      const answer = await get(path);
      expect([answer.status, answer.body.toString()]).toEqual([200, body]);
      expect(answer.headers['content-type']).toBe(type);
      expect(answer.headers['cache-control']).toMatch(cache);
      const head = await get(path, {}, 'HEAD');
      expect([head.status, head.body.length, head.headers['content-length']]).toEqual([
        200,
        0,
        `${Buffer.byteLength(body)}`,
      ]);
    };
    await check('/', 'text/html; charset=utf-8', '<!doctype html>grün', /no-cache/);
    await check('/index.html?x=1', 'text/html; charset=utf-8', '<!doctype html>grün', /no-cache/);
    await check('/assets/main-1234.js', 'text/javascript; charset=utf-8', 'let a;', /immutable/);
    await check('/icon.svg', 'image/svg+xml', '<svg/>', /no-cache/);
    for (const path of ['/assets/', '/assets', '/../icon.svg.bak', '/assets/main-1234.js/'])
      expect((await get(path)).status).toBe(404);
  });
});

it('shows what the sidecar measured and kept', async () => {
  const { urls, traces, clock } = await startCollector('', { storePath: temporaryFolder() });
  const read = async (path: string): Promise<unknown> => json(await send(urls.page + path));
  await traces(bodyOf([testSpan({ trace: 'a', error: true }), testSpan({ trace: 'a', name: 'price', child: true })]));
  clock.advance(40_000);
  expect(await read('/api/operations')).toMatchObject({
    operations: [
      { service: 'shop', name: 'GET /cart', calls: 1, errors: 1 },
      { service: 'shop', name: 'price', calls: 1, errors: 0 },
    ],
  });
  const id = traceIdOf('a').toString('hex');
  await expect
    .poll(() => read('/api/traces?errors=true'))
    .toMatchObject({ traces: [{ traceId: id, reason: 'errors', spanCount: 2 }] });
  expect(await read(`/api/traces/${id.toUpperCase()}`)).toMatchObject({ spans: [{ traceState: '' }, {}] });
  expect(await read('/api/books')).toMatchObject({ spans: { accepted: 2, kept: 2, balanced: true } });
  expect(await read('/ready')).toMatchObject({ status: 'ok' });
});

describe('wishes to keep', () => {
  const ID = '0123456789abcdef0123456789abcdef';

  it('are handed on as they are understood', async () => {
    const wishes: PinWish[] = [];
    const { url } = await openPage({ pin: (wish) => wishes.push(wish) > 0 });
    const check = async (body: object, expected: PinWish): Promise<void> => {
      const answer = await post(`${url}/api/pins`, JSON.stringify(body));
      expect([answer.status, json(answer)]).toEqual([200, expected]);
      expect(wishes.at(-1)).toEqual(expected);
    };
    await check({ trace_id: ID.toUpperCase() }, { traceId: ID, forMs: 600_000 });
    await check({ service: 'shop', for: '1h' }, { service: 'shop', forMs: 3_600_000 });
    await check(
      { service: 'shop', operation: 'GET /', for: '30s' },
      { service: 'shop', operation: 'GET /', forMs: 30_000 },
    );
  });

  it('are refused with what is wrong', async () => {
    const { url } = await openPage({ pin: () => false });
    const check = async (body: string, status: number, message: RegExp): Promise<void> => {
      const answer = await post(`${url}/api/pins`, body);
      expect([answer.status, answer.body.toString()]).toEqual([status, expect.stringMatching(message)]);
    };
    await check('{', 400, /no JSON/);
    await check('{}', 400, /either a trace_id, or a service/);
    await check(JSON.stringify({ trace_id: ID, service: 'shop' }), 400, /either/);
    await check(JSON.stringify({ operation: 'GET /' }), 400, /either/);
    await check(JSON.stringify({ trace_id: 'abc' }), 400, /32 hexadecimal/);
    await check(JSON.stringify({ service: 'shop', for: '25h' }), 400, /for/);
    await check(JSON.stringify({ service: 'shop', ever: true }), 400, /ever/);
    await check(`{"service":"${'x'.repeat(5000)}"}`, 400, /at most 4096 bytes/);
    await check(JSON.stringify({ service: 'shop' }), 409, /too many/);
  });

  it('are not taken from another web page', async () => {
    const { url } = await openPage();
    const answer = await post(`${url}/api/pins`, '{"service":"shop"}', { origin: 'http://elsewhere.example' });
    expect(answer.status).toBe(403);
  });
});
