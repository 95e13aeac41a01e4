import { describe, expect, it } from 'vitest';
import { LiveSteps } from '../../../collector/src/baseline/live-steps.ts';

const SERVICE = 3;
const START_S = 1_700_000_000;

/** Seconds as they were closed: time, operation, calls, errors. */
function rig() {
  const closed: [number, number, number, number][] = [];
  const steps = new LiveSteps((operation, { timeMs, calls, errors }) => {
    closed.push([timeMs / 1000 - START_S, operation, calls, errors]);
  });
  steps.register(SERVICE, 0, START_S * 1000);
  const at = (second: number): number => (START_S + second) * 1000;
  /** A batch of calls that ended late in some seconds, which arrives at a time. */
  const batch = (arrival: number, seconds: readonly number[], operation = 0): void => {
    const taking = steps.begin(SERVICE, 0);
    for (const second of seconds) steps.add(taking, operation, START_S + second + 0.9, 100, false);
    steps.endBatch(at(arrival));
  };
  const close = (now: number): [number, number, number, number][] => {
    closed.length = 0;
    steps.close(at(now));
    return closed.filter(([second]) => second > 0);
  };
  return { steps, batch, close, at };
}

describe('live steps', () => {
  it('close a second once what ended in it had time to come', () => {
    const { batch, close } = rig();
    batch(5, [0, 0, 1, 2, 3, 4]);
    expect(close(5)).toEqual([]);
    // The oldest of the batch had ended four seconds before, and a quarter of a second is added.
    expect(close(6)).toEqual([[1, 0, 2, 0]]);
    batch(10, [5, 6, 7, 8, 9]);
    expect(close(10).map(([second, , calls]) => [second, calls])).toEqual([
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
    ]);
  });

  it('close empty seconds of an operation that is not called', () => {
    const { steps, batch, close, at } = rig();
    steps.register(SERVICE, 1, at(0));
    batch(1, [0, 0]);
    expect(close(3)).toContainEqual([1, 1, 0, 0]);
    expect(close(30).filter(([, operation]) => operation === 0)).toHaveLength(27);
  });

  it('count what comes too late, and wait longer from then on', () => {
    const { steps, batch, close } = rig();
    batch(1, [0]);
    close(10);
    batch(10, [2]);
    expect(steps.late).toBe(1);
    batch(11, [10]);
    // The late one had ended seven seconds before.
    expect(close(18).map(([second]) => second)).not.toContain(11);
    expect(close(19)).toContainEqual([11, 0, 1, 0]);
  });

  it('lose no call of a clock that is ahead', () => {
    const { batch, close } = rig();
    batch(1, [0, 900]);
    let calls = 0;
    for (let now = 2; now < 80; now++) calls += close(now).reduce((sum, [, , of]) => sum + of, 0);
    expect(calls).toBe(2);
  });

  it('count every call of a flood, whatever its order', () => {
    const seen = new Map<string, number>();
    const steps = new LiveSteps((operation, { calls, errors, kinds, bins, counts }) => {
      if (calls > 0) seen.set(`${operation} errors`, errors);
      for (let k = 0; k < kinds; k++) seen.set(`${operation} ${bins[k]}`, counts[k]);
    });
    for (const operation of [0, 1, 2]) steps.register(SERVICE, operation, START_S * 1000);
    const taking = steps.begin(SERVICE, 0);
    for (let i = 0; i < 60_000; i++) steps.add(taking, i % 3, START_S, 100 + (i % 5), i % 10 === 0);
    steps.endBatch((START_S + 1) * 1000);
    steps.close((START_S + 10) * 1000);
    for (const operation of [0, 1, 2]) {
      expect(seen.get(`${operation} errors`)).toBe(2000);
      for (let bin = 100; bin < 105; bin++) expect(seen.get(`${operation} ${bin}`)).toBe(4000);
    }
  });

  it('take a pause of the program for a pause, not for silence', () => {
    const { batch, close } = rig();
    batch(1, [0]);
    close(3);
    expect(close(4000).length).toBeLessThan(4);
  });
});
