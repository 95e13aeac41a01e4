// The table of strategies as services are handed it, filled by spans that went through the real scan.
import { describe, expect, it } from 'vitest';
import { remoteSamplingConfig } from '../../../collector/src/remote-sampling/config.ts';
import { remoteSamplingInstruments } from '../../../collector/src/remote-sampling/instruments.ts';
import { RemoteSamplingStage } from '../../../collector/src/remote-sampling/stage.ts';
import { testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/test-host.ts';
import { type SpanShape, testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const ROUND_MS = 10_000;
const SHOP = { name: 'shop', type: 'adaptive', traces_per_second: 1 };

async function started(services: readonly object[], settings: object = {}) {
  const { host, clock, read, counts, log } = testHost('remote_sampling', remoteSamplingInstruments);
  const passed: number[] = [];
  const next = { consume: async ({ count }: { count: number }) => void passed.push(count) };
  const stage = new RemoteSamplingStage(remoteSamplingConfig.parse({ services, ...settings }), host, next);
  await stage.start();
  const intake = testIntake();
  return {
    stage, clock, read, counts, log, passed,
    /** Takes `count` spans of one shape, each of a trace of its own unless the shape names one. */
    async take(count: number, shape: SpanShape = {}): Promise<void> {
      const body = bodyOf(Array.from({ length: count }, () => testSpan(shape)));
      expect(intake.take([body], body.length, clock.nowMs(), clock.monotonicMs())).toBe('accepted');
      await stage.consume(intake.batch);
    },
    /** Ratios by operation, which are in force from then on. */
    ask(service = 'shop'): Record<string, number> {
      const strategies = stage.handOut(service)?.operationSampling?.perOperationStrategies ?? [];
      return Object.fromEntries(
        strategies.map((each) => [each.operation, each.probabilisticSampling.samplingRate] as const),
      );
    },
  };
} // prettier-ignore

describe('a service that asks', () => {
  it('is told what is configured for it, as Jaeger would say it', async () => {
    const { stage } = await started([
      { name: 'batch', type: 'probabilistic', ratio: 0.25 },
      { name: 'feed', type: 'rate_limiting', traces_per_second: 7 },
      { ...SHOP, default_ratio: 0.5, lower_bound: 0.125 },
    ]);
    const check = (service: string, expected: object | undefined): void =>
      expect(stage.handOut(service)).toEqual(expected);
    check('batch', { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.25 } });
    check('feed', { strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond: 7 } });
    check('shop', {
      strategyType: 'PROBABILISTIC',
      probabilisticSampling: { samplingRate: 0.5 },
      operationSampling: {
        defaultSamplingProbability: 0.5,
        defaultLowerBoundTracesPerSecond: 0.125,
        perOperationStrategies: [],
      },
    });
    check('stranger', undefined);
    check('', undefined);
  });

  it('is told what is for all where it is not listed by name', async () => {
    const { stage, counts } = await started([
      { name: '*', type: 'probabilistic', ratio: 0.5 },
      { name: 'batch', type: 'probabilistic', ratio: 0.25 },
    ]);
    expect(stage.handOut('anyone')?.probabilisticSampling).toEqual({ samplingRate: 0.5 });
    expect(stage.handOut('batch')?.probabilisticSampling).toEqual({ samplingRate: 0.25 });
    expect(counts('requests')).toEqual({ strategy: 2 });
  });

  it('is counted, and so is one that is not listed', async () => {
    const { stage, counts } = await started([SHOP]);
    for (const service of ['shop', 'shop', 'stranger']) stage.handOut(service);
    expect(counts('requests')).toEqual({ strategy: 2, not_listed: 1 });
  });
});

describe('an adaptive service', () => {
  it('has a ratio for each operation, by how often it is called', async () => {
    const { take, clock, ask } = await started([SHOP]);
    await take(40, { name: 'often' });
    await take(20, { name: 'less' });
    await take(3, { name: 'rare' });
    expect(ask()).toEqual({ often: 1, less: 1, rare: 1 });
    clock.advance(ROUND_MS);
    expect(ask()).toEqual({ often: 0.25, less: 0.5, rare: 1 });
  });

  it('takes a sampled trace for as many calls as the ratio it was told says', async () => {
    const { take, clock, ask } = await started([SHOP]);
    await take(40);
    clock.advance(ROUND_MS);
    expect(ask()).toEqual({ 'GET /cart': 0.25 });
    // A quarter of as many calls as before.
    await take(10);
    clock.advance(ROUND_MS);
    expect(ask()['GET /cart']).toBeCloseTo(0.25, 12);
  });

  it('holds what nobody asked for to be not in force', async () => {
    const { take, clock, ask } = await started([SHOP]);
    for (let round = 0; round < 20; round++) {
      await take(40);
      clock.advance(ROUND_MS);
    }
    expect(ask()['GET /cart']).toBeCloseTo(0.25, 12);
  });

  it('believes a threshold that a span came with rather than what it was told', async () => {
    const { take, clock, ask } = await started([SHOP]);
    // Thresholds of 3/4 and 0, with a randomness that passes.
    const traceState = (threshold: string): string => `ot=th:${threshold};rv:ffffffffffffff`;
    await take(10, { traceState: traceState('c') });
    clock.advance(ROUND_MS);
    expect(ask()['GET /cart']).toBeCloseTo(0.25, 12);
    await take(40, { traceState: traceState('0') });
    clock.advance(ROUND_MS);
    expect(ask()['GET /cart']).toBeCloseTo(0.25, 12);
    // A randomness below its threshold should not have come, so the threshold is not believed.
    await take(10, { traceState: 'ot=th:c;rv:10000000000000' });
    clock.advance(ROUND_MS);
    expect(ask()['GET /cart']).toBeCloseTo(0.25, 12);
  });

  it('is judged by its roots alone, whatever their kind', async () => {
    const { take, clock, ask, passed } = await started([SHOP]);
    await take(40, { name: 'job', kind: 1 });
    await take(400, { name: 'job', kind: 1, child: true });
    await take(400, { name: 'inner', kind: 2, child: true });
    clock.advance(ROUND_MS);
    expect(ask()).toEqual({ job: 0.25 });
    expect(passed).toEqual([40, 400, 400]);
  });

  it('knows the operations of each service apart', async () => {
    const { take, clock, ask } = await started([SHOP, { name: '*', type: 'adaptive', traces_per_second: 4 }]);
    await take(40);
    await take(80, { service: 'other' });
    await take(10, { service: 'third', name: 'only' });
    clock.advance(ROUND_MS);
    expect(ask('shop')).toEqual({ 'GET /cart': 0.25 });
    expect(ask('other')).toEqual({ 'GET /cart': 0.5 });
    expect(ask('third')).toEqual({ only: 1 });
    expect(ask('fourth')).toEqual({});
  });

  it('begins an operation at default_ratio, and takes that to be in force once it has asked', async () => {
    const { take, clock, ask } = await started([{ ...SHOP, default_ratio: 0.5 }]);
    await take(20, { name: 'first' });
    clock.advance(ROUND_MS);
    expect(ask()).toEqual({ first: 0.5 });
    await take(10, { name: 'second' });
    expect(ask()).toMatchObject({ second: 0.5 });
    clock.advance(ROUND_MS);
    // Ten sampled at a half are twenty calls in ten seconds, believed to half as many again as is wanted at first.
    expect(ask()['second']).toBeCloseTo(1 / 1.5, 12);
  });

  it('is forgotten operation by operation after an hour of silence', async () => {
    const { take, clock, ask, read } = await started([SHOP], { interval: '10m' });
    await take(5, { name: 'once' });
    await take(5, { name: 'again' });
    clock.advance(30 * 60_000);
    await take(5, { name: 'again' });
    expect(read('operations')).toBe(2);
    clock.advance(30 * 60_000);
    expect(ask()).toEqual({ again: 1 });
    clock.advance(30 * 60_000);
    expect([ask(), read('operations')]).toEqual([{}, 0]);
    await take(5, { name: 'once' });
    expect(ask()).toEqual({ once: 1 });
  });

  it('is not forgotten while an operation is still sampled at less than an unknown one', async () => {
    const { take, clock, ask } = await started([{ ...SHOP, traces_per_second: 0.01 }]);
    for (let round = 0; round < 10; round++) {
      await take(1000);
      clock.advance(ROUND_MS);
    }
    clock.advance(3_600_000);
    expect(ask()['GET /cart']).toBeLessThan(0.1);
    clock.advance(6 * 3_600_000);
    expect(ask()).toEqual({});
  });

  it('has room for so many operations, and counts the others', async () => {
    const { take, clock, ask, read, log } = await started([SHOP], { max_operations: 2 });
    for (const name of ['a', 'b', 'c', 'd']) await take(40, { name });
    await take(3, { name: 'x'.repeat(257) });
    clock.advance(ROUND_MS);
    expect(ask()).toEqual({ a: 0.25, b: 0.25 });
    expect([read('operations'), read('overflow_spans')]).toEqual([2, 83]);
    expect(log).toEqual([expect.stringContaining('MAX_OPERATIONS')]);
  });
});

it('counts nothing where no service is adaptive', async () => {
  const { take, clock, ask, read, passed } = await started([{ name: 'shop', type: 'probabilistic', ratio: 1 }]);
  await take(3);
  clock.advance(ROUND_MS);
  expect([ask(), read('operations'), passed]).toEqual([{}, 0, [3]]);
});

it('rests after it was stopped, also when it never started', async () => {
  const { stage, take, clock, ask } = await started([SHOP]);
  await take(40);
  await stage.stop();
  await stage.stop();
  clock.advance(10 * ROUND_MS);
  expect(ask()).toEqual({ 'GET /cart': 1 });
  const { host } = testHost('remote_sampling', remoteSamplingInstruments);
  const next = { consume: async () => {} };
  await new RemoteSamplingStage(remoteSamplingConfig.parse({ services: [SHOP] }), host, next).stop();
});
