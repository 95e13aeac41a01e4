// Metrics through a whole sidecar: from the doors and a target through limits and windows to the page and two exporters, of
// which one is slow and the other never there. No point is unaccounted for at any moment, and no total is wrong at the end.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import type { BooksAnswer, CardinalityAnswer, RoomPoints } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { type Sample, sumOf } from '../support/exposition-text.ts';
import { post } from '../support/http.ts';
import { ask, pageSamples } from '../support/metric-door.ts';
import { MetricConsumer } from '../support/metric-consumer.ts';
import { deadAddress, startMetricReceiver } from '../support/metric-receiver.ts';
import { metricsJson } from '../support/metric-traffic.ts';
import { MetricsRequest8 } from '../support/otlp-metrics-schema.ts';
import { type Random, seeded } from '../support/random.ts';
import { Shop, type Truth } from '../support/shop-metrics.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROUNDS = 40;
const MAX_SERIES = 20;
/** Metrics of which there are more series than that. */
const FOLDED = ['clicks', 'latency', 'sizes', 'visits', 'waits'];

function config(slow: string, dead: string, target: string): string {
  return `
limit:
  state: { path: ${temporaryFolder()} }
  metrics: [{ match: { name: orders }, max_series: 2000 }, { match: { service: shop }, max_series: ${MAX_SERIES} }]
aggregate: { window: 1s, late: 2s, rules: [{ name: orders, match: { metrics: [orders] }, outputs: [sum], by: [region] }] }
scrape: { jobs: [{ name: oven, targets: ['${target}'], interval: 1s }] }
export:
  interval: 1s
  exemplars: all
  drain_timeout: 20s
  otlp:
    slow: { endpoint: '${slow}' }
    dead: { endpoint: '${dead}', retry_initial: 20ms, retry_max: 50ms, retry_elapsed: 100ms }
`;
}

/** A target whose counter grows with each look at it. */
async function startOven(): Promise<{ readonly address: string; baked(): number }> {
  let baked = 0;
  const server = createServer((_, response) => {
    baked += 3;
    const page = `# TYPE loaves counter\nloaves_total{kind="rye"} ${baked}\nloaves_total{kind="bun"} ${2 * baked}\n# EOF\n`;
    response.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0' }).end(page);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, baked: () => baked };
}

async function sendPoints(sidecar: RunningSidecar, random: Random, points: readonly DataPoint[]): Promise<void> {
  for (const { body } of encodeMetrics(points)) {
    const isJson = random() < 0.5;
    const request = MetricsRequest8.toObject(MetricsRequest8.decode(body), { longs: String, enums: String });
    const sent = isJson ? metricsJson(random, request) : body;
    const type = isJson ? 'application/json' : 'application/x-protobuf';
    const answer = await post(`${sidecar.urls.otlpHttp}/v1/metrics`, sent, { 'content-type': type });
    expect([answer.status, answer.body.toString()]).toEqual([200, isJson ? '{}' : '']);
  }
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, each) => all + each, 0);

/** Every equation there is, worked out anew. @returns the points that came in at the doors */
function expectBalanced({ points }: BooksAnswer): number {
  const { accepted, sources, limit, aggregate, exported, exporters, rejected } = points;
  const room = (books: RoomPoints | undefined, received: number): number => {
    if (books === undefined) throw new Error('a room is off');
    expect(books).toMatchObject({ in: received, balanced: true });
    expect(received).toBe(books.passed + books.absorbed + total(books.dropped) + books.held);
    expect(total(books.dropped)).toBe(0);
    return books.passed + books.emitted;
  };
  expect(rejected).toBe(0);
  expect(accepted).toBe(sources.received + sources.scraped + sources.read);
  const passedOn = room(aggregate, room(limit, accepted));
  expect(exported).toMatchObject({ in: passedOn, taken: passedOn, balanced: true, leftOut: { max_series: 0 } });
  expect(exporters.map(({ name }) => name)).toEqual(['slow', 'dead']);
  for (const { pushed, delivered, rejected: refused, failed, queued, balanced } of exporters) {
    expect(pushed).toBe(delivered + refused + total(failed) + queued);
    expect(pushed).toBeGreaterThanOrEqual(exported.taken);
    expect(balanced).toBe(true);
  }
  return sources.received;
}

/** What the page shows of the shop, in the shape of the truth. */
function shown(samples: readonly Sample[]): Truth {
  const shop = samples.filter(({ labels }) => labels['job'] === 'shop');
  const counter = (name: string) => ({ count: NaN, sum: sumOf(shop, `${name}_total`) });
  const histogram = (name: string) => ({ count: sumOf(shop, `${name}_count`), sum: sumOf(shop, `${name}_sum`) });
  return {
    clicks: counter('clicks'),
    visits: counter('visits'),
    orders: counter('orders'),
    sizes: histogram('sizes'),
    waits: histogram('waits'),
    latency: histogram('latency'),
  };
}

/** Of counters nobody can tell how many measurements they are made of. */
function tellable(truth: Truth): Truth {
  const [clicks, visits, orders] = [truth.clicks, truth.visits, truth.orders].map(({ sum }) => ({ count: NaN, sum }));
  const none = { count: NaN, sum: NaN };
  return { ...truth, clicks: clicks ?? none, visits: visits ?? none, orders: orders ?? none };
}

/** What a backend behind the slow exporter makes of all that it got. */
function atTheReceiver(points: readonly DataPoint[], sinceMs: number): Truth {
  const consumer = new MetricConsumer(sinceMs);
  consumer.take(points.filter(({ metric }) => metric.resource.key.includes('shop')));
  const counter = (name: string) => ({ count: NaN, sum: consumer.increase(name).get('value') ?? 0 });
  const histogram = (name: string) => {
    const increase = consumer.increase(name);
    return { count: increase.get('count') ?? 0, sum: increase.get('sum') ?? 0 };
  };
  return {
    clicks: counter('clicks'),
    visits: counter('visits'),
    orders: counter('orders'),
    sizes: histogram('sizes'),
    waits: histogram('waits'),
    latency: histogram('latency'),
  };
}

it('accounts for every point at every moment, and loses none', async () => {
  const slow = await startMetricReceiver(40);
  const oven = await startOven();
  const sidecar = await startSidecar({ config: config(slow.url, await deadAddress(), oven.address) });
  const random = seeded(77);
  const startMs = Date.now();
  const shop = new Shop(random, startMs);
  let sent = 0;
  const round = async (): Promise<void> => {
    await pause(Math.max(0, 80 * random()));
    const points = shop.round(Date.now());
    sent += points.length;
    // Looked at while it is on its way, too.
    const sending = sendPoints(sidecar, random, points);
    expectBalanced(await ask<BooksAnswer>(sidecar, '/api/books'));
    await sending;
    expect(expectBalanced(await ask<BooksAnswer>(sidecar, '/api/books'))).toBe(sent);
  };
  for (let i = 0; i < ROUNDS; i++) await round();

  // What is folded leaves every ten seconds, what is in windows two seconds after their end.
  const expected = tellable(shop.truth);
  await eventually('the page to show all that was sent', async () => {
    const { orders, clicks } = shown(await pageSamples(sidecar));
    return orders.sum === expected.orders.sum && clicks.sum === expected.clicks.sum;
  });
  const samples = await pageSamples(sidecar);
  expect(shown(samples)).toEqual(expected);
  expect(sumOf(samples, 'queue')).toBe(shop.level);
  expect(sumOf(samples, 'temperature')).toBe(shop.temperature);
  expect(sumOf(samples, 'batches_sum')).toBe(shop.batches.sum);
  const rye = sumOf(samples, 'loaves_total', { job: 'oven', kind: 'rye' });
  expect(rye).toBeGreaterThan(0);
  expect(rye).toBeLessThanOrEqual(oven.baked());
  expect(sumOf(samples, 'loaves_total', { kind: 'bun' })).toBe(2 * rye);
  expect(sumOf(samples, 'up', { job: 'oven' })).toBe(1);

  const { metrics: listed, totalSeries } = await ask<CardinalityAnswer>(sidecar, '/api/cardinality');
  const folded = listed.filter(({ folds }) => folds.length > 0);
  expect(folded.map(({ metric }) => metric).sort()).toEqual(FOLDED);
  for (const { service, series, attributes, folds, absorbedPoints, distinctSeries } of folded) {
    expect(service).toBe('shop');
    expect(series).toBeLessThanOrEqual(MAX_SERIES);
    expect(attributes).toMatchObject([{ key: 'user', isOffender: true }]);
    expect(attributes[0]?.examples[0]).toMatch(/^user-\d+$/);
    expect(folds[0]).toMatchObject({ key: 'user' });
    expect(folds[0]?.sinceMs).toBeGreaterThanOrEqual(startMs);
    expect(absorbedPoints).toBeGreaterThan(0);
    expect(distinctSeries).toBeGreaterThan(200);
  }
  expect(totalSeries).toBe(listed.reduce((all, { series }) => all + series, 0));

  // A last round of which nothing has left when the end comes.
  await round();
  expect(await sidecar.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  // Windows begin at whole seconds, so the first one did before anything was counted.
  expect(atTheReceiver(slow.points, startMs - 1000)).toEqual(tellable(shop.truth));
  const own = slow.points.findLast(({ metric }) => metric.name === 'evenkeel.receive.points');
  expect(own?.value).toMatchObject({ value: sent });
});
