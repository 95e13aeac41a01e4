import { describe, expect, it } from 'vitest';
import { canonical } from '../../../collector/src/model/attributes.ts';
import { resourceOf } from '../../../collector/src/model/data-point.ts';
import type { ResourcesAnswer } from '../../../collector/src/web/api.ts';
import { ResourceHistory } from '../../../collector/src/web/resource-history.ts';
import { ManualClock } from '../../support/clock.ts';
import { dataPoint, histogramOf, type PointShape } from '../../support/data-points.ts';

const OWN = resourceOf(
  canonical([
    ['service.name', 'evenkeel'],
    ['service.instance.id', 'here:4318'],
  ]),
);
const own = { service: 'evenkeel', instance: 'here:4318' };
const GAUGE = { name: 'process.memory.usage', kind: 'gauge', unit: 'By' } as const;

interface Remembered {
  readonly clock: ManualClock;
  /** A point of this moment, unless it says otherwise. */
  take(shape: PointShape): void;
  answer(service?: string, instance?: string): ResourcesAnswer;
  /** Of the only series. */
  points(): readonly (readonly [number, number])[];
}

function remember(): Remembered {
  const clock = new ManualClock();
  const history = new ResourceHistory(clock, OWN);
  const answer: Remembered['answer'] = (service = '', instance = '') => history.answer(service, instance);
  return {
    clock,
    take: (shape) => history.take([dataPoint({ timeMs: clock.nowMs(), ...shape })]),
    answer,
    points: () => answer().series[0]?.points ?? [],
  };
}

describe('the history of resources', () => {
  it('keeps what is named as host, container, process or runtime, and nothing else', () => {
    const { take, answer } = remember();
    for (const name of [
      'system.cpu.time',
      'container.memory.peak',
      'process.threads',
      'nodejs.eventloop.time',
      'v8js.heap',
    ])
      take({ ...GAUGE, name });
    for (const name of ['http.server.duration', 'systems.down', 'processes', 'app.process.count'])
      take({ ...GAUGE, name });
    expect(answer().series.map(({ metric }) => metric)).toEqual([
      'system.cpu.time',
      'container.memory.peak',
      'process.threads',
      'nodejs.eventloop.time',
      'v8js.heap',
    ]);
  });

  it('answers with this sidecar unless another is asked for', () => {
    const { take, answer } = remember();
    expect(answer()).toMatchObject({ senders: [], series: [], historySeconds: 600, leftOut: 0 });
    expect(answer()).not.toHaveProperty('sender');
    take({ ...GAUGE, instance: 'a', value: 1, attributes: { pid: 7n } });
    expect(answer().sender).toEqual({ service: 'shop', instance: 'a' });
    take({ ...GAUGE, ...own, value: 2 });
    expect(answer()).toMatchObject({ sender: own, series: [{ points: [[0, 2]] }] });
    expect(answer('shop', 'a')).toMatchObject({
      senders: [
        { service: 'shop', instance: 'a', series: 1 },
        { ...own, series: 1 },
      ],
      sender: { service: 'shop', instance: 'a' },
      series: [{ metric: GAUGE.name, unit: 'By', kind: 'gauge', attributes: { pid: '7' }, points: [[0, 1]] }],
    });
    expect(answer('nobody', '')).toMatchObject({ series: [] });
  });

  it('keeps ten minutes, points at least three seconds apart but for the newest', () => {
    const { clock, take, points } = remember();
    for (let second = 0; second < 1200; second++) {
      take({ ...GAUGE, value: second });
      clock.advance(1000);
    }
    const kept = points();
    expect(kept.length).toBeLessThanOrEqual(202);
    expect(kept.length).toBeGreaterThan(195);
    expect(kept.at(-1)).toEqual([1000, 1199]);
    expect(kept.at(-2)?.[0]).toBeLessThanOrEqual(4000);
    // One older than the window says how it began.
    expect(kept[0]?.[0]).toBeGreaterThanOrEqual(600_000);
    expect(kept[1]?.[0]).toBeLessThanOrEqual(600_000 + 1000);
    for (const [i, [agoMs]] of kept.slice(0, -2).entries())
      expect(agoMs - (kept[i + 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(3000);
  });

  it('is told less closely where there are very many series, always with the newest point', () => {
    const { clock, take, answer } = remember();
    const SERIES = 500;
    for (let second = 0; second < 600; second += 4) {
      for (let i = 0; i < SERIES; i++) take({ ...GAUGE, value: second, attributes: { i: `${i}` } });
      clock.advance(4000);
    }
    const { series } = answer();
    expect(series).toHaveLength(SERIES);
    for (const { points: told } of [series.at(0), series.at(-1)].filter((each) => each !== undefined)) {
      expect(told).toHaveLength(75);
      expect(told.at(-1)).toEqual([4000, 596]);
    }
  });

  it('adds up deltas, and takes the sum of a histogram', () => {
    const { clock, take, points, answer } = remember();
    const delta = { ...GAUGE, name: 'process.cpu.time', kind: 'sum', temporality: 'delta' } as const;
    for (const value of [1, 2, 4]) {
      take({ ...delta, value });
      clock.advance(1000);
    }
    expect(points().at(-1)).toEqual([1000, 7]);
    expect(answer().series[0]?.kind).toBe('counter');
    const paused = remember();
    paused.take({ name: 'v8js.gc.duration', unit: 's', value: histogramOf([0.5, 1.5], [1]) });
    expect(paused.answer().series).toMatchObject([{ kind: 'counter', points: [[0, 2]] }]);
    const up = remember();
    up.take({ name: 'system.memory.usage', isMonotonic: false, value: 5 });
    expect(up.answer().series[0]?.kind).toBe('gauge');
  });

  it('leaves out what is older, has no value, is no number, or comes from far ahead', () => {
    const { clock, take, points } = remember();
    const nowMs = clock.nowMs();
    take({ ...GAUGE, value: 1 });
    take({ ...GAUGE, value: 2, timeMs: nowMs - 1 });
    take({ ...GAUGE, value: 3, timeMs: nowMs });
    take({ ...GAUGE, value: 4, timeMs: nowMs + 60_001 });
    take({ ...GAUGE, value: Number.NaN, timeMs: nowMs + 1 });
    take({ ...GAUGE, value: 5, timeMs: nowMs + 1, hasNoValue: true });
    take({ ...GAUGE, value: 6, timeMs: nowMs - 600_000, attributes: { other: 'one' } });
    expect(points()).toEqual([[0, 1]]);
  });

  it('forgets what was silent for ten minutes', () => {
    const { clock, take, answer } = remember();
    take({ ...GAUGE, service: 'gone' });
    clock.advance(300_000);
    take({ ...GAUGE, service: 'here' });
    clock.advance(300_001);
    expect(answer().senders).toEqual([{ service: 'here', instance: '', series: 1 }]);
  });

  it('holds 1000 series, says how many found no room, and takes them where there is room again', () => {
    const { clock, take, answer } = remember();
    for (let i = 0; i < 1010; i++) take({ ...GAUGE, attributes: { i: `${i}` } });
    take({ ...GAUGE, attributes: { i: '1009' } });
    expect(answer().series).toHaveLength(1000);
    expect(answer().leftOut).toBe(10);
    clock.advance(600_001);
    take({ ...GAUGE, attributes: { i: '1009' } });
    expect(answer().series).toHaveLength(1);
    expect(answer().leftOut).toBe(0);
  });
});
