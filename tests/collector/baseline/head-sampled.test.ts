// Calls that senders sample: that fewer are sent is not that they have stopped, and a real stop is still one.
import { describe, expect, it } from 'vitest';
import { baselineConfig } from '../../../collector/src/baseline/config.ts';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { Operation } from '../../../collector/src/baseline/operation.ts';
import { baseline, type BaselineStage } from '../../../collector/src/baseline/stage.ts';
import { measureConfig } from '../../../collector/src/measure/config.ts';
import { measureInstruments } from '../../../collector/src/measure/instruments.ts';
import { measure } from '../../../collector/src/measure/stage.ts';
import { testIntake } from '../../support/intake.ts';
import { Seconds } from '../../support/steps.ts';
import { testHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const DAY_MS = 86_400_000;
const SEEDS = [1, 2, 3];

interface Scene {
  readonly operation: Operation;
  /** Lets seconds pass. @returns those in which a stop was said, and ended, from now on */
  pass(seconds: number, rate: number): number[];
}

/** Ten calls a second are learned. */
function learned(seed: number, isHeadSampled: boolean): Scene {
  const operation = new Operation({
    stepMs: 1000,
    seasonMs: DAY_MS,
    learnUntilMs: undefined,
    secondsPerFalseAlarm: (24 * DAY_MS) / 1000,
    isHeadSampled,
  });
  const source = new Seconds(seed);
  const pass: Scene['pass'] = (count, rate) => {
    const said: number[] = [];
    for (let s = 1; s <= count; s++)
      for (const { kind } of operation.take(source.next({ rate }))) if (kind === 'throughput') said.push(s);
    return said;
  };
  pass(700, 10);
  return { operation, pass };
}

describe('an operation of which less is sampled', () => {
  it('has not stopped, whether much less or a little', () => {
    for (const seed of SEEDS)
      for (const rate of [5, 2.5, 1, 0.2]) {
        const { operation, pass } = learned(seed, true);
        operation.rate.sampledLess();
        expect([seed, rate, pass(400, rate)]).toEqual([seed, rate, []]);
      }
  });

  it('has not stopped where it comes in steps of which nobody told', () => {
    for (const seed of SEEDS) {
      const { pass } = learned(seed, true);
      expect([7, 5, 3.5, 2.5, 1.8].flatMap((rate) => pass(60, rate))).toEqual([]);
    }
  });

  it('would be taken for one that has, were all of its calls sent', () => {
    const found = SEEDS.filter((seed) => learned(seed, false).pass(400, 1).length > 0);
    expect(found.length).toBeGreaterThanOrEqual(2);
  });

  it('is said to have stopped where it has, before and after', () => {
    for (const seed of SEEDS) {
      const { operation, pass } = learned(seed, true);
      const [first] = pass(60, 0);
      expect(first).toBeLessThan(10);
      expect(pass(60, 10)).toHaveLength(1);
      operation.rate.sampledLess();
      expect(pass(300, 2)).toEqual([]);
      const [second] = pass(120, 0);
      expect(second).toBeGreaterThan(5);
      expect(second).toBeLessThan(60);
    }
  });

  it('is judged after ten minutes though not a call has come to tell how often they do', () => {
    const { operation, pass } = learned(1, true);
    operation.rate.sampledLess();
    const [first] = pass(900, 0);
    expect(first).toBeGreaterThan(600);
    expect(first).toBeLessThan(615);
  });
});

/** A baseline behind what counts spans, as they come in. */
function watching(options: { readonly is_head_sampled?: boolean } = {}) {
  const nowhere = { consume: async () => {} };
  const own = testHost('baseline', baselineInstruments);
  const stage: BaselineStage = baseline.create({ ...baselineConfig.parse({}), ...options }, own.host, nowhere);
  const counting = measure.create(measureConfig.parse({}), testHost('measure', measureInstruments).host, nowhere);
  counting.measured = (batch, spans) => stage.observe(batch, spans);
  const intake = testIntake();
  return async (...spans: Parameters<typeof testSpan>[0][]): Promise<Record<string, boolean>> => {
    const body = bodyOf(spans.map((shape) => testSpan(shape)));
    intake.take([body], body.length, own.clock.nowMs(), own.clock.monotonicMs());
    await counting.consume(intake.batch);
    const operations = [...stage.operations()];
    return Object.fromEntries(operations.map((each) => [each.subject.name, each.operation.rate.isHeadSampled]));
  };
}

describe('an operation counts as sampled by its senders', () => {
  it('from the first span on that states how many it stands for', async () => {
    const take = watching();
    expect(await take({ name: 'GET /' }, { name: 'POST /' })).toEqual({ 'shop GET /': false, 'shop POST /': false });
    // A threshold of 3/4, with a randomness that passes: it stands for four.
    const traceState = 'ot=th:c;rv:ffffffffffffff';
    expect(await take({ name: 'GET /', traceState })).toEqual({ 'shop GET /': true, 'shop POST /': false });
    expect(await take({ name: 'GET /', error: true })).toMatchObject({ 'shop GET /': true });
  });

  it('where services are told how much to sample, whatever spans state', async () => {
    expect(await watching({ is_head_sampled: true })({ name: 'GET /' })).toEqual({ 'shop GET /': true });
  });
});
