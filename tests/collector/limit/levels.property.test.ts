// What goes up and down: the series on show add up to the last values of the streams that still send; of gauges the
// extremes, the last and the count are those of the readings.
import { expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import type { PointShape } from '../../support/data-points.ts';
import { limitRig } from '../../support/limit-rig.ts';
import { MetricConsumer } from '../../support/metric-consumer.ts';
import { oneOf, pick, seeded } from '../../support/random.ts';

const TTL_MS = 60_000;
const TOTAL = 'in_use';

/** Series that a backend forgets, as nobody sent them for long and nobody said so. */
function forgetSilent(points: readonly DataPoint[], consumer: MetricConsumer, nowMs: number): void {
  const newest = new Map<string, DataPoint>();
  for (const point of points) newest.set(JSON.stringify([point.metric.key, point.attributes.map(String)]), point);
  for (const point of newest.values())
    if (point.timeMs < nowMs - TTL_MS) consumer.take([{ ...point, hasNoValue: true }]);
}

it.each(['cumulative', 'delta'] as const)('adds up to the last values of %s sums', async (temporality) => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seeded(seed);
    const rig = limitRig({ max_series: 2 + pick(random, 6), ttl: '1m', ...(random() < 0.5 ? { templates: [] } : {}) });
    const { stage, clock, send, points, beganMs, read } = rig;
    const consumer = new MetricConsumer(beganMs);
    const left: DataPoint[] = [];
    const take = (): void => {
      const fresh = points();
      left.push(...fresh);
      consumer.take(fresh);
    };
    await stage.start();
    const levels = new Map<number, { value: number; timeMs: number }>();
    for (let step = 0; step < 100; step++) {
      // Of deltas nobody can tell when a stream is over, so there they all go on; else some fall silent for good.
      const alive = temporality === 'delta' ? 30 : 30 - Math.floor(step / 5);
      const n = pick(random, alive);
      const change = pick(random, 21) - 10;
      const value = (levels.get(n)?.value ?? 0) + change;
      const attributes = { user: oneOf(random, [`user-${1000 + n}`]), route: n % 2 === 0 ? 'pay' : 'cart' };
      const shape: PointShape = { name: TOTAL, isMonotonic: false, temporality, attributes };
      await send({ ...shape, value: temporality === 'delta' ? change : value });
      levels.set(n, { value, timeMs: clock.nowMs() });
      clock.advance(pick(random, temporality === 'delta' ? 300 : 4000));
      take();
    }
    // All that still send do so once more; the others are silent for good.
    clock.advance(temporality === 'delta' ? 10_000 : TTL_MS * 3);
    for (let n = 0; n < 10; n++) {
      const attributes = { user: `user-${1000 + n}`, route: n % 2 === 0 ? 'pay' : 'cart' };
      const change = 1;
      const value = (levels.get(n)?.value ?? 0) + change;
      const shape: PointShape = { name: TOTAL, isMonotonic: false, temporality, attributes };
      await send({ ...shape, value: temporality === 'delta' ? change : value });
      levels.set(n, { value, timeMs: clock.nowMs() });
    }
    clock.advance(10_000);
    await stage.stop();
    take();
    if (temporality === 'cumulative') forgetSilent(left, consumer, clock.nowMs());
    const isLive = (timeMs: number): boolean => temporality === 'delta' || timeMs >= clock.nowMs() - TTL_MS;
    const truth = [...levels.values()]
      .filter(({ timeMs }) => isLive(timeMs))
      .reduce((sum, { value }) => sum + value, 0);
    expect(consumer.level(TOTAL), `seed ${seed}`).toBe(truth);
    expect(read('absorbed')).toBeGreaterThan(20);
  }
});

it('tells the extremes, the last and the count of the readings of gauges', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seeded(seed);
    const { stage, clock, send, points, read } = limitRig({ max_series: 3, templates: [] });
    await stage.start();
    let window: number[] = [];
    let counted = 0;
    for (let step = 0; step < 60; step++) {
      const value = pick(random, 1000) / 8;
      const passed = read('passed');
      await send({ kind: 'gauge', name: 'load', value, attributes: { user: `u${pick(random, 40)}` } });
      if (read('passed') === passed) window.push(value);
      if (random() < 0.7) continue;
      clock.advance(10_000);
      const left = new Map(points().map((point) => [point.metric.name, point.value]));
      counted += window.length;
      if (window.length > 0) {
        expect(left.get('load.min')).toMatchObject({ value: Math.min(...window) });
        expect(left.get('load.max')).toMatchObject({ value: Math.max(...window) });
        expect(left.get('load.last')).toMatchObject({ value: window.at(-1) });
        expect(left.get('load.count')).toMatchObject({ value: counted, isInteger: true });
      } else expect(left.has('load.min')).toBe(false);
      window = [];
    }
    await stage.stop();
    expect(counted).toBeGreaterThan(20);
  }
});
