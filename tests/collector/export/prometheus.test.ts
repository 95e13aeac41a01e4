import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PrometheusPage } from '../../../collector/src/export/prometheus.ts';
import type { MetricFamily, MetricPoint } from '../../../collector/src/model/metric-family.ts';
import { send } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testHost } from '../../support/surroundings.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const SCRAPER = { 'x-prometheus-scrape-timeout-seconds': '10' };
const SINCE_MS = 1000;

interface Page {
  readonly url: string;
  /** Value of each series, by name and labels; as a scraper, or as a person with curl. */
  scrape(): Promise<Record<string, string>>;
  curl(): Promise<Record<string, string>>;
}

function seriesOf(text: string): Record<string, string> {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
  );
}

/** A page over families that the test holds. */
async function openPage(collect: () => Iterable<MetricFamily>): Promise<Page> {
  const page = new PrometheusPage({ host: '127.0.0.1', port: 0 }, collect, SINCE_MS, testHost());
  await page.start();
  onTestFinished(() => page.stop());
  const url = `${page.url}/metrics`;
  const read = async (headers: Record<string, string>): Promise<Record<string, string>> =>
    seriesOf((await send(url, { headers })).body.toString());
  return { url, scrape: () => read(SCRAPER), curl: () => read({}) };
}

function counter(...points: MetricPoint[]): MetricFamily[] {
  return [{ name: 'calls', unit: '', description: 'Calls.', kind: 'counter', points }];
}

const born = (name: string, value: number, startMs = SINCE_MS + 1): MetricPoint => ({
  attributes: { name },
  value,
  startMs,
});

describe('the name a page is asked for by', () => {
  it('is its own or an address on loopback, so that no web page can read it by a name of its own', async () => {
    const { urls } = await startCollector('export: { prometheus: { host_names: [metrics.internal] } }');
    const check = async (host: string, status: number): Promise<void> => {
      expect([host, (await send(urls.metrics, { headers: { host } })).status]).toEqual([host, status]);
    };
    const { port } = new URL(urls.metrics);
    for (const own of ['127.0.0.1', 'localhost', 'LOCALHOST.', '[::1]', '10.1.2.3', 'metrics.internal'])
      await check(`${own}:${port}`, 200);
    for (const foreign of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'x@127.0.0.1',
      'localhost:x',
    ])
      await check(foreign, 403);
    const refused = await send(urls.metrics, { headers: { host: 'evil.example' } });
    expect(refused.body.toString()).toBe('this address is served under its own name only\n');
    const page = await send(`${urls.page}/api/books`, { headers: { host: 'evil.example' } });
    expect(page.status).toBe(403);
  });

  it('may be left out, as health checks over HTTP/1.0 do and no browser does', async () => {
    const { urls } = await startCollector();
    const socket = connect(Number(new URL(urls.metrics).port), '127.0.0.1', () => {
      socket.end('GET /metrics HTTP/1.0\r\n\r\n');
    });
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('may be that of the machine as containers know it', async () => {
    const { urls } = await startCollector();
    for (const host of ['host.docker.internal:8889', 'host.containers.internal'])
      expect((await send(urls.metrics, { headers: { host } })).status).toBe(200);
  });

  it('is not asked for beyond loopback, nor where the page is locked', async () => {
    const token = 'a-token-of-some-length';
    const open = await startCollector('export: { prometheus: { host: 0.0.0.0 } }');
    const locked = await startCollector(`export: { prometheus: { auth: { tokens: [${token}] } } }`);
    const headers = { host: 'sidecar:8889', authorization: `Bearer ${token}` };
    expect((await send(open.urls.metrics.replace('0.0.0.0', '127.0.0.1'), { headers })).status).toBe(200);
    expect((await send(locked.urls.metrics, { headers })).status).toBe(200);
    expect((await send(locked.urls.metrics, { headers: { host: 'sidecar:8889' } })).status).toBe(401);
  });
});

describe('the metrics page', () => {
  it('speaks both formats, and ends OpenMetrics with its mark', async () => {
    const { url } = await openPage(() => counter(born('a', 1, 0)));
    const text = await send(url);
    expect(text.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.body.toString()).toBe(
      '# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{name="a"} 1\n',
    );
    const open = await send(url, { headers: { accept: 'application/openmetrics-text;version=1.0.0' } });
    expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(open.body.toString()).toBe('# HELP calls Calls.\n# TYPE calls counter\ncalls_total{name="a"} 1\n# EOF\n');
  });

  it('is at its path, for reading only', async () => {
    const { url } = await openPage(() => counter());
    const check = async (path: string, method: string, status: number): Promise<void> => {
      const answer = await send(new URL(path, url).href, { method });
      expect([answer.status, answer.headers.allow]).toEqual([status, status === 405 ? 'GET, HEAD' : undefined]);
    };
    await check('/metrics', 'GET', 200);
    await check('/metrics?name=x', 'GET', 200);
    await check('/metrics', 'HEAD', 200);
    await check('/metrics', 'POST', 405);
    await check('/', 'GET', 404);
    await check('/metrics/more', 'GET', 404);
  });

  it('is whole however long it is', async () => {
    const points = Array.from({ length: 30_000 }, (_, i) => born(`series ${i} with a name of some length`, i, 0));
    const { scrape } = await openPage(() => counter(...points));
    const series = await scrape();
    expect(Object.keys(series)).toHaveLength(30_000);
    expect(series['calls_total{name="series 29999 with a name of some length"}']).toBe('29999');
  });

  it('goes on after a collection that failed', async () => {
    let fails = true;
    const { scrape } = await openPage(() => {
      if (fails) throw new Error('out of order');
      return counter(born('a', 1, 0));
    });
    await expect(scrape()).rejects.toThrow(/hang up|aborted|reset/i);
    fails = false;
    expect(await scrape()).toEqual({ 'calls_total{name="a"}': '1' });
  });
});

describe('a series that began while we watched', () => {
  it('shows 0 once to a scraper, and the truth to everybody else', async () => {
    let points = [born('old', 5, SINCE_MS), born('new', 3)];
    const { scrape, curl } = await openPage(() => counter(...points));
    const [old, young, later] = ['old', 'new', 'later'].map((name) => `calls_total{name="${name}"}`);
    expect(await curl()).toEqual({ [`${old}`]: '5', [`${young}`]: '3' });
    expect(await scrape()).toEqual({ [`${old}`]: '5', [`${young}`]: '0' });
    expect(await curl()).toEqual({ [`${old}`]: '5', [`${young}`]: '3' });
    points = [born('old', 6, SINCE_MS), born('new', 4), born('later', 9)];
    expect(await scrape()).toEqual({ [`${old}`]: '6', [`${young}`]: '4', [`${later}`]: '0' });
    expect(await scrape()).toEqual({ [`${old}`]: '6', [`${young}`]: '4', [`${later}`]: '9' });
  });

  it('shows 0 again when it comes back after it was gone', async () => {
    let points = [born('a', 3)];
    const { scrape } = await openPage(() => counter(...points));
    const values: (string | undefined)[] = [];
    for (const next of [[born('a', 3)], [born('a', 4)], [], [born('a', 1)], [born('a', 2)]]) {
      points = next;
      values.push((await scrape())['calls_total{name="a"}']);
    }
    expect(values).toEqual(['0', '4', undefined, '0', '2']);
  });

  it('is not taken for shown where the scraper went away half-way', async () => {
    const points = Array.from({ length: 40_000 }, (_, i) => born(`series ${i} ${'x'.repeat(100)}`, 7));
    const { url, scrape } = await openPage(() => counter(...points));
    await new Promise<void>((resolve) => {
      const request = httpRequest(url, { headers: SCRAPER, agent: false }, (response) => {
        response.once('data', () => {
          request.destroy();
          resolve();
        });
      });
      request.on('error', () => {});
      request.end();
    });
    expect(new Set(Object.values(await scrape()))).toEqual(new Set(['0']));
    expect(new Set(Object.values(await scrape()))).toEqual(new Set(['7']));
  });

  it('is so for the histograms of real spans as for their calls', async () => {
    const { metrics, traces, clock } = await startCollector();
    clock.advance(500);
    await traces(bodyOf([testSpan({ name: 'GET /cart', durationMs: 7 })]));
    const labels =
      'service_name="shop",span_name="GET /cart",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_UNSET"';
    const read = async (headers: Record<string, string>): Promise<(string | undefined)[]> => {
      const series = seriesOf(await metrics(headers));
      return [
        series[`traces_span_metrics_calls_total{${labels}}`],
        series[`traces_span_metrics_duration_seconds_bucket{${labels},le="0.006"}`],
        series[`traces_span_metrics_duration_seconds_bucket{${labels},le="0.008"}`],
        series[`traces_span_metrics_duration_seconds_sum{${labels}}`],
        series[`traces_span_metrics_duration_seconds_count{${labels}}`],
      ];
    };
    expect(await read({})).toEqual(['1', '0', '1', '0.007', '1']);
    expect(await read(SCRAPER)).toEqual(['0', '0', '0', '0', '0']);
    expect(await read(SCRAPER)).toEqual(['1', '0', '1', '0.007', '1']);
  });
});
