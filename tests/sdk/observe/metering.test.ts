// What is measured of each call, and what never becomes an attribute of a metric.
import { describe, expect, it, vi } from 'vitest';
import { lowCardinality, measurePerformance, setInstrumentation } from '../../../sdk/src/index.ts';
import { recordMetrics } from '../../support/metric-log.ts';
import { recordSpans } from '../../support/spans.ts';

// Wrapped before anything is registered, as in a real program.
const early = measurePerformance('early', (value: number) => value);
early(1);
const log = recordSpans();
const metrics = recordMetrics();

const CALLS = 'evenkeel.operation.calls';
const DURATION = 'evenkeel.operation.duration';

async function pointsOf(metric: string, operation: string): Promise<object[]> {
  const points = await metrics.read(metric);
  return points
    .filter(({ attributes }) => attributes['evenkeel.operation.name'] === operation)
    .map(({ attributes: { 'evenkeel.operation.name': _, ...rest }, value }) => ({ ...rest, value }));
}

describe('an operation', () => {
  it('is measured as soon as a provider is there', async () => {
    early(2);
    expect(await pointsOf(CALLS, 'early')).toEqual([{ value: 1 }]);
    expect(await pointsOf(DURATION, 'early')).toEqual([{ value: 1 }]);
  });

  it('has a duration and a count for each way to end', async () => {
    const half = measurePerformance('half', async (isFine: boolean) => {
      if (!isFine) throw Object.assign(new Error('no'), { code: 'E_HALF' });
    });
    await half(true);
    await half(true);
    await half(false).catch(() => {});
    for (const metric of [CALLS, DURATION])
      expect(await pointsOf(metric, 'half')).toEqual([{ value: 2 }, { 'error.type': 'E_HALF', value: 1 }]);
  });

  it('is measured until its last item', async () => {
    const items = measurePerformance('items', function* () {
      yield 1;
    })();
    items.next();
    expect(await pointsOf(CALLS, 'items')).toEqual([]);
    items.next();
    expect(await pointsOf(CALLS, 'items')).toEqual([{ value: 1 }]);
  });

  it('has few-valued attributes, of arguments and results, and no others', async () => {
    const price = measurePerformance(
      {
        name: 'price',
        attributes: ([sku, count]) => ({ low: { bulk: count > 9 }, high: { sku } }),
        recordResult: (result) => ({ low: { dear: result > 10 }, high: { result } }),
      },
      async (sku: string, count: number) => sku.length * count,
    );
    log.take();
    await price('tea', 10);
    expect(await pointsOf(CALLS, 'price')).toEqual([{ bulk: true, dear: true, value: 1 }]);
    expect(log.take()[0]?.attributes).toEqual({ bulk: true, dear: true, sku: 'tea', result: 30 });
    measurePerformance({ name: 'fixed', attributes: { low: { tier: 'a' }, high: { build: 7 } } }, () => 1)();
    expect(await pointsOf(CALLS, 'fixed')).toEqual([{ tier: 'a', value: 1 }]);
  });

  it('says once what would be ignored', () => {
    const said: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0);
    const plain = measurePerformance({ name: 'plain', attributes: () => ({ sku: 'tea' }) as object }, () => 1);
    plain();
    plain();
    write.mockRestore();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/sku of plain .*ATTRIBUTES_INVALID/);
  });

  it('holds strings of many values to their limit', async () => {
    const visit = measurePerformance(
      { name: 'visit', attributes: ([city]) => ({ low: { city: lowCardinality(city, 2) } }) },
      (city: string) => city,
    );
    for (const city of ['Rome', 'Oslo', 'Bern', 'Rome', 'Lima']) visit(city);
    expect(await pointsOf(CALLS, 'visit')).toEqual([
      { city: 'Rome', value: 2 },
      { city: 'Oslo', value: 1 },
      { city: '_OTHER', value: 2 },
    ]);
  });

  it('holds kinds of errors to a limit', async () => {
    const fail = measurePerformance('fail', (i: number) => {
      throw Object.assign(new Error('no'), { code: `E${i}` });
    });
    for (let i = 0; i < 40; i++) expect(() => fail(i)).toThrow('no');
    const points = await pointsOf(CALLS, 'fail');
    expect(points).toHaveLength(33);
    expect(points.at(-1)).toEqual({ 'error.type': '_OTHER', value: 8 });
  });

  it('is not measured where it is not wanted, and not at all when switched off', async () => {
    measurePerformance({ name: 'bare', metrics: false }, () => 1)();
    expect(await pointsOf(CALLS, 'bare')).toEqual([]);
    log.take();
    setInstrumentation(false);
    early(3);
    setInstrumentation(true);
    expect(log.take()).toEqual([]);
    expect(await pointsOf(CALLS, 'early')).toEqual([{ value: 1 }]);
  });

  it('counts whether it kept its objective', async () => {
    const objective = { latencyMs: 60_000, objective: 0.999 };
    const kept = measurePerformance({ name: 'kept', slo: objective }, (fails: boolean) => {
      if (fails) throw new Error('no');
    });
    const late = measurePerformance({ name: 'late', slo: { latencyMs: -1 } }, () => 1);
    log.take();
    kept(false);
    expect(() => kept(true)).toThrow('no');
    late();
    const slo = (met: boolean, share: number): object => ({ 'evenkeel.slo.met': met, 'evenkeel.slo.objective': share });
    expect(await pointsOf(CALLS, 'kept')).toEqual([
      { ...slo(true, 0.999), value: 1 },
      { ...slo(false, 0.999), 'error.type': 'Error', value: 1 },
    ]);
    expect(await pointsOf(CALLS, 'late')).toEqual([{ ...slo(false, 0.99), value: 1 }]);
    expect(log.take().map(({ attributes }) => attributes['evenkeel.slo.met'])).toEqual([true, false, false]);
  });
});
