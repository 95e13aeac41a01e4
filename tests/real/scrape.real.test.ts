// Debian's Prometheus exposes some three hundred series of its own. The same page is scraped by it and by us: what its API says
// of each series is what our points say.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { valueText } from '../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { systemClock } from '../../collector/src/pipeline/clock.ts';
import { createHost } from '../../collector/src/pipeline/host.ts';
import { Telemetry } from '../../collector/src/pipeline/telemetry.ts';
import { scrapeConfig } from '../../collector/src/scrape/config.ts';
import { scrapeInstruments } from '../../collector/src/scrape/instruments.ts';
import { ScrapeStage } from '../../collector/src/scrape/stage.ts';
import { eventually } from '../support/eventually.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { describeWith } from '../support/real-parts.ts';

/** Of what Prometheus does not expose itself. */
const OPEN = `# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
# HELP wait_seconds "Quoted\\n"
wait_seconds_bucket{path="/a\\"b\\\\",le="0.1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.05 1700000000.5
wait_seconds_bucket{path="/a\\"b\\\\",le="1.0"} 3
wait_seconds_bucket{path="/a\\"b\\\\",le="+Inf"} 4
wait_seconds_count{path="/a\\"b\\\\"} 4
wait_seconds_sum{path="/a\\"b\\\\"} 2.5
# TYPE calls counter
calls_total{empty="",code="200"} 3.25e+2
# TYPE build info
build_info{version="1"} 1
# TYPE mode stateset
mode{mode="a"} 1
mode{mode="b"} 0
# TYPE sizes gaugehistogram
sizes_bucket{le="+Inf"} 4
sizes_gcount 4
sizes_gsum -1e-3
# TYPE quick summary
quick{quantile="0.99"} NaN
quick_count 2
quick_sum 1
# TYPE odd unknown
odd -0.5
# EOF
`;

const OWN = /^(up|scrape_.*)$/;

/** Scrapes a page once with our stage. @returns its points, without those about the scrape */
async function scraped(target: string, options: Record<string, unknown> = {}): Promise<DataPoint[]> {
  const telemetry = new Telemetry();
  telemetry.declare('scrape', scrapeInstruments);
  const log: string[] = [];
  const host = createHost<keyof typeof scrapeInstruments>('scrape', {
    clock: systemClock,
    telemetry,
    random: () => 0,
    log: (line) => log.push(line),
  });
  const points: DataPoint[] = [];
  const config = scrapeConfig.parse({ jobs: [{ name: 'own', targets: [target], interval: '1s', ...options }] });
  const stage = new ScrapeStage(config, host, { consume: async (batch) => void points.push(...batch.points) });
  await stage.start();
  await eventually('our scrape', () => points.some(({ metric }) => metric.name === 'scrape_series_added'));
  await stage.stop();
  expect(log).toEqual([]);
  expect(telemetry.points('scrape', 'dropped').filter(({ value }) => value !== 0)).toEqual([]);
  return points.slice(
    0,
    points.findIndex(({ metric }) => metric.name === 'up'),
  );
}

/** The series of a point as Prometheus stores them. */
function* seriesOf({ metric: { name }, attributes, value }: DataPoint): Generator<[string, number]> {
  const named = (suffix: string, each: number, label?: string, bound?: number): [string, number] => {
    const labels: [string, string][] = attributes.map(([key, text]) => [
      key,
      valueText(text).replace('+Inf', 'Infinity'),
    ]);
    if (label !== undefined) labels.push([label, String(bound)]);
    return [`${name}${suffix} ${JSON.stringify(labels.sort())}`, each];
  };
  if (value.type === 'number') return yield named('', value.value);
  yield named('_count', value.count);
  yield named('_sum', value.sum ?? NaN);
  if (value.type === 'summary')
    for (const { quantile, value: at } of value.quantiles) yield named('', at, 'quantile', quantile);
  if (value.type !== 'histogram') return;
  let upTo = 0;
  for (const [i, count] of value.counts.entries())
    yield named('_bucket', (upTo += count), 'le', value.bounds[i] ?? Infinity);
}

function sorted(series: Iterable<[string, number]>): [string, number][] {
  return [...series].sort(([a], [b]) => (a < b ? -1 : 1));
}

describeWith(['prometheus'], 'a scrape of what Prometheus exposes', ({ prometheus: binary }) => {
  it('says of every series what Prometheus says, in each format', async () => {
    let page = { type: 'text/plain', body: 'nothing 1\n' };
    const server = createServer(
      (_, response) => void response.writeHead(200, { 'content-type': page.type }).end(page.body),
    );
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const prometheus = await startPrometheus(binary, url);
    let last: string[] = [];
    const response = await fetch(`${prometheus.url}/metrics`);
    const text = { type: response.headers.get('content-type') ?? '', body: await response.text() };
    expect(text.type).toContain('text/plain');
    for (const next of [{ type: 'application/openmetrics-text; version=1.0.0', body: OPEN }, text]) {
      const mark = `page_${Math.round(performance.now())}`;
      page = { type: next.type, body: `# TYPE ${mark} gauge\n${mark} 1\n${next.body}` };
      await eventually('its scrape', async () => (await prometheus.query(mark)).length > 0);
      const theirs = await prometheus.query('{job="evenkeel"}');
      const ours = sorted((await scraped(url)).flatMap((point) => [...seriesOf(point)]));
      const wanted = theirs.flatMap(({ labels, points }): [string, number][] => {
        const { __name__ = '', job, instance, ...rest } = labels;
        expect(job).toBe('evenkeel');
        expect(instance).toBe(new URL(url).host);
        const bound = rest['le'] ?? rest['quantile'];
        const key = rest['le'] === undefined ? 'quantile' : 'le';
        const number = bound === '+Inf' ? 'Infinity' : String(Number(bound));
        const plain = Object.entries(bound === undefined ? rest : { ...rest, [key]: number });
        return OWN.test(__name__) ? [] : [[`${__name__} ${JSON.stringify(plain.sort())}`, points[0]?.value ?? NaN]];
      });
      expect(ours.length).toBeGreaterThan(next === text ? 250 : 15);
      expect(ours).toEqual(sorted(wanted));
      last = ours.map(([name]) => name);
    }
    // The same in protobuf, of which only the values have moved on meanwhile.
    const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
    const offered = await fetch(`${prometheus.url}/metrics`, { headers: { accept: protobuf } });
    expect(offered.headers.get('content-type')).toContain('application/vnd.google.protobuf');
    await offered.body?.cancel();
    const native = (await scraped(`${prometheus.url}/metrics`, { native_histograms: true })).flatMap((point) => [
      ...seriesOf(point),
    ]);
    const names = new Set(native.map(([name]) => name));
    const lacking = last.filter((name) => !name.startsWith('page_') && !names.has(name));
    expect(lacking).toEqual([]);
  });
});
