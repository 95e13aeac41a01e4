// The metrics page of a whole sidecar, from what is sent to it.
import { describe, expect, it } from 'vitest';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, exponentialOf, type PointShape } from '../../support/data-points.ts';
import { post, send } from '../../support/http.ts';
import { readFamilies } from '../../support/prometheus-schema.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const SCRAPER = { 'x-prometheus-scrape-timeout-seconds': '10' };
const OPENMETRICS = 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8';
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
/** What comes in is shown as it is. */
const PLAIN = 'limit: false\naggregate: false\n';

interface Rig {
  readonly running: RunningCollector;
  /** Sends points that are of this moment, and began at a time relative to the start. */
  points(...shapes: PointShape[]): Promise<void>;
  /** Lines of the page whose names begin so. */
  lines(prefix: string, headers?: Record<string, string>): Promise<string[]>;
}

async function rig(yaml = PLAIN): Promise<Rig> {
  const running = await startCollector(yaml);
  const beganMs = running.clock.nowMs();
  return {
    running,
    points: async (...shapes) => {
      running.clock.advance(1000);
      const timeMs = running.clock.nowMs();
      const points = shapes.map((shape) => dataPoint({ timeMs, ...shape, startMs: beganMs + (shape.startMs ?? 0) }));
      for (const { body } of encodeMetrics(points))
        expect((await post(`${running.urls.otlpHttp}/v1/metrics`, body)).status).toBe(200);
    },
    lines: async (prefix, headers = {}) =>
      (await running.metrics(headers)).split('\n').filter((line) => line.startsWith(prefix)),
  };
}

describe('a counter that came in', () => {
  it('is shown to a scraper once at 0 where it began while we watched, and again where it began anew', async () => {
    const { points, lines } = await rig();
    const scraped: (string | undefined)[] = [];
    const scrape = async (): Promise<void> => {
      scraped.push((await lines('requests_total', SCRAPER))[0]?.split(' ').at(-1));
    };
    await points({ value: 5, startMs: 500 });
    expect(await lines('requests_total')).toEqual(['requests_total{job="shop"} 5']);
    await scrape();
    await scrape();
    await points({ value: 9, startMs: 500 });
    await scrape();
    // The source began again and is beyond its old value already: only the 0 tells.
    await points({ value: 30, startMs: 2500 });
    await scrape();
    await scrape();
    expect(scraped).toEqual(['0', '5', '9', '0', '30']);
  });

  it('is never shown at 0 where it was met in mid-life', async () => {
    const { points, lines } = await rig();
    await points({ value: 5, startMs: -1 });
    expect(await lines('requests_total', SCRAPER)).toEqual(['requests_total{job="shop"} 5']);
  });

  it('tells since when it counts where that is wanted', async () => {
    const { points, lines } = await rig(`${PLAIN}export: { prometheus: { created_timestamps: true } }`);
    await points({ value: 5, startMs: 500 });
    const [created] = await lines('requests_created', { accept: OPENMETRICS });
    expect(created).toMatch(/^requests_created\{job="shop"\} \d+\.500$/);
    expect(await lines('requests_created')).toEqual([]);
    const other = await rig();
    await other.points({ value: 5 });
    expect(await other.lines('requests_created', { accept: OPENMETRICS })).toEqual([]);
  });
});

describe('the page', () => {
  it('has native histograms in protobuf, of what came in and of spans', async () => {
    const { running, points } = await rig();
    await points({ name: 'latency', unit: 's', value: exponentialOf([1, 2, 3], 3) });
    await running.traces(bodyOf([testSpan({ name: 'GET /cart', durationMs: 7 })]));
    const { headers, body } = await send(running.urls.metrics, { headers: { accept: PROTOBUF } });
    expect(headers['content-type']).toBe(PROTOBUF.replaceAll(';', '; '));
    const families = readFamilies(body);
    const histogram = (name: string) => families.find((family) => family.name === name)?.metric[0]?.histogram;
    expect(histogram('latency_seconds')).toMatchObject({ sampleCount: 3, sampleSum: 6, schema: 3 });
    const duration = histogram('traces_span_metrics_duration_seconds');
    expect(duration).toMatchObject({ sampleCount: 1, sampleSum: 0.007, schema: 4, positiveDelta: [1] });
    // Bucket 16 × log2(0.007), by its upper bound.
    expect(duration?.positiveSpan).toEqual([{ offset: Math.ceil(16 * Math.log2(0.007)), length: 1 }]);
    expect(duration?.bucket.at(-1)?.cumulativeCount).toBe(1);
    expect(families.find(({ name }) => name === 'evenkeel_export_series')?.metric[0]?.gauge?.value).toBe(1);
  });

  it('writes names with dots only where that is configured and asked for', async () => {
    const shape = { name: 'http.größe', unit: 'By', attributes: { 'http.route': '/a' }, startMs: -1 };
    const plain = await rig();
    await plain.points(shape);
    expect(await plain.lines('http_', { accept: OPENMETRICS })).toEqual([
      'http_gr_e_bytes_total{http_route="/a",job="shop"} 1',
    ]);
    const negotiated = await rig(`${PLAIN}export: { prometheus: { names: negotiated } }`);
    await negotiated.points(shape);
    const quoted = '{"http.größe_bytes_total","http.route"="/a",job="shop"} 1';
    expect(await negotiated.lines('{"http.gr', { accept: OPENMETRICS })).toEqual([quoted]);
    expect(await negotiated.lines('http_')).toEqual(['http_gr__e_bytes_total{http_route="/a",job="shop"} 1']);
  });

  it('leaves out a metric whose name means something else already, and says so', async () => {
    const { running, points, lines } = await rig();
    await points({ name: 'a.b', kind: 'gauge' }, { name: 'a_b', value: exponentialOf([1], 0) });
    expect(await lines('a_b')).toEqual(['a_b{job="shop"} 1']);
    expect(await lines('evenkeel_export_conflicts')).toEqual(['evenkeel_export_conflicts 1']);
    expect(running.log.filter((line) => line.includes('NAME_CONFLICT'))).toHaveLength(1);
  });

  it('shows examples of kept traces only', async () => {
    const { running, points, lines } = await rig(
      `${PLAIN}sample: { after_root: 100ms, policies: [{ name: errors, type: status }] }`,
    );
    const [kept = '', dropped = ''] = ['aa', 'bb'].map((byte) => byte.repeat(16));
    await running.traces(bodyOf([testSpan({ trace: kept, error: true }), testSpan({ trace: dropped })]));
    const exemplars = [dropped, kept].map((traceId, i) => {
      const plain = { value: 1, isInteger: true, spanId: '0123456789abcdef', attributes: [] };
      return { ...plain, traceId, timeMs: running.clock.nowMs() + i };
    });
    await points({ value: 1, exemplars });
    running.clock.advance(60_000);
    const [line] = await lines('requests_total', { accept: OPENMETRICS });
    expect(line).toContain(`# {trace_id="${kept}",span_id="0123456789abcdef"} 1`);
    expect(await lines('evenkeel_export_exemplars_total')).toContain(
      'evenkeel_export_exemplars_total{outcome="dropped"} 1',
    );
  });
});
