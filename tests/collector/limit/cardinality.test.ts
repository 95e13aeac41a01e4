import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limitRig, many } from '../../support/limit-rig.ts';

describe('cardinality', () => {
  it('names the offender with examples, what was folded and since when, in the first window', async () => {
    const { stage, clock, send, log } = limitRig({ max_series: 10 });
    await stage.start();
    clock.advance(5000);
    const foldedMs = clock.nowMs();
    await send(...many('order', 'order-', [1000, 500], { attributes: { route: 'pay' } }), { name: 'calm' });
    const { metrics, totalSeries, maxTotalSeries, isDryRun } = stage.cardinality();
    expect([totalSeries <= 11, maxTotalSeries, isDryRun]).toEqual([true, 10_000, false]);
    const [worst, calm] = metrics;
    expect(worst).toMatchObject({ service: 'shop', metric: 'requests', maxSeries: 10 });
    expect(worst?.series).toBeLessThanOrEqual(10);
    expect(Math.abs((worst?.distinctSeries ?? 0) - 500)).toBeLessThan(25);
    expect(worst?.absorbedPoints).toBeGreaterThan(480);
    expect(worst?.folds).toEqual([{ key: 'order', into: 'template', example: 'order-{num}', sinceMs: foldedMs }]);
    const [order, route] = worst?.attributes ?? [];
    expect(order).toMatchObject({ key: 'order', isOffender: true });
    expect(Math.abs((order?.distinctValues ?? 0) - 500)).toBeLessThan(50);
    expect(order?.examples).toEqual([0, 1, 2, 3, 4].map((n) => `order-${1000 + n}`));
    expect(route).toMatchObject({ key: 'route', distinctValues: 1, isOffender: false, examples: ['pay'] });
    expect(calm).toMatchObject({ metric: 'calm', series: 1, folds: [], absorbedPoints: 0 });
    const lines = log.filter((line) => line.includes('SERIES_FOLDED'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/requests of shop by attribute "order" with \d+ values as "order-1000"/);
    await stage.stop();
  });

  it('tells how many series came within a minute', async () => {
    const { stage, clock, send } = limitRig({ max_series: 10, templates: [] });
    await stage.start();
    clock.advance(1000);
    await send(...many('user', 'u', [0, 40]));
    clock.advance(60_000);
    expect(stage.cardinality().metrics[0]?.newPerMinute).toBe(40);
    await send(...many('user', 'u', [0, 40]));
    clock.advance(60_000);
    expect(stage.cardinality().metrics[0]?.newPerMinute).toBe(0);
    await stage.stop();
  });

  it('names further offenders a minute later, several in one line', async () => {
    const { stage, clock, send, log } = limitRig({ max_series: 3, templates: [] });
    await stage.start();
    for (const name of ['a', 'b', 'c']) await send(...many('user', 'u', [0, 9], { name }));
    clock.advance(60_000);
    const lines = log.filter((line) => line.includes('SERIES_FOLDED'));
    expect(lines.map((line) => [...line.matchAll(/([abc]) of shop/g)].map(([, name]) => name))).toEqual([
      ['a'],
      ['b', 'c'],
    ]);
    await stage.stop();
  });

  it('cuts examples short, and shows no more than 200 metrics', async () => {
    const { stage, send } = limitRig({ max_series: 2 });
    await stage.start();
    await send({ attributes: { q: 'x'.repeat(5000) } });
    await send(...Array.from({ length: 300 }, (_, i) => ({ name: `m${i}` })));
    const { metrics } = stage.cardinality();
    expect(metrics).toHaveLength(200);
    const examples = metrics.flatMap(({ attributes }) => attributes.flatMap((each) => each.examples));
    expect(Math.max(0, ...examples.map((each) => each.length))).toBeLessThanOrEqual(101);
    await stage.stop();
  });
});

it('drops and counts increments of streams whose last value has no room, and says so', async () => {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-limit-'));
  const rig = limitRig({ max_series: 2, max_streams_memory: '256KiB', state: { path, max_size: '256KiB' } });
  const { stage, clock, send, points, counts, read, log } = rig;
  await stage.start();
  const [all, size] = [10_000, 500];
  for (let first = 0; first < all; first += size)
    await send(...many('user', 'user-', [10 + first, size], { value: 3 }));
  clock.advance(10_000);
  const dropped = counts('dropped')['state_full'] ?? 0;
  expect(dropped).toBeGreaterThan(1000);
  expect(read('passed') + read('absorbed') + dropped).toBe(all);
  // One gave its place to the series that stands for many, and counts in it from then on.
  expect(read('folded_streams')).toBe(read('absorbed') + read('frozen_series'));
  // What is exposed is what was not dropped: nothing is invented.
  const last = new Map(points().map(({ attributes, value }) => [JSON.stringify(attributes), value]));
  const sum = [...last.values()].reduce((total, value) => total + (value.type === 'number' ? value.value : NaN), 0);
  expect(sum).toBe(3 * (all - dropped));
  expect(log.join()).toMatch(/STATE_FULL: \d+ points dropped/);
  await stage.stop();
  rmSync(path, { recursive: true });
});
