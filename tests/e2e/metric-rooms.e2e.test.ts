// Each room of metrics in a whole sidecar where it is switched off, where targets are none, and where the process is killed
// in the middle of its work.
import { readdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attributesKey } from '../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import type { BooksAnswer, CardinalityAnswer, KpisAnswer, ResourcesAnswer } from '../../collector/src/web/api.ts';
import { dataPoint } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { sumOf } from '../support/exposition-text.ts';
import { send } from '../support/http.ts';
import { ask, handIn, pageSamples } from '../support/metric-door.ts';
import { startMetricReceiver } from '../support/metric-receiver.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FEW = 10;
/** Of one metric there may be 1000. */
const SERIES = 1500;

/** A counter with more series than there may be by default. */
function manySeries(startMs: number, timeMs: number, value: number, series: number): DataPoint[] {
  return Array.from({ length: series }, (_, i) =>
    dataPoint({ name: 'logins', attributes: { user: `u${i}` }, startMs, timeMs, value }),
  );
}

/** Hands in a counter, and waits until the page shows all of it. @param series more than 1000 are too many */
async function fill(sidecar: RunningSidecar, series: number): Promise<void> {
  const startMs = Date.now();
  await handIn(sidecar, manySeries(startMs, startMs + 1, 2, series));
  await eventually('all logins', async () => sumOf(await pageSamples(sidecar), 'logins_total') === 2 * series);
}

async function loginSeries(sidecar: RunningSidecar): Promise<number> {
  return (await pageSamples(sidecar)).filter(({ name }) => name === 'logins_total').length;
}

function expectBalanced({ points }: BooksAnswer): void {
  const { limit, aggregate, exported } = points;
  for (const each of [limit, aggregate, exported]) expect(each?.balanced ?? true).toBe(true);
}

describe('switched off alone', () => {
  it('nothing of host and process is read without monitoring', async () => {
    const sidecar = await startSidecar({ config: 'monitoring: false\n' });
    await fill(sidecar, FEW);
    expect(await ask<ResourcesAnswer>(sidecar, '/api/resources')).toMatchObject({ senders: [], series: [] });
    const kpis = await ask<KpisAnswer>(sidecar, '/api/kpis');
    expect([kpis.monitoringCpu, kpis.points]).toEqual([undefined, undefined]);
    const names = (await pageSamples(sidecar)).map(({ name }) => name);
    expect(names.filter((name) => /^(system|container)_/.test(name))).toEqual([]);
    // What the sidecar says of itself does not hang on it.
    expect(names).toContain('process_uptime_seconds');
    const books = await ask<BooksAnswer>(sidecar, '/api/books');
    expect(books.points.sources).toEqual({ received: FEW, scraped: 0, read: 0 });
    expectBalanced(books);
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });

  it('every series stays its own without limits', async () => {
    const sidecar = await startSidecar({ config: 'limit: false\n' });
    await fill(sidecar, SERIES);
    expect(await loginSeries(sidecar)).toBe(SERIES);
    const cardinality = await send(`${sidecar.urls.page}/api/cardinality`);
    expect([cardinality.status, cardinality.body.toString()]).toEqual([
      404,
      '{"error":"limits are off, so series are not counted; take out limit: false"}',
    ]);
    const books = await ask<BooksAnswer>(sidecar, '/api/books');
    expect(Object.keys(books.points)).not.toContain('limit');
    expectBalanced(books);
    expect((await ask<KpisAnswer>(sidecar, '/api/kpis')).series).toBe(undefined);
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });

  it('points pass one by one without aggregation', async () => {
    const sidecar = await startSidecar({ config: 'aggregate: false\n' });
    await fill(sidecar, SERIES);
    expect(await loginSeries(sidecar)).toBeLessThanOrEqual(1000);
    const books = await ask<BooksAnswer>(sidecar, '/api/books');
    expect(Object.keys(books.points)).not.toContain('aggregate');
    expectBalanced(books);
    const { metrics } = await ask<CardinalityAnswer>(sidecar, '/api/cardinality');
    expect(metrics[0]).toMatchObject({ metric: 'logins', maxSeries: 1000, attributes: [{ key: 'user' }] });
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });

  it('everything is read every five seconds, and nothing saved, without adaptive intervals', async () => {
    const sidecar = await startSidecar({ config: 'monitoring: { adaptive_sampling: { enabled: false } }\n' });
    await fill(sidecar, FEW);
    const newest = async (): Promise<number> => {
      const { series } = await ask<ResourcesAnswer>(sidecar, '/api/resources');
      const limit = series.find(({ metric }) => metric === 'system.memory.limit');
      return limit?.points.length ?? 0;
    };
    // It never moves; with adaptive intervals a second point would take a minute.
    await eventually('a second point of what never moves', async () => (await newest()) >= 2);
    const samples = await pageSamples(sidecar);
    const intervals = samples.filter(({ name }) => name === 'evenkeel_monitoring_interval_seconds');
    expect(new Set(intervals.map(({ value }) => value))).toEqual(new Set([5]));
    expectBalanced(await ask<BooksAnswer>(sidecar, '/api/books'));
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });

  it('points are pushed and shown on the page without a metrics page', async () => {
    const receiver = await startMetricReceiver();
    const sidecar = await startSidecar({
      config: `export: { prometheus: false, otlp: { backend: { endpoint: '${receiver.url}' } } }\n`,
    });
    expect(sidecar.urls.metrics).toBe('');
    const startMs = Date.now();
    await handIn(sidecar, manySeries(startMs, startMs + 1, 2, FEW));
    const sum = (): number => {
      const logins = receiver.points.filter(({ metric }) => metric.name === 'logins');
      return logins.reduce((all, { value }) => all + (value.type === 'number' ? value.value : NaN), 0);
    };
    await eventually('all logins at the receiver', () => sum() === 2 * FEW);
    const { metrics } = await ask<CardinalityAnswer>(sidecar, '/api/cardinality');
    expect(metrics.find(({ metric }) => metric === 'logins')).toMatchObject({ series: FEW });
    expect((await ask<ResourcesAnswer>(sidecar, '/api/resources')).series.length).toBeGreaterThan(0);
    expectBalanced(await ask<BooksAnswer>(sidecar, '/api/books'));
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });
});

/** @returns host and port of a target that plays as it is told */
async function startTarget(play: RequestListener): Promise<string> {
  const server = createServer(play);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TEXT = { 'content-type': 'text/plain; version=0.0.4' };

/** One line after the other, until whoever reads has had enough, or a gibibyte. */
const endless: RequestListener = (_, response) => {
  const lines = Buffer.alloc(1024 ** 2, `${'x'.repeat(63)} 1\n`.padStart(64, 'a'));
  let left = 1024;
  response.writeHead(200, TEXT);
  const more = (): void => {
    while (left-- > 0) if (!response.write(lines)) return;
    response.end();
  };
  response.on('drain', more);
  more();
};

it('wrong targets are down, each for its own reason, and nobody else notices', async () => {
  const sound = await startTarget((_, response) => void response.writeHead(200, TEXT).end('loaves_total 7\n'));
  const targets = {
    endless: await startTarget(endless),
    hanging: await startTarget(() => {}),
    html: await startTarget((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
    }),
    'html-as-text': await startTarget((_, response) => void response.writeHead(200, TEXT).end('<html>\n')),
    // Where secrets of machines in a cloud are found.
    elsewhere: await startTarget((_, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    }),
  };
  const own: Readonly<Record<string, RegExp>> = {
    endless: /^(body_too_large|timeout|syntax|label_limit)$/,
    hanging: /^timeout$/,
    html: /^content_type$/,
    'html-as-text': /^syntax$/,
    elsewhere: /^redirect$/,
  };
  const job = (name: string, target: string, times: string): string =>
    `    - { name: ${name}, targets: ['${target}'], ${times} }\n`;
  const jobs = Object.entries(targets).map(([name, target]) => job(name, target, 'interval: 1s, timeout: 500ms'));
  jobs.push(job('sound', sound, 'interval: 2s'));
  const sidecar = await startSidecar({ config: `monitoring: false\nscrape:\n  jobs:\n${jobs.join('')}` });
  type Samples = Awaited<ReturnType<typeof pageSamples>>;
  const scrapes = (samples: Samples, of: string): number =>
    sumOf(samples, 'evenkeel_scrape_scrapes_total', { job: of });
  const failed = (samples: Samples, of: string, reason: RegExp): number =>
    samples
      .filter(({ name, labels }) => name === 'evenkeel_scrape_failed_total' && labels['job'] === of)
      .reduce((all, { labels, value }) => (reason.test(labels['reason'] ?? '') ? all + value : all), 0);
  let looks = 0;
  await eventually('three scrapes of each', async () => {
    const health = await send(`${sidecar.urls.page}/health`);
    expect([health.status, (await send(`${sidecar.urls.page}/ready`)).status]).toEqual([200, 200]);
    expectBalanced(await ask<BooksAnswer>(sidecar, '/api/books'));
    looks++;
    const samples = await pageSamples(sidecar);
    const isFailed = Object.entries(own).every(([name, reason]) => failed(samples, name, reason) >= 3);
    return scrapes(samples, 'sound') >= 3 && isFailed;
  });
  expect(looks).toBeGreaterThan(3);
  const samples = await pageSamples(sidecar);
  expect(sumOf(samples, 'loaves_total', { job: 'sound' })).toBe(7);
  expect([sumOf(samples, 'up', { job: 'sound' }), failed(samples, 'sound', /./)]).toEqual([1, 0]);
  for (const [name, reason] of Object.entries(own)) {
    // Beside its own reason there is none but that of a machine that was too busy for half a second.
    const others = failed(samples, name, /./) - failed(samples, name, reason) - failed(samples, name, /^timeout$/);
    const up = sumOf(samples, 'up', { job: name });
    expect([name, up, scrapes(samples, name), others > 0]).toEqual([name, 0, 0, false]);
  }
  expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
});

describe('a sidecar that is killed', () => {
  const STREAMS = 8000;

  /** What is wrong with what a backend gets of one series after the other, where anything is. */
  function backwards(points: readonly DataPoint[]): string[] {
    const last = new Map<string, { startMs: number; value: number }>();
    return points.flatMap(({ metric, attributes, startMs, value }) => {
      if (metric.name !== 'logins' || value.type !== 'number') return [];
      const key = metric.key + attributesKey(attributes);
      const before = last.get(key);
      last.set(key, { startMs, value: value.value });
      const isFine = before === undefined || startMs > before.startMs || value.value >= before.value;
      return isFine ? [] : [`${key}: ${value.value} after ${before.value}`];
    });
  }

  it('leaves no file of folded streams, and another begins clean where it stood', async () => {
    const [receiver, folder] = [await startMetricReceiver(), temporaryFolder()];
    const config = `
monitoring: false
limit: { max_total_series: 200, max_series: 100, max_streams_memory: 256KiB, state: { path: '${folder}' } }
export: { interval: 1s, otlp: { backend: { endpoint: '${receiver.url}' } } }
`;
    const start = (): Promise<RunningSidecar> =>
      startSidecar({ config, args: ['--set', `store.path=${join(folder, 'store')}`] });
    const figure = async (sidecar: RunningSidecar, name: string): Promise<number> =>
      sumOf(await pageSamples(sidecar), `evenkeel_limit_${name}`);

    const first = await start();
    const startMs = Date.now();
    await handIn(first, manySeries(startMs, startMs + 1, 2, STREAMS));
    await eventually('folded streams on disk', async () => (await figure(first, 'disk_bytes')) > 0);
    expect(await figure(first, 'folded_streams')).toBeGreaterThan(STREAMS - 200);
    expect(await first.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(readdirSync(folder)).toEqual(['store']);

    const secondMs = Date.now();
    const second = await start();
    expect([second.stderr(), await figure(second, 'folded_streams'), await figure(second, 'disk_bytes')]).toEqual([
      '',
      0,
      0,
    ]);
    // The streams go on; what they had counted before nobody knows here, so only what is added counts.
    for (const [later, value] of [
      [2, 5],
      [3, 9],
    ] as const)
      await handIn(second, manySeries(startMs, secondMs + later, value, STREAMS));
    const folded = await figure(second, 'folded_streams');
    expect(folded).toBeGreaterThan(STREAMS - 200);
    expectBalanced(await ask<BooksAnswer>(second, '/api/books'));
    expect(await second.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(readdirSync(folder)).toEqual(['store']);
    expect(backwards(receiver.points)).toEqual([]);
    const overflow = receiver.points.findLast(({ attributes }) => attributesKey(attributes).includes('overflow'));
    expect(overflow?.value).toMatchObject({ value: 4 * folded });
    expect(overflow?.startMs).toBeGreaterThanOrEqual(secondMs);
  });
});
