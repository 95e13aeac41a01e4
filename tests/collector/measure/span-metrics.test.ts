import { expect, test } from 'vitest';
import { measureConfig } from '../../../collector/src/measure/config.ts';
import { bucketOf } from '../../../collector/src/model/exponential-histogram.ts';
import { MeasureStage } from '../../../collector/src/measure/stage.ts';
import { releaseBatch, testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/surroundings.ts';
import { bodyOf, type TestSpan, traffic } from '../../support/traffic.ts';

function span(change: Partial<TestSpan>): TestSpan {
  const [[made] = []] = traffic({ seed: 1, traces: 1, maxSpans: 1, attributes: 0 });
  if (made === undefined) throw new Error('no span');
  return { ...made, service: 'shop', name: 'op', kind: 2, statusCode: 0, ...change };
}

function lasting(ns: bigint): Partial<TestSpan> {
  return { startNs: 1_000_000_000_000n, endNs: 1_000_000_000_000n + ns };
}

interface Bench {
  readonly stage: MeasureStage;
  readonly values: Map<string, number>;
  readonly logged: string[];
  take(nowMs: number, ...spans: TestSpan[]): Promise<void>;
  /** Series as `labels calls`, in order of appearance. */
  series(): string[];
}

function measuring(config: object = {}, dimensions: string[] = []): Bench {
  const host = testHost();
  const intake = testIntake({ dimensions });
  const stage = new MeasureStage(measureConfig.parse({ ...config, dimensions }), host, { consume: async () => {} });
  return {
    stage,
    values: host.values,
    logged: host.logged,
    async take(nowMs, ...spans) {
      host.clock.advance(nowMs - host.clock.monotonicMs());
      const body = bodyOf(spans);
      expect(intake.take([body], body.length, nowMs, nowMs)).toBe('accepted');
      await stage.consume(intake.batch);
      releaseBatch(intake.batch);
    },
    series() {
      const [calls] = stage.collect();
      return [...(calls?.points ?? [])].map(
        ({ attributes, value }) => `${Object.values(attributes).join(' ')} ${value}`,
      );
    },
  };
}

test('makes one series of service, name, kind and status', async () => {
  const bench = measuring();
  await bench.take(0, span({}), span({}), span({ statusCode: 2 }), span({ kind: 3 }), span({ name: 'ö' }));
  await bench.take(
    0,
    span({ service: 'stock' }),
    span({}),
    span({ kind: 77 }),
    span({ more: { status: { code: 9 } } }),
  );
  expect(bench.series()).toEqual([
    'shop op SPAN_KIND_SERVER STATUS_CODE_UNSET 4',
    'shop op SPAN_KIND_SERVER STATUS_CODE_ERROR 1',
    'shop op SPAN_KIND_CLIENT STATUS_CODE_UNSET 1',
    'shop ö SPAN_KIND_SERVER STATUS_CODE_UNSET 1',
    'stock op SPAN_KIND_SERVER STATUS_CODE_UNSET 1',
    'shop op SPAN_KIND_UNSPECIFIED STATUS_CODE_UNSET 1',
  ]);
  expect(bench.values.get('spans')).toBe(9);
});

test('counts a duration at its inclusive upper bound', async () => {
  const bench = measuring({ histogram_bounds: ['1ms', '10ms'] });
  const check = async (ns: bigint, expected: number[]): Promise<void> => {
    await bench.take(0, span({ name: `${ns}`, ...lasting(ns) }));
    const [, durations] = bench.stage.collect();
    const last = [...(durations?.points ?? [])].at(-1)?.histogram;
    expect(last?.counts, `${ns} ns`).toEqual(expected);
    expect(last?.sum).toBe(Math.max(0, Number(ns)) / 1e9);
  };
  await check(-5n, [1, 0, 0]);
  await check(0n, [1, 0, 0]);
  await check(1n, [1, 0, 0]);
  await check(1_000_000n, [1, 0, 0]);
  await check(1_000_001n, [0, 1, 0]);
  await check(10_000_000n, [0, 1, 0]);
  await check(10_000_001n, [0, 0, 1]);
  await check(2n ** 50n, [0, 0, 1]);
});

test('exposes the histogram in the configured unit', async () => {
  const bench = measuring({ histogram_bounds: ['1ms', '10ms'], unit: 'ms' });
  await bench.take(0, span(lasting(5_000_000n)));
  const [, durations] = bench.stage.collect();
  expect(durations?.unit).toBe('ms');
  expect([...(durations?.points ?? [])][0]?.histogram).toEqual({
    bounds: [1, 10],
    counts: [0, 1, 0],
    sum: 5,
  });
});

test('adjusts head-sampled spans and marks their series as estimated', async () => {
  const bench = measuring();
  await bench.take(
    0,
    span({ traceState: 'ot=th:c' }),
    span({ traceState: 'ot=th:8' }),
    span({ traceState: 'ot=th:0' }),
  );
  expect(bench.series()).toEqual([
    'shop op SPAN_KIND_SERVER STATUS_CODE_UNSET true 6',
    'shop op SPAN_KIND_SERVER STATUS_CODE_UNSET 1',
  ]);
});

test('makes one series of values that read alike, whatever their type', async () => {
  const bench = measuring({}, ['code']);
  const values = [
    { intValue: 200 },
    { stringValue: '200' },
    { doubleValue: 200 },
    { boolValue: true },
    { stringValue: 'true' },
  ];
  await bench.take(0, ...values.map((value) => span({ attributes: [{ key: 'code', value }] })));
  await bench.take(0, span({}), span({ attributes: [{ key: 'code', value: { stringValue: '' } }] }));
  const list = { arrayValue: { values: [{ intValue: 1 }] } };
  const pairs = { kvlistValue: { values: [] } };
  await bench.take(0, ...[list, pairs].map((value) => span({ attributes: [{ key: 'code', value }] })));
  const series = 'shop op SPAN_KIND_SERVER STATUS_CODE_UNSET';
  expect(bench.series()).toEqual([`${series} 200 3`, `${series} true 2`, `${series} 2`, `${series} [complex] 2`]);
});

test('counts in the overflow series of the service once max_series is reached', async () => {
  const bench = measuring({ max_series: 16 });
  for (let i = 0; i < 20; i++) await bench.take(0, span({ name: `op ${i}` }), span({ name: 'op 0' }));
  await bench.take(0, span({ service: 'stock', name: 'new' }), span({ name: 'more', traceState: 'ot=th:8' }));
  const series = bench.series();
  expect(series.slice(16)).toEqual(['shop true 4', 'stock true 1', 'shop true true 2']);
  expect(series[0]).toBe('shop op 0 SPAN_KIND_SERVER STATUS_CODE_UNSET 21');
  expect(bench.values.get('overflow_spans')).toBe(6);
  expect(bench.logged[0]).toMatch(/^warning MAX_SERIES 16 series reached/);
});

test('counts every span also when services without end overflow', async () => {
  const bench = measuring({ max_series: 16 });
  for (let i = 0; i < 200; i++) await bench.take(0, span({ service: `service ${i}`, name: `op ${i}` }));
  const calls = bench.series().map((line) => Number(line.split(' ').at(-1)));
  expect(calls.reduce((sum, each) => sum + each, 0)).toBe(200);
  expect(bench.stage.metrics.count).toBeLessThanOrEqual(32);
});

test('forgets a series unused for the time to live and gives its row a fresh start', async () => {
  const bench = measuring({ series_ttl: '1h' });
  await bench.take(0, span({ name: 'old' }), span({ name: 'used' }));
  await bench.take(1_800_000, span({ name: 'used' }));
  const strings = bench.stage.metrics.strings.count;
  expect(bench.stage.metrics.expire(3_600_000)).toBe(1);
  expect(bench.series()).toEqual(['shop used SPAN_KIND_SERVER STATUS_CODE_UNSET 2']);
  expect(bench.stage.metrics.strings.count).toBe(strings - 1);
  await bench.take(3_600_000, span({ name: 'old' }));
  expect(bench.series()).toContain('shop old SPAN_KIND_SERVER STATUS_CODE_UNSET 1');
  const [calls] = bench.stage.collect();
  expect([...(calls?.points ?? [])].map(({ startMs }) => startMs).sort()).toEqual([0, 3_600_000]);
});

test('goes on counting where a bucket passes 32 bits', async () => {
  const bench = measuring();
  await bench.take(0, span(lasting(1000n)));
  const bucket = bucketOf(1e-6);
  const counts = bench.stage.metrics.buckets[0];
  if (counts === undefined) throw new Error('no series');
  counts[bucket] = 2 ** 32 - 1;
  await bench.take(0, span(lasting(1000n)), span(lasting(1000n)));
  expect(bench.stage.metrics.buckets[0]?.[bucket]).toBe(2 ** 32 + 1);
});

test('follows a context whose id was given to another service', async () => {
  const bench = measuring();
  for (let i = 0; i < 9000; i++) await bench.take(i, span({ service: `service-${i % 8500}` }));
  const overflow = bench.series().filter((line) => line.includes('true')).length;
  expect(overflow).toBeGreaterThan(0);
  expect(bench.series()[5]).toBe('service-5 op SPAN_KIND_SERVER STATUS_CODE_UNSET 2');
  expect(bench.series()[4000]).toBe('service-4000 op SPAN_KIND_SERVER STATUS_CODE_UNSET 1');
});

test('answers operations over the last minute, all statuses together', async () => {
  const bench = measuring();
  const at = (atMs: number, count: number, change: Partial<TestSpan>): Promise<void> =>
    bench.take(atMs, ...Array.from({ length: count }, () => span(change)));
  await bench.stage.start();
  await at(0, 10, lasting(1_000_000n));
  const [first] = bench.stage.operations();
  expect(first).toMatchObject({
    service: 'shop',
    name: 'op',
    kind: 'SPAN_KIND_SERVER',
    calls: 10,
    recentCalls: 10,
    errors: 0,
  });
  expect(first?.p50).toBeCloseTo(0.001, 4);
  await at(0, 30, { ...lasting(1_000_000_000n), statusCode: 2 });
  expect(bench.stage.operations()).toHaveLength(1);
  expect(bench.stage.operations()[0]).toMatchObject({ calls: 40, errors: 30, errorRatio: 0.75 });
  await bench.stage.stop();
});
