// The far end as a whole: what each exporter gets, and that none waits for another.
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodedPoints } from '../../support/decoded-points.ts';
import { exportConfig } from '../../../collector/src/export/config.ts';
import { exportInstruments } from '../../../collector/src/export/instruments.ts';
import { exportStage, type ExportStage } from '../../../collector/src/export/stage.ts';
import { canonical } from '../../../collector/src/model/attributes.ts';
import { type DataPoint, resourceOf } from '../../../collector/src/model/data-point.ts';
import type { MetricFamily } from '../../../collector/src/model/metric-family.ts';
import { dataPoint } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { acceptAll } from '../../support/remote-write-rig.ts';
import { type Sink, startSink } from '../../support/sink.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';
import { decodeWrite } from '../../support/write-schema.ts';

interface StageRig extends TestHost<typeof exportInstruments> {
  readonly stage: ExportStage;
  take(...points: DataPoint[]): Promise<void>;
}

async function stageRig(config: object): Promise<StageRig> {
  const own = testHost('export', exportInstruments);
  const stage = exportStage.create(exportConfig.parse({ prometheus: false, drain_timeout: '1s', ...config }), own.host);
  stage.ownResource = resourceOf(
    canonical([
      ['service.name', 'evenkeel'],
      ['service.instance.id', 'here:4318'],
      ['host.name', 'here'],
    ]),
  );
  await stage.start();
  onTestFinished(async () => {
    let stopped = false;
    const stopping = stage.stop().then(() => (stopped = true));
    await eventually('the stage to stop', () => stopped || void own.clock.advance(1000));
    await stopping;
  });
  return { ...own, stage, take: (...points) => stage.metrics.consume({ signal: 'metrics', points }) };
}

function seriesOf(sink: Sink): string[] {
  return sink.requests.flatMap((request) => decodeWrite(request).series.map(({ name }) => name));
}

describe('several exporters', () => {
  it('get everything, and a slow one holds up none', async () => {
    const [slow, fast, written] = [await startSink(), await startSink(), await startSink()];
    slow.react('hang');
    written.react(acceptAll);
    const { take, clock, read } = await stageRig({
      otlp: { slow: { endpoint: slow.url }, fast: { endpoint: fast.url } },
      remote_write: { store: { url: written.url }, dead: { url: 'http://127.0.0.1:1' } },
    });
    for (let second = 1; second <= 5; second++) {
      await take(dataPoint({ name: 'calls', startMs: 0, timeMs: clock.nowMs(), value: second }));
      clock.advance(1000);
    }
    for (const exporter of ['fast', 'store'])
      await eventually(`delivery by ${exporter}`, () => read('points_delivered', { exporter }) === 5);
    expect(read('points_queued', { exporter: 'slow' })).toBe(5);
    expect(read('points_queued', { exporter: 'dead' })).toBe(5);
    expect(fast.requests.flatMap(({ body }) => decodedPoints(body))).toHaveLength(5);
    expect(new Set(seriesOf(written))).toEqual(new Set(['calls_total{job="shop"}']));
  });

  it('get delta points as they came by OTLP, and added up by remote write', async () => {
    const [otlp, written] = [await startSink(), await startSink()];
    written.react(acceptAll);
    const { take, clock, read } = await stageRig({
      otlp: { otlp: { endpoint: otlp.url } },
      remote_write: { store: { url: written.url } },
    });
    for (const value of [3, 4]) {
      const startMs = clock.nowMs();
      clock.advance(1000);
      await take(dataPoint({ name: 'calls', temporality: 'delta', startMs, timeMs: clock.nowMs(), value }));
    }
    clock.advance(1000);
    await eventually(
      'delivery',
      () => read('points_queued', { exporter: 'store' }) + read('points_queued', { exporter: 'otlp' }) === 0,
    );
    const sent = otlp.requests.flatMap(({ body }) => decodedPoints(body));
    expect(sent.map(({ metric, value }) => [metric.temporality, value])).toEqual([
      ['delta', expect.objectContaining({ value: 3 })],
      ['delta', expect.objectContaining({ value: 4 })],
    ]);
    const values = written.requests.flatMap((request) =>
      decodeWrite(request).series.flatMap(({ samples }) => samples.map(({ value }) => value)),
    );
    expect(values).toEqual([0, 3, 7]);
  });
});

describe('what the sidecar counts itself', () => {
  it('is pushed at each interval under its own name, beginning at 0', async () => {
    const sink = await startSink();
    sink.react(acceptAll);
    const { stage, clock } = await stageRig({ remote_write: { store: { url: sink.url } }, interval: '10s' });
    let value = 5;
    stage.collectOwn = (): MetricFamily[] => [
      {
        name: 'evenkeel.test.things',
        unit: '{thing}',
        description: 'Things.',
        kind: 'counter',
        points: [{ attributes: {}, value: value++ }],
      },
    ];
    clock.advance(11_000);
    await eventually('the first push', () => sink.requests.length === 1);
    clock.advance(10_000);
    await eventually('the second push', () => sink.requests.length === 2);
    const own = 'instance="here:4318",job="evenkeel"';
    const things = sink.requests
      .flatMap((request) => decodeWrite(request).series)
      .filter(({ name }) => name.startsWith('evenkeel_'));
    expect(new Set(things.map(({ name }) => name))).toEqual(new Set([`evenkeel_test_things_total{${own}}`]));
    expect(things.flatMap(({ samples }) => samples.map(({ value: at }) => at))).toEqual([0, 5, 6]);
    expect(seriesOf(sink)).toContain('target_info{host_name="here",instance="here:4318",job="evenkeel"}');
  });
});

describe('a series that came in and ended', () => {
  it('is ended at the receiver', async () => {
    const sink = await startSink();
    sink.react(acceptAll);
    const { take, clock } = await stageRig({ remote_write: { store: { url: sink.url } }, stale_after: '30s' });
    await take(dataPoint({ kind: 'gauge', name: 'level', timeMs: clock.nowMs(), value: 4 }));
    clock.advance(1000);
    await eventually('the point', () => sink.requests.length === 1);
    clock.advance(120_000);
    await eventually('its end', () => sink.requests.length === 2);
    const samples = sink.requests.flatMap((request) => decodeWrite(request).series.flatMap((series) => series.samples));
    expect(samples.map(({ value }) => value)).toEqual([4, NaN]);
  });
});
