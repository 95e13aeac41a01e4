// Points on their way through every room that is on, from the door to the metrics page and to what is pushed.
import { expect, it } from 'vitest';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';
import { pick, seeded } from '../../support/random.ts';
import { decodedPoints } from '../../support/decoded-points.ts';
import { eventually } from '../../support/eventually.ts';
import { post } from '../../support/http.ts';
import { acceptAll } from '../../support/remote-write-rig.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { type Reaction, type Sink, startSink } from '../../support/sink.ts';
import { type DecodedSample, decodeWrite } from '../../support/write-schema.ts';

const protobuf = { 'content-type': 'application/x-protobuf' };

/** Posts points of the moment; they begin a second after the sidecar did unless they say otherwise. */
async function send({ urls, clock }: RunningCollector, ...shapes: PointShape[]): Promise<void> {
  const points = shapes.map((shape) => dataPoint({ timeMs: clock.nowMs(), ...shape }));
  for (const { body } of encodeMetrics(points))
    expect((await post(`${urls.otlpHttp}/v1/metrics`, Buffer.from(body), protobuf)).status).toBe(200);
}

/** Lines of the page that begin with a name. */
async function linesOf(running: RunningCollector, name: string, headers = {}): Promise<string[]> {
  return (await running.metrics(headers)).split('\n').filter((line) => line.startsWith(name));
}

it('reads host and process in full, however many series others bring', async () => {
  const running = await startCollector('limit: {max_total_series: 2}\nmonitoring: {components: [runtime]}');
  const flood = Array.from({ length: 50 }, (_, i) => ({ name: `m${i % 5}`, attributes: { user: `u${i}` } }));
  await send(running, ...flood);
  running.clock.advance(60_000);
  const spaces = await linesOf(running, 'v8js_memory_heap_used_bytes');
  expect(spaces.length).toBeGreaterThan(3);
  expect(spaces.filter((line) => line.includes('overflow'))).toEqual([]);
  expect(running.log.filter((line) => line.includes('of evenkeel'))).toEqual([]);
  const { points } = running.books();
  expect(points.sources.read).toBeGreaterThan(0);
  expect([points.limit?.balanced, points.exported.balanced]).toEqual([true, true]);
});

/** As which Prometheus makes itself known. */
const SCRAPE = { 'x-prometheus-scrape-timeout-seconds': '1' };

/** What a scraper that adds up `increase()` over all series of a metric has counted. */
class Scraper {
  readonly #running: RunningCollector;
  readonly #last = new Map<string, number>();
  readonly #name: string;
  increase = 0;

  constructor(running: RunningCollector, name: string) {
    this.#running = running;
    this.#name = name;
  }

  async scrape(): Promise<void> {
    const seen = new Map<string, number>();
    for (const line of await linesOf(this.#running, `${this.#name}{`, SCRAPE)) {
      const at = line.lastIndexOf('} ') + 1;
      seen.set(line.slice(0, at), Number(line.slice(at).trim().split(' ')[0]));
    }
    for (const [series, value] of seen) {
      const last = this.#last.get(series);
      if (last === undefined) this.#last.set(series, value);
      else this.increase += value >= last ? value - last : value;
      this.#last.set(series, value);
    }
  }
}

/** The same of what was pushed, in the order in which it came: times go forward, and each series begins at 0. */
function pushedIncrease({ requests }: Sink, metric: string): number {
  const last = new Map<string, DecodedSample>();
  let increase = 0;
  for (const { name, samples } of requests.flatMap((request) => decodeWrite(request).series)) {
    if (!name.startsWith(`${metric}{`)) continue;
    for (const sample of samples) {
      const before = last.get(name);
      const value = Number(sample.value);
      const from = Number(before?.value ?? NaN);
      if (before === undefined) expect(value).toBe(0);
      else expect(sample.timeMs).toBeGreaterThan(before.timeMs);
      // Where a series has ended there is no number.
      if (Number.isNaN(value)) continue;
      if (before !== undefined) increase += value >= from ? value - from : value;
      last.set(name, sample);
    }
  }
  return increase;
}

const LIMIT = 'limit: {max_series: 4, templates: [], ttl: 1m}';
const WINDOWS = `aggregate:
  window: 10s
  late: 1s
  rules: [{name: all, match: {metrics: [requests]}, outputs: [sum], without: [user]}]`;

/** Users whose counters grow, begin anew, fall silent and come back; each tells its points every 5 s. */
class Counters {
  readonly #random = seeded(5);
  readonly #users = Array.from({ length: 12 }, () => ({ value: 0, startMs: 0, silent: 0 }));
  readonly #temporality: 'delta' | 'cumulative';
  #lastMs = 0;
  total = 0;

  constructor(temporality: 'delta' | 'cumulative') {
    this.#temporality = temporality;
  }

  points(nowMs: number): PointShape[] {
    const shapes = this.#users.flatMap((user, i): PointShape[] => {
      const { temporality } = { temporality: this.#temporality };
      if (user.startMs === 0) user.startMs = nowMs - 2000;
      else if (user.silent === 0 && this.#random() < 0.05) Object.assign(user, { value: 0, startMs: nowMs - 2000 });
      if (user.silent > 0) {
        // Who comes back after long begins anew: a process that ended does not go on.
        if (--user.silent === 0) Object.assign(user, { value: 0, startMs: nowMs - 2000 });
        else return [];
      } else if (this.#random() < 0.02) user.silent = 16;
      const more = pick(this.#random, 10);
      user.value += more;
      this.total += more;
      const startMs = temporality === 'delta' ? Math.max(this.#lastMs, user.startMs) : user.startMs;
      return [
        { temporality, startMs, value: temporality === 'delta' ? more : user.value, attributes: { user: `u${i}` } },
      ];
    });
    this.#lastMs = nowMs;
    return shapes;
  }
}

it.each([
  ['delta', ''],
  ['delta', WINDOWS],
  ['cumulative', ''],
  ['cumulative', WINDOWS],
] as const)('counts every increment of %s counters, folded and begun anew %#', async (temporality, windows) => {
  const sink = await startSink();
  sink.react(acceptAll);
  const running = await startCollector(`${LIMIT}\n${windows}\nexport: {remote_write: {sink: {url: '${sink.url}'}}}`);
  const { clock } = running;
  const scraper = new Scraper(running, 'requests_total');
  const counters = new Counters(temporality);
  clock.advance(10_000);
  for (let round = 0; round < 60; round++) {
    await send(running, ...counters.points(clock.nowMs()));
    clock.advance(2500);
    await scraper.scrape();
    clock.advance(2500);
    await scraper.scrape();
  }
  for (let i = 0; i < 8; i++) {
    clock.advance(5000);
    await scraper.scrape();
  }
  expect(scraper.increase).toBe(counters.total);
  await running.delivered();
  expect(pushedIncrease(sink, 'requests_total')).toBe(counters.total);
  const { points } = running.books();
  expect(points.limit?.absorbed).toBeGreaterThan(0);
  expect([points.limit?.balanced, points.aggregate?.balanced, points.exported.balanced]).toEqual([true, true, true]);
  expect(Object.values(points.exported.leftOut)).toEqual([0, 0]);
});

it('says who holds series, and has them let go once nothing comes any more', async () => {
  const sink = await startSink();
  sink.react(acceptAll);
  const running = await startCollector(`limit: {ttl: 1m}\nexport: {remote_write: {sink: {url: '${sink.url}'}}}`);
  const held = (): Record<string, number> => running.books().memory.holders;
  const before = held();
  await send(running, ...Array.from({ length: 200 }, (_, i) => ({ attributes: { user: `u${i}` } })));
  running.clock.advance(10_000);
  expect(before['scraped series']).toBe(0);
  for (const holder of ['limited series', 'exported series', 'pushed series'])
    expect([holder, (held()[holder] ?? 0) - (before[holder] ?? 0) > 40_000]).toEqual([holder, true]);
  await running.delivered();
  running.clock.advance(20 * 60_000);
  expect(held()['exported series']).toBe(0);
  expect(held()['limited series']).toBeLessThan(20_000);
  await running.delivered();
});

it('ends a series once, everywhere, when its target is gone', async () => {
  const target = await startSink();
  const sink = await startSink();
  const own = await startSink();
  sink.react(acceptAll);
  const page = (...users: string[]): Reaction => ({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4' },
    body: `# TYPE hits counter\n${users.map((user) => `hits_total{user="${user}"} 5\n`).join('')}`,
  });
  const running = await startCollector(`limit: {}
scrape: {jobs: [{name: web, targets: ['${new URL(target.url).host}'], interval: 10s}]}
export: {stale_after: 30s, remote_write: {sink: {url: '${sink.url}'}}, otlp: {own: {endpoint: '${own.url}', signals: [metrics]}}}`);
  target.react(page('a', 'b'));
  const shown = async (count: number): Promise<void> => {
    const isShown = async (): Promise<boolean> => (await linesOf(running, 'hits_total{')).length === count;
    await eventually(`${count} series`, async () => (await isShown()) || void running.clock.advance(2500));
  };
  await shown(2);
  target.react(page('a'));
  await shown(1);
  running.clock.advance(5000);
  await running.delivered();
  target.react('reset');
  await shown(0);
  // For longer than anybody remembers the series, at the pace of scrapes.
  for (let tries = 0; tries < 5; tries++) {
    const before = running.books().points.sources.scraped;
    running.clock.advance(9000);
    await eventually(
      'another try',
      () => running.books().points.sources.scraped > before || void running.clock.advance(500),
    );
  }
  await running.delivered();
  const samples = sink.requests.flatMap((request) => decodeWrite(request).series);
  for (const user of ['a', 'b']) {
    const ofUser = samples.filter(({ name }) => name.startsWith('hits_total{') && name.includes(`user="${user}"`));
    const ends = ofUser.flatMap((each) => each.samples).filter(({ value }) => Number.isNaN(value));
    expect([user, ends.length]).toEqual([user, 1]);
    const ended = own.requests
      .filter(({ path }) => path === '/v1/metrics')
      .flatMap(({ body }) => decodedPoints(body))
      .filter(({ metric, attributes, hasNoValue }) => {
        return hasNoValue && metric.name.startsWith('hits') && attributes.some(([, value]) => value === user);
      });
    expect([user, ended.length]).toEqual([user, 1]);
  }
  const { points } = running.books();
  expect(points.exporters.map(({ failed }) => failed['not_newer'])).toEqual([0, 0]);
});
