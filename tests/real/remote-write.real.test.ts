// Metrics pushed to two real Prometheus, of which one knows remote write 2.0 and the other does not; both are away for
// half a minute. What they have in the end is what was sent, sample by sample.
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, exponentialOf, histogramOf } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/random.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { prometheus3, startWritePrometheus, type WritePrometheus } from '../support/write-prometheus.ts';

const PUSHES = 42;
/** Pushes between which nobody is there to take anything. */
const AWAY = { from: 5, until: 35 };
const VALUES_A_PUSH = 50;
const SCALE = 3;
/** Neighbouring bounds of native buckets at that scale. */
const BUCKET_RATIO = 2 ** (2 ** -SCALE);
const BOUNDS = [0.1, 1, 10];
const TRACE_ID = '0123456789abcdef0123456789abcdef';

interface Push {
  readonly timeMs: number;
  /** Everything measured so far. */
  readonly values: readonly number[];
}

function pointsOf({ timeMs, values }: Push, startMs: number): DataPoint[] {
  const whole = { startMs, timeMs, instance: 'i1', resource: { 'host.name': 'h1' }, description: 'Words.' };
  const last = values.at(-1) ?? 0;
  const exemplar = {
    value: last,
    isInteger: false,
    timeMs,
    traceId: TRACE_ID,
    spanId: '0123456789abcdef',
    attributes: [],
  };
  return [
    dataPoint({
      ...whole,
      name: 'calls',
      attributes: { 'http.route': '/a"b\\c\nd' },
      value: values.length,
      exemplars: [exemplar],
    }),
    dataPoint({ ...whole, name: 'level', kind: 'gauge', value: last }),
    dataPoint({ ...whole, name: 'size', unit: 'By', value: histogramOf(values, BOUNDS) }),
    dataPoint({ ...whole, name: 'latency', unit: 's', value: exponentialOf(values, SCALE) }),
  ];
}

/** Pushes each second; the receivers go and come back meanwhile. */
async function send(otlpHttp: string, receivers: readonly WritePrometheus[]): Promise<Push[]> {
  const random = seeded(11);
  const startMs = Date.now();
  const began = performance.now();
  const pushes: Push[] = [];
  const values: number[] = [];
  for (let i = 0; i < PUSHES; i++) {
    await pause(Math.max(0, began + (i + 1) * 1000 - performance.now()));
    for (let n = 0; n < VALUES_A_PUSH; n++) values.push(Math.exp(random() * 8 - 4));
    const push = { timeMs: Date.now(), values: [...values] };
    pushes.push(push);
    for (const { body } of encodeMetrics(pointsOf(push, startMs))) {
      const headers = { 'content-type': 'application/x-protobuf' };
      const response = await fetch(`${otlpHttp}/v1/metrics`, { method: 'POST', headers, body: Uint8Array.from(body) });
      expect(response.status).toBe(200);
    }
    if (i === AWAY.from) await Promise.all(receivers.map((receiver) => receiver.leave()));
    if (i === AWAY.until) await Promise.all(receivers.map((receiver) => receiver.comeBack()));
  }
  return pushes;
}

describeWith(['prometheus', 'go'], 'remote write', ({ prometheus }) => {
  let sidecar: RunningSidecar;
  let pushes: Push[];
  const receivers: Record<string, WritePrometheus> = {};

  beforeAll(async () => {
    const features = 'native-histograms,exemplar-storage';
    receivers['old'] = await startWritePrometheus(prometheus, features);
    receivers['new'] = await startWritePrometheus(await prometheus3(), features);
    const exporters = Object.entries(receivers).map(
      ([name, { writeUrl }]) => `${name}: { url: '${writeUrl}', batch_delay: 200ms, retry_max: 2s }`,
    );
    const config = `export: { interval: 5s, exemplars: all, remote_write: { ${exporters.join(', ')} } }\n`;
    sidecar = await startSidecar({ config });
    pushes = await send(sidecar.urls.otlpHttp, Object.values(receivers));
    const last = (pushes.at(-1)?.timeMs ?? 0) / 1000;
    for (const [name, receiver] of Object.entries(receivers))
      await eventually(`the last push at the ${name} one`, async () => {
        const [series] = await receiver.query('timestamp(calls_total)');
        return (series?.points[0]?.value ?? 0) >= last - 0.001;
      });
  }, 1_200_000);

  describe.each(['old', 'new'])('to the %s one', (name) => {
    const of = (): WritePrometheus => {
      const receiver = receivers[name];
      if (receiver === undefined) throw new Error(`no receiver ${name}`);
      return receiver;
    };
    const LABELS = `instance="i1",job="shop"`;

    /** Samples of one series, times in milliseconds. */
    async function samples(selector: string): Promise<[number, number][]> {
      const series = await of().query(`${selector}[10m]`);
      expect(series, selector).toHaveLength(1);
      return (series[0]?.points ?? []).map(({ time, value }) => [Math.round(time * 1000), value]);
    }

    it('is complete, in order and equal, beginning at 0', async () => {
      const expected = (value: (push: Push) => number): [number, number][] =>
        pushes.map((push) => [push.timeMs, value(push)]);
      const below = (bound: number) => (push: Push) => push.values.filter((value) => value <= bound).length;
      const counters: [string, (push: Push) => number][] = [
        [`calls_total{${LABELS},http_route="/a\\"b\\\\c\\nd"}`, ({ values }) => values.length],
        [`size_bytes_count{${LABELS}}`, ({ values }) => values.length],
        [`size_bytes_bucket{${LABELS},le="+Inf"}`, ({ values }) => values.length],
        [`size_bytes_bucket{${LABELS},le="0.1"}`, below(0.1)],
        [`size_bytes_bucket{${LABELS},le="1.0"}`, below(1)],
      ];
      for (const [selector, value] of counters) {
        const [zero, ...others] = await samples(selector);
        expect(zero?.[1], selector).toBe(0);
        expect(others, selector).toEqual(expected(value));
      }
      expect(await samples(`level{${LABELS}}`)).toEqual(expected(({ values }) => values.at(-1) ?? 0));
    });

    it('has native histograms whose quantiles are right to a bucket', async () => {
      const all = (pushes.at(-1)?.values ?? []).toSorted((a, b) => a - b);
      const at = (pushes.at(-1)?.timeMs ?? 0) / 1000;
      for (const q of [0.1, 0.5, 0.9, 0.99]) {
        const [found] = await of().query(`histogram_quantile(${q}, latency_seconds)`, at);
        const exact = all[Math.ceil(q * all.length) - 1] ?? 0;
        const ratio = (found?.points[0]?.value ?? 0) / exact;
        expect(ratio, `${q}: ${found?.points[0]?.value} for ${exact}`).toBeGreaterThan(1 / BUCKET_RATIO);
        expect(ratio, `${q}: ${found?.points[0]?.value} for ${exact}`).toBeLessThan(BUCKET_RATIO);
      }
      const [count] = await of().query('histogram_count(latency_seconds)', at);
      expect(count?.points[0]?.value).toBe(all.length);
    });

    it('has exemplars, what the source is, and the sidecar under its own name', async () => {
      expect(await of().exemplars('calls_total')).toContain(TRACE_ID);
      const labels = async (selector: string) =>
        (await of().query(`last_over_time(${selector}[5m])`)).map((series) => series.labels);
      expect(await labels('target_info{job="shop"}')).toEqual(
        [{ __name__: 'target_info', host_name: 'h1', instance: 'i1', job: 'shop' }].map((all) =>
          expect.objectContaining({ host_name: all.host_name, instance: all.instance, job: all.job }),
        ),
      );
      const [own] = await labels('evenkeel_receive_points_total');
      expect(own).toMatchObject({ job: 'evenkeel', instance: expect.stringContaining(':') });
    });
  });

  it('spoke 1.0 to the old one only, and has books that balance', async () => {
    expect(sidecar.stderr()).toContain('OLDER_old');
    expect(sidecar.stderr()).not.toContain('OLDER_new');
    const page = await (await fetch(sidecar.urls.metrics)).text();
    const valueOf = (metric: string, exporter: string): number =>
      [...page.matchAll(new RegExp(`^evenkeel_export_${metric}\\{(.*?)\\} (\\S+)$`, 'gm'))]
        .filter(([, labels]) => labels?.includes(`exporter="${exporter}"`))
        .reduce((sum, [, , value]) => sum + Number(value), 0);
    for (const exporter of Object.keys(receivers)) {
      const [pushed, delivered, queued] = ['points_pushed_total', 'points_delivered_total', 'points_queued'].map(
        (metric) => valueOf(metric, exporter),
      );
      expect(pushed).toBeGreaterThan(PUSHES * 4);
      expect((delivered ?? 0) + (queued ?? 0)).toBe(pushed);
      for (const metric of ['points_failed_total', 'points_rejected_total', 'refusals_total'])
        expect(valueOf(metric, exporter)).toBe(0);
    }
  });
});
