import { expect, it, onTestFinished } from 'vitest';
import type { CardinalityAnswer } from '../../../collector/src/limit/contract.ts';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { Telemetry } from '../../../collector/src/pipeline/telemetry.ts';
import { Kpis, type KpiSources } from '../../../collector/src/web/kpis.ts';
import { ManualClock } from '../../support/clock.ts';
import { dataPoint, histogramOf, type PointShape } from '../../support/data-points.ts';

const counter = { kind: 'counter', unit: '{point}', description: '' } as const;
const perComponent = { ...counter, attributes: { component: ['cpu', 'disk'] } } as const;
const MEMORY = { nowBytes: 100, peakBytes: 200 };

interface Watched {
  readonly kpis: Kpis;
  readonly clock: ManualClock;
  readonly telemetry: Telemetry;
  /** The newest points, as a table of series would know them. */
  readonly points: DataPoint[];
}

async function watch(sources: Partial<KpiSources> = {}): Promise<Watched> {
  const clock = new ManualClock();
  const telemetry = new Telemetry();
  telemetry.declare('monitoring', {
    points: perComponent,
    points_saved: perComponent,
    cpu: perComponent,
    cpu_saved: perComponent,
  });
  telemetry.declare('scrape', { points: counter, points_saved: counter });
  const points: DataPoint[] = [];
  const series = { newest: (name: string) => points.filter(({ metric }) => metric.name === name) };
  const kpis = new Kpis({ telemetry, series, memory: () => MEMORY, cardinality: undefined, ...sources }, clock);
  await kpis.start();
  onTestFinished(() => kpis.stop());
  return { kpis, clock, telemetry, points };
}

it('tells what was measured, and nothing else', async () => {
  const { kpis, clock } = await watch();
  expect(kpis.answer()).toEqual({ paceSeconds: 0, gc: [], memory: MEMORY, reuse: [], eventLoops: [] });
  clock.advance(3_600_000);
  expect(kpis.answer()).toMatchObject({ paceSeconds: 600, memory: MEMORY });
  expect(kpis.answer()).not.toHaveProperty('points');
});

it('tells points a day, before and after, at the pace of the last ten minutes', async () => {
  const { kpis, clock, telemetry } = await watch();
  // Long ago there were many more.
  telemetry.add('monitoring', 'points', 1e6, { component: 'cpu' });
  clock.advance(30_000);
  for (let minute = 0; minute < 30; minute++) {
    telemetry.add('monitoring', 'points', 2, { component: 'cpu' });
    telemetry.add('monitoring', 'points_saved', 50, { component: 'cpu' });
    telemetry.add('monitoring', 'points_saved', 26, { component: 'disk' });
    telemetry.add('scrape', 'points', 2);
    clock.advance(60_000);
  }
  const { points } = kpis.answer();
  expect(points?.perDayAfter).toBeCloseTo(4 * 1440, 6);
  expect(points?.perDayBefore).toBeCloseTo(80 * 1440, 6);
  expect(points?.savedRatio).toBeCloseTo(0.95, 6);
});

it('tells the CPU that reading takes, and what it saves', async () => {
  const { kpis, clock, telemetry } = await watch();
  for (let second = 0; second < 100; second++) {
    telemetry.add('monitoring', 'cpu', 0.001, { component: 'cpu' });
    telemetry.add('monitoring', 'cpu', 0.001, { component: 'disk' });
    telemetry.add('monitoring', 'cpu_saved', 0.02, { component: 'disk' });
    clock.advance(1000);
  }
  const { monitoringCpu } = kpis.answer();
  expect(monitoringCpu?.usedRatio).toBeCloseTo(0.002, 6);
  expect(monitoringCpu?.savedRatio).toBeCloseTo(0.02, 6);
});

it('tells series that came against series that are exposed', async () => {
  const metric = { service: 'shop', maxSeries: 100, newPerMinute: 0, attributes: [], folds: [], absorbedPoints: 0 };
  const answer: CardinalityAnswer = {
    maxTotalSeries: 1000,
    totalSeries: 160,
    isDryRun: false,
    metrics: [
      { ...metric, metric: 'folded', series: 100, distinctSeries: 5000 },
      // An estimate a little below what is known.
      { ...metric, metric: 'within', series: 50, distinctSeries: 49 },
    ],
  };
  const { kpis } = await watch({ cardinality: () => answer });
  // Ten are of metrics beyond the list.
  expect(kpis.answer().series).toEqual({ before: 5060, after: 160 });
});

it('tells collections of garbage an hour, of each process', async () => {
  const { kpis, clock, points } = await watch();
  const collected = (shape: PointShape, minor: number, major: number): DataPoint[] =>
    Object.entries({ minor, major }).map(([type, count]) =>
      dataPoint({
        ...shape,
        name: 'v8js.gc.duration',
        attributes: { 'v8js.gc.type': type },
        value: histogramOf(
          Array.from({ length: count }, () => 0.001),
          [0.01],
        ),
      }),
    );
  for (let minute = 0; minute <= 10; minute++) {
    points.splice(0, Infinity, ...collected({}, 6 * minute, minute), ...collected({ service: 'agent' }, minute, 0));
    clock.advance(60_000);
  }
  const { gc } = kpis.answer();
  expect(gc.map(({ service, perHour }) => [service, Math.round(perHour / 10) * 10])).toEqual([
    ['shop', 420],
    ['agent', 60],
  ]);
});

it('joins what is told of one event loop, worst first', async () => {
  const { kpis, points } = await watch();
  const loop = (name: string, service: string, value: number, hasNoValue = false): DataPoint =>
    dataPoint({ name: `nodejs.eventloop.${name}`, kind: 'gauge', service, instance: '1', value, hasNoValue });
  points.push(
    loop('delay.p99', 'shop', 0.002),
    loop('utilization', 'shop', 0.4),
    loop('delay.p99', 'agent', 0.5),
    loop('utilization', 'gone', 0.9, true),
  );
  expect(kpis.answer().eventLoops).toEqual([
    { service: 'agent', instance: '1', delayP99Seconds: 0.5 },
    { service: 'shop', instance: '1', delayP99Seconds: 0.002, utilizationRatio: 0.4 },
  ]);
});
