// A whole stage, from points to what is said.
import { describe, expect, it } from 'vitest';
import type { PointShape } from '../../support/data-points.ts';
import { seeded } from '../../support/random.ts';
import { type ResourceRig, resourceRig } from '../../support/resource-rig.ts';

const QUEUE = { watch: [{ metrics: ['queue.*'], limit: 100 }] };
const depth = (value: number, shape: PointShape = {}): PointShape => ({
  name: 'queue.depth',
  unit: '{item}',
  value,
  ...shape,
});
const lineOf = ({ stage }: ResourceRig) => stage.lines().series[0];

describe('a limit', () => {
  it('is said to be near once that has lasted, is worse at 95 %, and is over within two steps', async () => {
    const rig = resourceRig(QUEUE);
    await rig.stage.start();
    await rig.run(600, 10, () => depth(50));
    await rig.run(240, 10, () => depth(85));
    expect(rig.severities()).toEqual(['warning']);
    expect(rig.said[0]).toMatchObject({ kind: 'resource', name: 'shop queue.depth', says: 'is 85 % full' });
    await rig.run(240, 10, () => depth(98));
    expect(rig.severities()).toEqual(['warning', 'critical']);
    expect(lineOf(rig)).toMatchObject({ state: 'saturated', severity: 'critical', usedRatio: 0.98, limit: 100 });
    await rig.run(185, 5, () => depth(40));
    expect(rig.severities()).toEqual(['warning', 'critical', 'none']);
    expect(rig.said[2]?.onsetMs).toBe(rig.said[0]?.onsetMs);
    expect(lineOf(rig)?.state).toBe('learning');
  });

  it('says how long it has left where it fills steadily', async () => {
    const rig = resourceRig(QUEUE);
    await rig.stage.start();
    await rig.run(4 * 3600, 30, (second) => depth(50 + (second / 3600) * 8));
    expect(rig.said[0]?.says).toMatch(/^will be full in about [23] h and is 8[01] % full$/);
    expect(lineOf(rig)?.secondsToLimit).toBeGreaterThan(3600);
  });

  it('is said anew where it has half as long left, and not each minute', async () => {
    const rig = resourceRig({
      watch: [{ metrics: ['queue.*'], limit: 100 }],
      saturation: { warning: 0.3, critical: 0.99 },
    });
    await rig.stage.start();
    await rig.run(9 * 3600, 30, (second) => depth(20 + (second / 3600) * 8));
    expect(rig.said.map(({ severity, says }) => [severity, says])).toEqual([
      ['warning', 'will be full in about 9 h and is 30 % full'],
      ['warning', 'will be full in about 4 h and is 65 % full'],
      ['warning', 'will be full in about 2 h and is 83 % full'],
      ['warning', 'will be full in about 65 min and is 91 % full'],
    ]);
  });

  it.each(['limit', 'max'])('is taken from a metric where it names one, by its old name too: %s', async (limit) => {
    const pool = { 'db.client.connection.pool.name': 'main' };
    const rig = resourceRig({ defaults: true });
    await rig.stage.start();
    await rig.give({ name: `db.client.connection.${limit}`, value: 20, attributes: pool });
    await rig.run(400, 10, () => ({
      name: 'db.client.connection.count',
      kind: 'sum',
      isMonotonic: false,
      value: 18,
      attributes: { ...pool, 'db.client.connection.state': 'used' },
    }));
    expect(rig.said.map(({ name, severity, says }) => [name, severity, says])).toEqual([
      ['shop db.client.connection.count main used', 'warning', 'is 90 % full'],
    ]);
  });

  it('lets a processor be busy for minutes', async () => {
    const rig = resourceRig({ defaults: true });
    await rig.stage.start();
    const idle = (value: number): PointShape => {
      return { name: 'system.cpu.utilization', unit: '1', value, attributes: { 'cpu.mode': 'idle' } };
    };
    await rig.run(600, 10, () => idle(0.01));
    expect(rig.said).toEqual([]);
    expect(lineOf(rig)?.current).toBeCloseTo(0.99);
    await rig.run(600, 10, () => idle(0.01));
    expect(rig.said[0]).toMatchObject({ severity: 'critical', says: 'is 99 % busy' });
  });
});

describe('steps', () => {
  it('hold a level that is pushed by heartbeats only, and are closed without a point', async () => {
    const rig = resourceRig(QUEUE);
    await rig.stage.start();
    await rig.give(depth(30));
    rig.own.clock.advance(70_000);
    expect(lineOf(rig)?.current).toBe(30);
  });

  it('spread what was counted between two points, and begin anew where the counter did', async () => {
    const rig = resourceRig({ watch: [{ metrics: ['jobs'] }] });
    await rig.stage.start();
    const startMs = rig.own.clock.nowMs() - 1000;
    const jobs = (value: number, since = startMs): PointShape => {
      return { name: 'jobs', kind: 'sum', isMonotonic: true, unit: '{job}', value, startMs: since };
    };
    await rig.give(jobs(1000));
    rig.own.clock.advance(120_000);
    await rig.give(jobs(1000 + 120 * 5));
    expect(lineOf(rig)).toMatchObject({ current: 5, unit: '{job}/s' });
    // A restart half a minute ago: 60 jobs since then.
    rig.own.clock.advance(60_000);
    await rig.give(jobs(60, rig.own.clock.nowMs() - 30_000));
    rig.own.clock.advance(60_000);
    await rig.give(jobs(60 + 60 * 4, startMs + 150_000));
    expect(lineOf(rig)?.current).toBeCloseTo(4, 0);
  });

  it('have all that was counted in them, also where points come in their middle', async () => {
    const rig = resourceRig({ watch: [{ metrics: ['jobs'] }] });
    await rig.stage.start();
    const jobs = (value: number): PointShape => ({ name: 'jobs', kind: 'sum', isMonotonic: true, value });
    rig.own.clock.advance(30_000);
    for (const total of [0, 600, 1800, 3600]) {
      await rig.give(jobs(total));
      rig.own.clock.advance(60_000);
    }
    // Ten, twenty and thirty a second: each step has half of two of them.
    expect(lineOf(rig)?.current).toBe(25);
    expect(rig.stage.facts(rig.own.clock.nowMs() - 3_600_000, rig.own.clock.nowMs())[0]?.mean).toBe((10 + 15 + 25) / 3);
  });

  it('are of the mean of a histogram', async () => {
    const rig = resourceRig({ watch: [{ metrics: ['size'] }] });
    await rig.stage.start();
    const size = (count: number, sum: number): PointShape => ({
      name: 'size',
      kind: 'histogram',
      value: { type: 'histogram', count, sum, min: undefined, max: undefined, bounds: [], counts: [count] },
    });
    await rig.give(size(0, 0));
    rig.own.clock.advance(120_000);
    await rig.give(size(10, 700));
    expect(lineOf(rig)?.current).toBe(70);
  });
});

describe('a baseline', () => {
  const CONFIG = { watch: [{ metrics: ['queue.*'] }], learn_for: '1d' };

  it('is learned, left, said, and come back to', async () => {
    const rig = resourceRig(CONFIG);
    await rig.stage.start();
    const random = seeded(1);
    const noisy = (level: number): PointShape => depth(level * (0.95 + 0.1 * random()));
    await rig.run(26 * 3600, 60, () => noisy(100));
    expect(rig.said).toEqual([]);
    expect(lineOf(rig)).toMatchObject({ state: 'normal' });
    expect(lineOf(rig)?.usual).toBeCloseTo(100, -1);
    await rig.run(20 * 60, 60, () => noisy(300));
    expect(rig.severities()).toEqual(['warning']);
    expect(rig.said[0]?.says).toMatch(
      /^is at (29|30)\d item, above its usual (9\d|10\d) item, [23](\.\d)? times more$/,
    );
    expect(rig.said[0]?.ratio.value).toBeCloseTo(3, 0);
    expect(lineOf(rig)?.state).toBe('departed');
    await rig.run(180, 60, () => noisy(100));
    expect(rig.severities()).toEqual(['warning', 'none']);
  });

  it('is not left for what passes, nor before it is known', async () => {
    const rig = resourceRig(CONFIG);
    await rig.stage.start();
    const random = seeded(2);
    await rig.run(30 * 3600, 60, (second) => depth((second % 7200 < 600 ? 400 : 100) * (0.95 + 0.1 * random())));
    expect(rig.said).toEqual([]);
  });
});

describe('what is watched', () => {
  it('is chosen by names and attributes', async () => {
    const watch = [{ metrics: ['queue.*'], attributes: { queue: 'm*', 'service.name': 'shop' } }];
    const rig = resourceRig({ watch });
    await rig.stage.start();
    for (const queue of ['main', 'mail', 'other']) await rig.give(depth(1, { attributes: { queue } }));
    await rig.give(depth(1, { attributes: { queue: 'main' }, service: 'till' }));
    await rig.give({ name: 'stack.depth', attributes: { queue: 'main' } });
    const names = rig.stage.lines().series.map(({ name }) => name);
    expect(names).toEqual(['shop queue.depth mail', 'shop queue.depth main']);
  });

  it('has a limit, which counts', async () => {
    const rig = resourceRig({ ...QUEUE, max_series: 2 });
    await rig.stage.start();
    for (const queue of ['a', 'b', 'c', 'c']) await rig.give(depth(1, { attributes: { queue } }));
    expect(rig.stage.lines()).toMatchObject({ series: [{}, {}], leftOut: 1 });
    expect(rig.own.counts('unwatched_points')).toEqual({ limit: 2 });
  });

  it('is forgotten some time after its last point, and says no more of it before', async () => {
    const rig = resourceRig({ ...QUEUE, series_ttl: '1h' });
    await rig.stage.start();
    await rig.run(400, 10, () => depth(99));
    expect(rig.severities()).toEqual(['critical']);
    rig.own.clock.advance(500_000);
    expect(rig.said[1]).toMatchObject({ severity: 'none', ended: 'forgotten' });
    expect(rig.stage.coverage().resources).toBe(1);
    rig.own.clock.advance(3_600_000);
    expect(rig.stage.coverage().resources).toBe(0);
  });

  it('goes on where a program starts anew with another id, and tells apart what runs side by side', async () => {
    const rig = resourceRig(QUEUE);
    await rig.stage.start();
    const from = (n: number): PointShape => depth(n, { instance: `0000000${n}-0000-4000-8000-000000000000` });
    await rig.run(300, 10, () => from(1));
    await rig.run(300, 10, () => from(2));
    expect(rig.stage.lines().series.map(({ name, current }) => [name, current])).toEqual([['shop queue.depth', 2]]);
    await rig.run(400, 10, (second) => from(second % 20 === 0 ? 2 : 3));
    const lines = rig.stage.lines().series.map(({ name, current }) => [name, current]);
    expect(lines).toEqual(
      [
        ['shop queue.depth', 2],
        ['shop #2 queue.depth', 3],
      ].toSorted(),
    );
  });

  it('is of about now', async () => {
    const rig = resourceRig(QUEUE);
    await rig.stage.start();
    await rig.give(depth(1, { timeMs: rig.own.clock.nowMs() + 3_600_000 }));
    expect([rig.stage.coverage().resources, rig.own.counts('unwatched_points')]).toEqual([0, { odd_time: 1 }]);
  });
});
