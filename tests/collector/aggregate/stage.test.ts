import { describe, expect, it } from 'vitest';
import type { MetricBatch } from '../../../collector/src/model/data-point.ts';
import { aggregated, aggregateRig, type AggregateSettings, linesOf } from '../../support/aggregate-rig.ts';
import { dataPoint, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { lineOf, pointOf } from '../../support/point-text.ts';

const SECOND = 1000;

/** Which of the points a rule takes. */
async function taken(match: AggregateSettings, ...lines: string[]): Promise<string[]> {
  const rig = await aggregateRig({ rules: [{ name: 'rule', match, outputs: ['sum', 'count'] }] });
  const points = lines.map(pointOf);
  await rig.take(...points);
  const passed = new Set(rig.out());
  expect(rig.counts()).toMatchObject({ balanced: true, held: points.length - passed.size });
  return points.filter((point) => !passed.has(point)).map(lineOf);
}

describe('a stage without rules', () => {
  it('hands every batch on as it is, and holds nothing', async () => {
    const rig = await aggregateRig({});
    const batch: MetricBatch = { signal: 'metrics', points: [dataPoint(), dataPoint({ kind: 'gauge' })] };
    await rig.stage.consume(batch);
    expect(rig.batches[0]).toBe(batch);
    expect(rig.counts()).toMatchObject({ passed: 2, absorbed: 0, held: 0, emitted: 0 });
    await rig.stage.stop();
    expect(rig.batches.length).toBe(1);
  });
});

describe('points that no rule takes', () => {
  it('pass in the batch they came in where all of it does, and alone where others are taken', async () => {
    const rig = await aggregateRig({ rules: [{ name: 'rule', match: { metrics: ['mine'] }, outputs: ['sum'] }] });
    const other = dataPoint({ name: 'other' });
    const batch: MetricBatch = { signal: 'metrics', points: [other] };
    await rig.stage.consume(batch);
    expect(rig.batches[0]).toBe(batch);
    await rig.take(dataPoint({ name: 'mine' }), other);
    expect(rig.batches[1]?.points).toEqual([other]);
    expect(rig.batches[1]?.points[0]).toBe(other);
    expect(rig.counts()).toMatchObject({ passed: 2, held: 1 });
  });

  it('are those of kinds that none of its outputs has a meaning for', async () => {
    const { lines, counts } = await aggregated(
      { outputs: ['quantiles', 'stddev'] },
      `
        requests counter 5 @10s
        load gauge 3 @10s
      `,
    );
    expect(lines[0]).toBe('requests counter 5 @10s');
    expect(lines[1]).toContain('load.quantiles{aggregate.quantile="0.5"} gauge 3');
    expect(counts).toMatchObject({ passed: 1, unfit: 1, absorbed: 1, balanced: true });
  });

  it('are summaries, which nobody can add up', async () => {
    const rig = await aggregateRig({ rules: [{ name: 'rule', outputs: ['sum', 'count', 'unique_count'] }] });
    await rig.take(dataPoint({ value: { type: 'summary', count: 1, sum: 1, quantiles: [] } }));
    expect(rig.counts()).toMatchObject({ passed: 1, unfit: 1, held: 0 });
  });

  it('are those of streams beyond max_series; nothing of them counts twice once there is room', async () => {
    const { lines, counts } = await aggregated(
      { outputs: ['increase'], temporality: 'delta', stale_after: '60s' },
      `
        requests{a="1"} counter 1 @10s from 1s
        requests{a="2"} counter 5 @20s from 12s
        +130s requests{a="2"} counter 7 @130s from 12s
        requests{a="2"} counter 10 @150s from 12s
      `,
      { max_series: 2 },
    );
    expect(lines).toEqual([
      'requests{a="2"} counter 5 @20s from 12s',
      'requests{a="1"} counter/delta 1 @60s',
      'requests{a="2"} counter/delta 3 @180s from 120s',
    ]);
    expect(counts).toMatchObject({ passed: 1, overflow: 1, absorbed: 3, series: 0, balanced: true });
  });
});

describe('a rule', () => {
  it('takes what all of its match holds for', async () => {
    const points = [
      'http.requests{env="prod",@pod="x"} counter 1 @1s',
      'http.errors{@pod="x"} counter 1 @1s',
      'db.calls{env="dev",@service.name="cart"} counter 1 @1s',
    ];
    const [requests = '', errors = '', calls = ''] = points;
    expect(await taken({}, ...points)).toEqual(points);
    expect(await taken({ metrics: ['db.calls', 'http.errors'] }, ...points)).toEqual([errors, calls]);
    expect(await taken({ metric_pattern: '^http' }, ...points)).toEqual([requests, errors]);
    expect(await taken({ services: ['cart'] }, ...points)).toEqual([calls]);
    expect(await taken({ attributes: [{ key: 'env' }] }, ...points)).toEqual([requests, calls]);
    expect(await taken({ attributes: [{ key: 'env', exists: false }] }, ...points)).toEqual([errors]);
    expect(
      await taken(
        {
          attributes: [
            { key: 'env', pattern: '^p' },
            { key: 'pod', values: ['x'] },
          ],
        },
        ...points,
      ),
    ).toEqual([requests]);
    expect(await taken({ metric_pattern: 'errors', services: ['cart'] }, ...points)).toEqual([]);
  });

  it('that comes first wins, and what it has no meaning for is not given to the next', async () => {
    const rig = await aggregateRig({
      rules: [
        {
          name: 'prod',
          match: { attributes: [{ key: 'env', values: ['prod'] }] },
          outputs: ['mean'],
          output_name: 'p',
        },
        { name: 'rest', outputs: ['sum', 'count'], output_name: '{rule}.{output}' },
      ],
    });
    await rig.take(
      pointOf('load{env="prod"} gauge 4 @1s'),
      pointOf('load{env="dev"} gauge 5 @1s'),
      pointOf('requests{env="prod"} counter 5 @1s'),
    );
    rig.advanceTo(66);
    expect(rig.out().map(lineOf)).toEqual([
      'requests{env="prod"} counter 5 @1s',
      'p{env="prod"} gauge 4.0 @60s',
      'rest.sum{env="dev"} gauge 5 @60s',
      'rest.count{env="dev"} counter 1 @60s',
    ]);
    expect(rig.counts()).toMatchObject({ unfit: 1, passed: 1, balanced: true });
  });

  it('that keeps its input lets it pass, and counts it there alone', async () => {
    const { lines, counts } = await aggregated({ outputs: ['sum'], input: 'keep' }, 'requests counter 5 @10s from 1s');
    expect(lines).toEqual(['requests counter 5 @10s from 1s', 'requests.sum counter 5 @60s']);
    expect(counts).toMatchObject({ passed: 1, absorbed: 0, held: 0, emitted: 2, balanced: true });
  });

  it('may have windows of its own', async () => {
    const rig = await aggregateRig({
      rules: [
        { name: 'fast', match: { metrics: ['fast'] }, outputs: ['last'], window: '10s' },
        { name: 'slow', outputs: ['last'] },
      ],
    });
    await rig.take(pointOf('fast gauge 1 @5s'), pointOf('slow gauge 2 @5s'));
    rig.advanceTo(15);
    expect(rig.out().map(lineOf)).toEqual(['fast gauge 1 @10s']);
    rig.advanceTo(65);
    expect(rig.out().map(lineOf)).toEqual(['fast gauge 1 @10s', 'slow gauge 2 @60s']);
  });
});

describe('what is made', () => {
  it('comes from a scope of its own and keeps unit, description and the service', async () => {
    const rig = await aggregateRig({ rules: [{ name: 'rule', by: ['path'], outputs: ['sum', 'rate'] }] });
    const shape = { unit: 'By', description: 'Bytes sent.', scopeName: 'lib', instance: 'a' } as const;
    await rig.take(dataPoint({ ...shape, attributes: { path: '/a', code: 200n }, timeMs: POINTS_BEGAN_MS + SECOND }));
    rig.advanceTo(65);
    const [sum, rate] = rig.out();
    expect(sum?.metric).toMatchObject({
      name: 'requests.sum',
      unit: 'By',
      description: 'Bytes sent.',
      isMonotonic: true,
    });
    expect(sum?.metric.scope.name).toBe('evenkeel.aggregate');
    expect(sum?.attributes).toEqual([['path', '/a']]);
    // Two sidecars that aggregate instances away must not write one series.
    expect(sum?.metric.resource.attributes).toEqual([
      ['service.instance.id', 'sidecar:1'],
      ['service.name', 'shop'],
    ]);
    expect(rate?.metric).toMatchObject({ name: 'requests.rate', unit: 'By/s', kind: 'gauge' });
  });

  it('has the newest examples of its window, each once', async () => {
    const rig = await aggregateRig({ rules: [{ name: 'rule', outputs: ['sum'], temporality: 'delta' }] });
    const example = (seconds: number) => {
      const timeMs = POINTS_BEGAN_MS + seconds * SECOND;
      return { value: seconds, isInteger: true, timeMs, traceId: 'ab', spanId: `${seconds}`, attributes: [] };
    };
    const at = (seconds: number, ...examples: number[]) =>
      dataPoint({ timeMs: POINTS_BEGAN_MS + seconds * SECOND, value: seconds, exemplars: examples.map(example) });
    await rig.take(at(10, -5, 3, 9), at(30, 9, 22, 29, 21), at(40, 31));
    rig.advanceTo(65);
    expect(rig.out().map(({ exemplars }) => exemplars.map(({ value }) => value))).toEqual([[21, 22, 29, 31]]);
  });

  it('ends where all of its streams are silent, and begins anew when they return', async () => {
    const rig = await aggregateRig({
      stale_after: '120s',
      rules: [{ name: 'rule', without: ['pod'], outputs: ['sum'] }],
    });
    const at = async (seconds: number, line: string): Promise<void> => {
      rig.advanceTo(seconds);
      await rig.take(pointOf(line));
    };
    await at(10, 'requests{@pod="a"} counter 5 @10s from 1s');
    await at(400, 'requests{@pod="a"} counter 9 @400s from 1s');
    await at(430, 'requests{@pod="a"} counter 11 @430s from 1s');
    rig.advanceTo(490);
    const [first = '', end = '', ...again] = rig.out().map(lineOf);
    expect(first).toBe('requests counter 5 @60s');
    expect(end).toMatch(/^requests counter none @/);
    // What it says of the time before it returned was counted, or was missed: nobody can tell.
    expect(again).toEqual(['requests counter 0 @420s from 360s', 'requests counter 2 @480s from 360s']);
  });
});

describe('closing a window with very many series', () => {
  it('is done in turns, between which points come and stopping loses none', async () => {
    const series = 2600;
    const rig = await aggregateRig({ rules: [{ name: 'rule', outputs: ['increase'] }] });
    const points = (seconds: number) =>
      Array.from({ length: series }, (_, i) => pointOf(`requests{i="${i}"} counter ${seconds} @${seconds}s from 1s`));
    await rig.take(...points(10));
    rig.advanceTo(65.003);
    const absorbed = rig.counts().absorbed;
    expect(absorbed).toBeGreaterThan(0);
    expect(absorbed).toBeLessThan(series);
    await rig.take(...points(65));
    expect(rig.counts()).toMatchObject({ balanced: true, held: 2 * series - absorbed });
    await rig.stage.stop();
    await rig.stage.stop();
    expect(rig.counts()).toMatchObject({ balanced: true, held: 0, absorbed: 2 * series, emitted: 2 * series });
    expect(new Set(rig.out().map(lineOf)).size).toBe(2 * series);
    await rig.take(...points(70).slice(0, 1));
    expect(rig.counts()).toMatchObject({ passed: 1 });
  });
});

describe('lines of points', () => {
  it('say all a test may care about', () => {
    const lines = linesOf(`
      requests{a="1",@pod="x"} counter 5 @10s from -60s
      open updown/delta -5 @10s
      load gauge 1.0 @10s
      load gauge none @10s
    `);
    expect(lines.map((line) => lineOf(pointOf(line)))).toEqual(lines);
    expect(() => pointOf('requests 5')).toThrow('no point');
  });
});
