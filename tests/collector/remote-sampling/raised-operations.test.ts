// How many times as much is wanted of operations in violation, and for how long.
import { describe, expect, it } from 'vitest';
import { remoteSamplingConfig } from '../../../collector/src/remote-sampling/config.ts';
import { remoteSamplingInstruments } from '../../../collector/src/remote-sampling/instruments.ts';
import { RaisedOperations } from '../../../collector/src/remote-sampling/raised-operations.ts';
import { RemoteSamplingStage } from '../../../collector/src/remote-sampling/stage.ts';
import { testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const OPTIONS = { factor: 4, decayMs: 300_000 };
const ENTRIES = new Set(['GET /cart', 'POST /orders']);

function factors(raised: RaisedOperations, nowMs: number, service = 'shop'): number[] | undefined {
  const of = raised.factorsOf(service, (operation) => ENTRIES.has(operation), nowMs);
  return of && [...ENTRIES].map((operation) => Number(of(operation).toFixed(3)));
}

describe('an operation in violation', () => {
  it('is wanted so many times as much while it lasts, and less and less after', () => {
    const raised = new RaisedOperations(OPTIONS);
    expect(factors(raised, 0)).toBeUndefined();
    raised.violated('shop', 'GET /cart', true, 0);
    expect([factors(raised, 5_000_000), factors(raised, 0, 'till')]).toEqual([[4, 1], undefined]);
    raised.violated('shop', 'GET /cart', false, 5_000_000);
    // Told again that it is over, as each time something else of its group changes.
    raised.violated('shop', 'GET /cart', false, 5_200_000);
    expect(factors(raised, 5_300_000)).toEqual([2.5, 1]);
    expect(factors(raised, 5_600_000)).toEqual([1.75, 1]);
    expect(factors(raised, 9_000_000)).toEqual([1, 1]);
    expect(factors(raised, 9_000_000)).toBeUndefined();
  });

  it('raises all that its service is entered by where it is none of those', () => {
    const raised = new RaisedOperations(OPTIONS);
    raised.violated('shop', 'SELECT orders', true, 0);
    expect(factors(raised, 0)).toEqual([4, 4]);
  });

  it('raises nothing where that is off, or where it was over before it was known', () => {
    const off = new RaisedOperations({ ...OPTIONS, factor: 1 });
    off.violated('shop', 'GET /cart', true, 0);
    const over = new RaisedOperations(OPTIONS);
    over.violated('shop', 'GET /cart', false, 0);
    expect([factors(off, 0), factors(over, 0)]).toEqual([undefined, undefined]);
  });

  it('has no place where there are too many, until some are over', () => {
    const raised = new RaisedOperations(OPTIONS);
    for (let i = 0; i < 1000; i++) raised.violated(`service ${i}`, 'read', true, 0);
    raised.violated('shop', 'GET /cart', true, 0);
    expect(factors(raised, 0)).toBeUndefined();
    raised.violated('service 1', 'read', false, 0);
    expect(factors(raised, 9_000_000, 'service 1')).toEqual([1, 1]);
    raised.violated('shop', 'GET /cart', true, 9_000_000);
    expect(factors(raised, 9_000_000)).toEqual([4, 1]);
  });
});

async function started(services: readonly object[]) {
  const { host, clock } = testHost('remote_sampling', remoteSamplingInstruments);
  const stage = new RemoteSamplingStage(remoteSamplingConfig.parse({ services }), host, { consume: async () => {} });
  await stage.start();
  const intake = testIntake();
  let lowered = 0;
  stage.lowered = () => lowered++;
  return {
    stage,
    clock,
    lowered: () => lowered,
    async round(spans: Readonly<Record<string, number>>): Promise<void> {
      for (const [name, count] of Object.entries(spans)) {
        const body = bodyOf(Array.from({ length: count }, () => testSpan({ name })));
        intake.take([body], body.length, clock.nowMs(), clock.monotonicMs());
        await stage.consume(intake.batch);
      }
      clock.advance(10_000);
    },
    ask(): Record<string, number> {
      const strategies = stage.handOut('shop')?.operationSampling?.perOperationStrategies ?? [];
      return Object.fromEntries(
        strategies.map((each) => [each.operation, each.probabilisticSampling.samplingRate] as const),
      );
    },
  };
}

describe('a steered service', () => {
  it('is told to sample more of an operation in violation, and of it only, until that has decayed', async () => {
    const { stage, clock, round, ask, lowered } = await started([
      { name: 'shop', type: 'adaptive', traces_per_second: 1 },
    ]);
    await round({ often: 40, other: 80 });
    const usual = ask();
    expect(usual).toEqual({ often: 0.25, other: 0.25 });
    expect(lowered()).toBe(1);
    await round({ often: 10, other: 20 });
    stage.violated('shop', 'often', true);
    stage.violated('stranger', 'often', true);
    await round({ often: 10, other: 20 });
    const raised = ask();
    expect(raised['often']).toBe(1);
    expect(raised['other']).toBeLessThanOrEqual(0.25);
    stage.violated('shop', 'often', false);
    for (let r = 0; r < 150; r++) await round({ often: Math.round(40 * (ask()['often'] ?? 1)), other: 10 });
    expect(ask()['often']).toBeCloseTo(0.25, 1);
    expect(clock.nowMs()).toBeGreaterThan(0);
    expect(stage.handOut('stranger')).toBeUndefined();
  });

  it('is told more where it is told one number, never more than there is', async () => {
    const services = [
      { name: 'batch', type: 'probabilistic', ratio: 0.1 },
      { name: 'most', type: 'probabilistic', ratio: 0.5 },
      { name: 'feed', type: 'rate_limiting', traces_per_second: 3 },
    ];
    const { stage, clock, lowered } = await started(services);
    const told = (): (number | undefined)[] =>
      services.map(({ name }) => {
        const answer = stage.handOut(name);
        return answer?.probabilisticSampling?.samplingRate ?? answer?.rateLimitingSampling?.maxTracesPerSecond;
      });
    expect(told()).toEqual([0.1, 0.5, 3]);
    for (const { name } of services) stage.violated(name, 'anything', true);
    expect(told()).toEqual([0.4, 1, 12]);
    expect(lowered()).toBe(0);
    for (const { name } of services) stage.violated(name, 'anything', false);
    clock.advance(300_000);
    expect(told().map((value) => Number(value?.toFixed(6)))).toEqual([0.25, 1, 8]);
    clock.advance(5_000_000);
    expect(told()).toEqual([0.1, 0.5, 3]);
    expect(lowered()).toBeGreaterThan(0);
  });
});
