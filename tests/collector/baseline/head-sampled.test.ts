// Calls that senders sample: that fewer are sent is not that they have stopped, and a real stop is still one.
import { describe, expect, it } from 'vitest';
import { Operation } from '../../../collector/src/baseline/operation.ts';
import { Seconds } from '../../support/steps.ts';

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
