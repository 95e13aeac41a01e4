// What the API answers about metrics: its paths by themselves, and with a whole sidecar behind them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CardinalityAnswer, ResourcesAnswer } from '../../../collector/src/web/api.ts';
import { webConfig } from '../../../collector/src/web/config.ts';
import { WebServer, type WebViews } from '../../../collector/src/web/server.ts';
import { type Answered, post, send } from '../../support/http.ts';
import { NO_KPIS, NO_RESOURCES, QUIET_METRICS } from '../../support/metric-views.ts';
import { startCollector } from '../../support/running-collector.ts';
import { QUIET_SAMPLING } from '../../support/sampler.ts';
import { testHost } from '../../support/surroundings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const TOKEN = 'hidden-word-0123456789';
const CARDINALITY: CardinalityAnswer = { maxTotalSeries: 10, totalSeries: 0, isDryRun: false, metrics: [] };
const PATHS = ['/api/cardinality', '/api/kpis', '/api/resources'];

type Ask = (path: string, headers?: Record<string, string>, method?: string) => Promise<Answered>;

async function openPage(views: Partial<WebViews> = {}, config: object = {}): Promise<Ask> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'assets', 'books-view-1.js'), 'let a;');
  const quiet: WebViews = {
    operations: undefined,
    traces: undefined,
    ...QUIET_METRICS,
    cardinality: () => CARDINALITY,
    books: () => Promise.reject(new Error('no books are kept here')) as never,
    why: () => Promise.reject(new Error('nothing is sampled here')),
    sampling: () => QUIET_SAMPLING,
    pin: () => true,
    health: () => ({ status: 'ok', version: '1.2.3' }),
  };
  const server = new WebServer(webConfig.parse({ port: 0, ...config }), testHost(), { ...quiet, ...views }, folder);
  await server.start();
  onTestFinished(() => server.stop());
  return (path, headers = {}, method = 'GET') => send(server.url + path, { headers, method });
}

const json = ({ body }: Answered): unknown => JSON.parse(body.toString());

describe('baselines of resources', () => {
  it('are answered, and 404 where they are off', async () => {
    const lines = { nowMs: 1, stepSeconds: 60, series: [], leftOut: 0 };
    const ask = await openPage({ resourceLines: () => lines });
    expect(json(await ask('/api/resources/baselines'))).toEqual(lines);
    expect((await (await openPage())('/api/resources/baselines')).status).toBe(404);
  });
});

describe('the paths of metrics', () => {
  it('answer what they are asked, never from a cache', async () => {
    const asked: string[][] = [];
    const resources = (...sender: string[]): ResourcesAnswer => {
      asked.push(sender);
      return NO_RESOURCES;
    };
    const ask = await openPage({ resources });
    const check = async (path: string, expected: unknown): Promise<void> => {
      const answer = await ask(path);
      expect([answer.status, json(answer)]).toEqual([200, expected]);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    };
    await check('/api/cardinality', CARDINALITY);
    await check('/api/kpis', NO_KPIS);
    await check('/api/resources', NO_RESOURCES);
    await check('/api/resources?service=a%26b&instance=c%20d', NO_RESOURCES);
    expect(asked).toEqual([
      ['', ''],
      ['a&b', 'c d'],
    ]);
  });

  it('say what to do where series are not counted', async () => {
    const ask = await openPage({ cardinality: undefined });
    const answer = await ask('/api/cardinality');
    expect([answer.status, json(answer)]).toEqual([
      404,
      { error: 'limits are off, so series are not counted; take out limit: false' },
    ]);
  });

  it('say in JSON what went wrong', async () => {
    const fail = (): never => {
      throw new Error('it broke');
    };
    const ask = await openPage({ cardinality: fail, kpis: fail, resources: fail });
    for (const path of PATHS) {
      const answer = await ask(path);
      expect([answer.status, json(answer)]).toEqual([503, { error: 'it broke' }]);
    }
  });

  it('are for reading only', async () => {
    const ask = await openPage();
    for (const path of PATHS) {
      const head = await ask(path, {}, 'HEAD');
      expect([head.status, head.body.length]).toEqual([200, 0]);
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const answer = await ask(path, {}, method);
        expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
        expect(json(answer)).toEqual({ error: 'only GET is served here' });
      }
    }
  });

  it('and the scripts of views ask for a token where the page is locked', async () => {
    const ask = await openPage({}, { auth: { tokens: [TOKEN] } });
    for (const path of [...PATHS, '/assets/books-view-1.js']) {
      const denied = await ask(path);
      expect([denied.status, json(denied)]).toEqual([401, { error: 'a token is needed' }]);
      expect((await ask(path, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    }
  });
});

/** A request with one gauge and one counter of a process, and one metric that is of no process. */
function metricsOf(service: string, timeMs: number): string {
  const timeUnixNano = `${BigInt(timeMs) * 1_000_000n}`;
  const gauge = (name: string, asDouble: number): object => ({
    name,
    unit: 'By',
    gauge: { dataPoints: [{ timeUnixNano, asDouble }] },
  });
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano, asDouble: 3 }] };
  const metrics = [gauge('process.memory.usage', 7), { name: 'process.cpu.time', unit: 's', sum }, gauge('orders', 1)];
  const attributes = [{ key: 'service.name', value: { stringValue: service } }];
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] });
}

describe('a sidecar that metrics are sent to', () => {
  it('shows where its points went, and what is read of processes', async () => {
    const { urls, clock, books } = await startCollector('monitoring: false');
    const body = metricsOf('shop', clock.nowMs());
    expect((await post(`${urls.otlpHttp}/v1/metrics`, body, { 'content-type': 'application/json' })).status).toBe(200);
    const { points } = books();
    expect(points.sources).toEqual({ received: 3, scraped: 0, read: 0 });
    expect([points.limit?.balanced, points.aggregate?.balanced, points.exported.balanced]).toEqual([true, true, true]);
    expect(await read(`${urls.page}/api/resources`)).toMatchObject({
      sender: { service: 'shop', instance: '' },
      series: [
        { metric: 'process.memory.usage', unit: 'By', kind: 'gauge', points: [[0, 7]] },
        { metric: 'process.cpu.time', unit: 's', kind: 'counter', points: [[0, 3]] },
      ],
    });
    expect(await read(`${urls.page}/api/cardinality`)).toMatchObject({
      totalSeries: 3,
      metrics: [{ service: 'shop', series: 1 }, { service: 'shop' }, { service: 'shop' }],
    });
    const kpis = (await read(`${urls.page}/api/kpis`)) as { memory: { nowBytes: number; peakBytes: number } };
    expect(kpis).toMatchObject({ series: { before: 3, after: 3 } });
    expect(kpis.memory.nowBytes).toBeGreaterThan(1e7);
    expect(kpis.memory.peakBytes).toBeGreaterThanOrEqual(kpis.memory.nowBytes);
  });

  it('keeps no books of rooms that are off', async () => {
    const { urls, clock, books } = await startCollector('monitoring: false\nlimit: false\naggregate: false');
    const body = metricsOf('shop', clock.nowMs());
    await post(`${urls.otlpHttp}/v1/metrics`, body, { 'content-type': 'application/json' });
    const { points } = books();
    expect(points).toMatchObject({ accepted: 3, exported: { in: 3, taken: 3, balanced: true } });
    expect([points.limit, points.aggregate]).toEqual([undefined, undefined]);
    expect((await send(`${urls.page}/api/cardinality`)).status).toBe(404);
  });
});

async function read(url: string): Promise<unknown> {
  return json(await send(url));
}
