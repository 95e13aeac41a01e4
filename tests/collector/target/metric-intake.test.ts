import { describe, expect, it } from 'vitest';
import { dataPoint } from '../../support/data-points.ts';
import { targetRig, type TargetRig } from '../../support/target-rig.ts';

/** What was said, in order; corrections of figures aside. */
const severities = ({ said }: TargetRig): string[] =>
  said.map(({ severity }) => severity).filter((each, i, all) => each !== all[i - 1]);

describe('a target of metrics', () => {
  const RATE = {
    metrics: { io: { metrics: ['disk.io'], by: ['device'], statistic: 'rate', max: 100, sustained: '0s' } },
  };
  const valueOf = (rig: TargetRig): number | null | undefined => rig.stage.answer().targets[0]?.subjects[0]?.value;

  it.each(['cumulative', 'delta'] as const)(
    'adds the rates of %s series up, and holds them between points',
    async (temporality) => {
      const rig = await targetRig(RATE);
      const stream = { temporality, unit: 'By' };
      rig.go(300, (_, second) => {
        if (second % 20 === 0) rig.counter('disk.io', { device: 'a', direction: 'read' }, 20 * 30, stream);
        if (second % 50 === 0) rig.counter('disk.io', { device: 'a', direction: 'write' }, 50 * 40, stream);
        if (second % 10 === 0) rig.counter('disk.io', { device: 'b', direction: 'write' }, 10 * 120, stream);
      });
      expect(rig.open.map(({ subject }) => subject.name)).toEqual(['shop io (b)']);
      expect(valueOf(rig)).toBeCloseTo(120, 6);
      expect(rig.stage.answer().targets[0]?.subjects[1]?.value).toBeCloseTo(70, 6);
    },
  );

  it('takes a counter that began anew for what it counted since', async () => {
    const rig = await targetRig(RATE);
    const sends = (add: number) => (_: TargetRig, second: number) =>
      second % 10 === 0 && rig.counter('disk.io', { device: 'a' }, add);
    rig.go(60, sends(900));
    // 5400 were counted; then it says 300. Of the looks in the window 46 saw 90 a second, 10 saw 30.
    rig.go(10, sends(-5100));
    expect(valueOf(rig)).toBeCloseTo((46 * 90 + 10 * 30) / 56, 6);
    rig.go(60, sends(300));
    expect([rig.said, valueOf(rig)]).toEqual([[], 30]);
  });

  it('takes points that come late or again for no news, and long texts by how they begin', async () => {
    const rig = await targetRig({
      metrics: { depth: { metrics: ['depth'], by: ['queue'], statistic: 'value', max: 10 } },
    });
    const nowMs = rig.own.clock.nowMs();
    const say = (value: number, timeMs: number, queue: string): void =>
      rig.take(dataPoint({ name: 'depth', kind: 'gauge', value, startMs: 0, timeMs, attributes: { queue } }));
    say(5, nowMs, 'a');
    say(50, nowMs - 1000, 'a');
    for (const end of ['b', 'c']) say(7, nowMs, `${'x'.repeat(200)}${end}`);
    rig.go(10);
    expect(
      rig.stage
        .answer()
        .targets[0]?.subjects.map(({ value }) => value)
        .sort(),
    ).toEqual([14, 5]);
    const io = await targetRig(RATE);
    const point = (value: number, timeMs: number) =>
      dataPoint({ name: 'disk.io', value, startMs: nowMs - 5000, timeMs, attributes: { device: 'a' } });
    io.take(point(1000, nowMs), point(1200, nowMs + 10_000), point(1000, nowMs), point(1200, nowMs + 10_000));
    io.go(60);
    expect([io.said, valueOf(io)]).toEqual([[], 20]);
  });

  it('knows no rate of a delta stream that does not go on, and a rate of none is too low', async () => {
    const rig = await targetRig({ metrics: { busy: { metrics: ['calls'], by: [], statistic: 'rate', min: 10 } } });
    rig.go(60, (_, second) => second % 10 === 0 && rig.counter('calls', {}, 200, { temporality: 'delta' }));
    expect([rig.said, valueOf(rig)]).toEqual([[], 20]);
    rig.go(120);
    expect([severities(rig), valueOf(rig)]).toEqual([['warning'], 0]);
  });

  it('holds a level until its heartbeat, and not when its sender says that it is gone', async () => {
    const rig = await targetRig({
      metrics: { used: { metrics: ['used'], statistic: 'mean', max: 0.7, sustained: '1m' } },
    });
    rig.go(600, (_, second) => second % 60 === 0 && rig.gauge('used', { part: 'a' }, 0.8));
    expect([rig.said.length, rig.open.map(({ subject }) => subject.attributes)]).toEqual([
      1,
      [{ 'metric.name': 'used', 'service.name': 'shop', part: 'a', 'target.name': 'used' }],
    ]);
    expect(rig.open[0]?.explanation.summary).toContain('shop used (a) is 0.8 in the mean, more than its target of 0.7');
    rig.go(400);
    expect([severities(rig), rig.open]).toEqual([['warning', 'none'], []]);
  });

  it('judges durations in seconds, whatever they are measured in', async () => {
    const rig = await targetRig({
      metrics: { wait: { metrics: ['wait'], by: [], statistic: 'mean', max: '100ms', min_calls: 1 } },
    });
    rig.go(
      60,
      (_, second) => second % 10 === 0 && rig.histogram('wait', {}, [2, 4], { unit: 'ms', temporality: 'delta' }),
    );
    expect([rig.said, valueOf(rig)]).toEqual([[], 0.003]);
    rig.go(
      60,
      (_, second) => second % 10 === 0 && rig.histogram('wait', {}, [200, 400], { unit: 'ms', temporality: 'delta' }),
    );
    expect(rig.said[0]?.summary).toContain('is 300 ms in the mean, more than its target of 100 ms');
  });

  it('takes a level where it lasts, and back where that lasts', async () => {
    const rig = await targetRig({
      metrics: { files: { metrics: ['files'], statistic: 'value', max: 10, sustained: '20s' } },
    });
    const at = (second: number): number => (second % 20 === 0 ? 12 : 8);
    rig.go(120, (_, second) => rig.gauge('files', {}, at(second)));
    expect(rig.said).toEqual([]);
    rig.go(60, () => rig.gauge('files', {}, 12));
    rig.go(60, () => rig.gauge('files', {}, 8));
    expect(severities(rig)).toEqual(['warning', 'none']);
  });

  it('says what it cannot judge: kinds that do not suit, and what is beyond max_subjects', async () => {
    const rig = await targetRig({
      max_subjects: 2,
      metrics: {
        calls: { metrics: ['calls'], statistic: 'mean', max: 10 },
        depth: { metrics: ['depth'], statistic: 'value', max: 10 },
      },
    });
    rig.counter('calls', {}, 1);
    rig.counter('calls', {}, 1);
    for (const part of ['a', 'b', 'c']) rig.gauge('depth', { part }, 50);
    rig.go(60, () => ['a', 'b', 'c'].forEach((part) => rig.gauge('depth', { part }, 50)));
    expect(rig.own.counts('unjudged')).toMatchObject({ unsuited: 1, max_subjects: expect.any(Number) });
    expect(rig.open).toHaveLength(1);
    expect(rig.own.log.filter((line) => line.includes('TARGETS_FULL'))).toHaveLength(1);
  });
});
