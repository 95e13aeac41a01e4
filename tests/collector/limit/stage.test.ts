import { describe, expect, it } from 'vitest';
import { histogramOf } from '../../support/data-points.ts';
import { MetricConsumer } from '../../support/metric-consumer.ts';
import { limitRig, many } from '../../support/limit-rig.ts';

const TTL_MS = 600_000;
const users = (first: number, count: number, value = 5) => many('user', 'u', [first, count], { value });

describe('a metric within its budget', () => {
  it('leaves as it came, as the same points', async () => {
    const { stage, send, points, read } = limitRig();
    await stage.start();
    const sent = await send({}, { kind: 'gauge', value: 0.5 }, { hasNoValue: true }, { attributes: { a: 1n } }, {});
    const left = points();
    expect(left).toHaveLength(5);
    expect(left.every((point, i) => point === sent[i])).toBe(true);
    expect(read('passed')).toBe(5);
    await stage.stop();
  });
});

describe('a metric over its budget', () => {
  it('counts new series in one that is there at 0 before it is needed', async () => {
    const { stage, clock, send, took, read } = limitRig({ max_series: 4, templates: [] });
    await stage.start();
    await send(...users(0, 6));
    expect(took()).toEqual([
      'requests{user=u0} 5',
      'requests{otel.metric.overflow=true} 0',
      'requests{user=u1} 5',
      'requests{user=u2} 5',
    ]);
    clock.advance(10_000);
    expect(took()).toEqual(['requests{otel.metric.overflow=true} 15']);
    expect([read('passed'), read('absorbed'), read('emitted')]).toEqual([3, 3, 2]);
    await stage.stop();
  });

  it('makes templates of values that look like ids, and lets words of other attributes have series of their own', async () => {
    const { stage, send, took } = limitRig({ max_series: 8 });
    await stage.start();
    const orders = many('order', 'order-', [100, 20], { attributes: { route: 'pay' }, value: 1 });
    await send(...orders);
    took();
    await send({ attributes: { route: 'cart', order: 'none' }, value: 7 });
    await stage.stop();
    const left = took();
    expect(left).toContain('requests{order=none,route=cart} 7');
    expect(left.filter((line) => line.includes('order-{num}'))).toEqual(['requests{order=order-{num},route=pay} 13']);
  });

  it('puts a fixed value in place of the offender where one is configured', async () => {
    const { stage, send, took } = limitRig({ max_series: 4, templates: [], fold: 'others' });
    await stage.start();
    await send(...many('user', 'u', [0, 9], { attributes: { route: 'pay' } }));
    await stage.stop();
    expect(took().at(-1)).toBe('requests{route=pay,user=others} 6');
  });

  it('takes an attribute beyond its own budget as the offender, whatever the series', async () => {
    const { stage, send, took } = limitRig({ attributes: { user: 3 }, templates: [] });
    await stage.start();
    await send(...many('user', 'u', [0, 6], { attributes: { route: 'pay' } }));
    await stage.stop();
    const left = took();
    expect(left.slice(0, 3)).toEqual([0, 1, 2].map((n) => `requests{route=pay,user=u${n}} 1`));
    expect(left.at(-1)).toBe('requests{otel.metric.overflow=true,route=pay} 3');
  });

  it('folds the metric that has most where places of all together run out, and no other', async () => {
    const { stage, send, took } = limitRig({ max_total_series: 12, templates: [] });
    await stage.start();
    await send(...many('user', 'u', [0, 11], { name: 'jobs' }));
    took();
    await send(...many('code', 'c', [0, 4], { name: 'requests' }));
    expect(took().filter((line) => line.startsWith('requests'))).toEqual(
      [0, 1, 2, 3].map((n) => `requests{code=c${n}} 1`),
    );
    await stage.stop();
    expect(took().find((line) => line.includes('overflow'))).toMatch(/^jobs/);
  });

  it('holds a flood of senders within the budget by what names their service', async () => {
    const { stage, send, points, read } = limitRig({ max_series: 4 });
    await stage.start();
    for (let i = 0; i < 50; i++) await send({ instance: `i${i}`, value: 2 });
    await stage.stop();
    const left = points();
    expect(new Set(left.map(({ metric, attributes }) => metric.key + attributes.length)).size).toBeLessThanOrEqual(5);
    expect(left.at(-1)?.metric.resource.attributes).toEqual([['service.name', 'shop']]);
    expect(read('absorbed')).toBeGreaterThanOrEqual(46);
  });

  it('drops and counts what it cannot add: numbers that are none, more names than series', async () => {
    const { stage, send, counts, clock, log } = limitRig({ max_series: 1, max_total_series: 2 });
    await stage.start();
    await send({ value: NaN }, { name: 'a' }, { name: 'b' }, { value: { ...histogramOf([1], [5]), counts: [1] } });
    clock.advance(1000);
    await stage.stop();
    expect(counts('dropped')).toEqual({ not_finite: 1, max_metrics: 1, invalid: 1 });
    expect(log.join()).toContain(
      'METRICS_FULL: 1 points of further metrics dropped: 2 are all there may be, 2 are of shop',
    );
  });
});

describe('a folded series', () => {
  it('gives its place to another only while not too many stand still, and nothing is lost then either', async () => {
    const { stage, clock, send, points, read, counts } = limitRig({
      max_series: 20,
      max_total_series: 20,
      templates: [],
    });
    await stage.start();
    const consumer = new MetricConsumer(clock.nowMs());
    const names = Array.from({ length: 15 }, (_, i) => `m${i}`);
    for (const round of [1, 2])
      for (const name of names) {
        await send(...many('user', 'u', [0, 15], { name, value: 5 * round }));
        clock.advance(1000);
        expect(read('frozen_series')).toBeLessThanOrEqual(20 + 20);
      }
    expect(read('frozen_series')).toBeGreaterThan(0);
    await stage.stop();
    consumer.take(points());
    expect(counts('dropped')).toEqual({});
    for (const name of names) expect([name, consumer.increase(name).get('value') ?? 0]).toEqual([name, 15 * 10]);
  });

  it('stands still for five minutes, then ends; what it counts after the fold is in its target', async () => {
    const { stage, clock, send, took } = limitRig({ max_series: 4, templates: [] });
    await stage.start();
    const paid = many('user', 'u', [0, 3], { attributes: { route: 'pay' }, value: 10 });
    await send(...paid);
    took();
    // Another route needs a place for those that stand for many, so the newest user gives his.
    await send({ attributes: { route: 'cart', user: 'u9' }, value: 1 });
    clock.advance(5000);
    await send(...many('user', 'u', [0, 3], { attributes: { route: 'pay' }, value: 14 }));
    clock.advance(10_000);
    const left = took();
    expect(left).toContain('requests{route=pay,user=u0} 14');
    expect(left).not.toContain('requests{route=pay,user=u2} 14');
    expect(left).toContain('requests{otel.metric.overflow=true,route=cart} 1');
    expect(left).toContain('requests{otel.metric.overflow=true,route=pay} 4');
    clock.advance(280_000);
    expect(took()).not.toContain('requests{route=pay,user=u2} ends');
    clock.advance(20_000);
    expect(took()).toContain('requests{route=pay,user=u2} ends');
    await stage.stop();
  });

  it('comes back at 0 with a new start time once there are places again', async () => {
    const { stage, clock, send, points, took } = limitRig({ max_series: 3, templates: [] });
    await stage.start();
    await send(...users(0, 4, 100));
    clock.advance(60_000);
    took();
    // Nobody else sends for so long that all folds end.
    for (let i = 0; i < 40; i++) {
      await send({ attributes: { user: 'u3' }, value: 100 + i });
      clock.advance(TTL_MS / 10);
    }
    const own = points().filter(({ attributes }) => attributes[0]?.[1] === 'u3');
    expect(own.length).toBeGreaterThan(3);
    const [first, second] = own;
    expect(first?.value).toMatchObject({ value: 0 });
    expect(first?.startMs).toBe(first?.timeMs);
    expect([second?.value, second?.startMs]).toMatchObject([{ value: 1 }, first?.startMs]);
    await stage.stop();
  });

  it('is not seen twice where values go up and down: it ends as its target takes its value over', async () => {
    const { stage, clock, send, took } = limitRig({ max_series: 4, templates: [] });
    await stage.start();
    const open = { isMonotonic: false, name: 'open' };
    await send(...many('user', 'u', [0, 3], { ...open, attributes: { route: 'pay' }, value: 10 }));
    await send({ ...open, attributes: { route: 'cart', user: 'u9' }, value: 1 });
    took();
    clock.advance(10_000);
    const left = took();
    expect(left).toContain('open{route=pay,user=u2} ends');
    expect(left.findIndex((line) => line.endsWith('ends'))).toBeGreaterThan(
      left.findIndex((line) => line.includes('overflow')),
    );
    await stage.stop();
  });
});

describe('the budget', () => {
  it('is given back by series that are silent for the TTL', async () => {
    const { stage, clock, send, took, read } = limitRig({ max_series: 4, templates: [] });
    await stage.start();
    await send(...users(0, 3));
    clock.advance(TTL_MS + 10_000);
    expect(read('series')).toBe(0);
    took();
    await send(...users(10, 3));
    expect(took().filter((line) => line.includes('user='))).toHaveLength(3);
    await stage.stop();
  });

  it('is left by a series that says it has no value', async () => {
    const { stage, send, took } = limitRig({ max_series: 2, templates: [] });
    await stage.start();
    await send(
      { attributes: { user: 'a' } },
      { attributes: { user: 'a' }, hasNoValue: true },
      { attributes: { user: 'b' } },
    );
    expect(took().filter((line) => line.includes('user='))).toEqual([
      'requests{user=a} 1',
      'requests{user=a} ends',
      'requests{user=b} 1',
    ]);
    await stage.stop();
  });
});

describe('dry_run', () => {
  it('changes nothing, and counts and names what it would', async () => {
    const { stage, clock, send, points, read, log } = limitRig({ max_series: 4, dry_run: true, templates: [] });
    await stage.start();
    const sent = await send(...users(0, 10));
    clock.advance(60_000);
    const left = points();
    expect(left.length).toBe(sent.length);
    expect(left.every((point, i) => point === sent[i])).toBe(true);
    expect([read('passed'), read('absorbed'), read('emitted'), read('would_absorb')]).toEqual([10, 0, 0, 7]);
    expect(stage.cardinality()).toMatchObject({ isDryRun: true, metrics: [{ series: 4, folds: [{ key: 'user' }] }] });
    expect(log.join()).toMatch(/dry run: too many series/);
    await stage.stop();
  });
});
