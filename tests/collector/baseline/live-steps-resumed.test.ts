// Seconds of operations that were known before a restart.
import { describe, expect, it } from 'vitest';
import { LiveSteps } from '../../../collector/src/baseline/live-steps.ts';

const SERVICE = 3;
const START_S = 1_700_000_000;

describe('live steps after a restart', () => {
  function rig() {
    const closed: [number, number][] = [];
    const steps = new LiveSteps((_, { timeMs, calls }) => closed.push([timeMs / 1000 - START_S, calls]));
    const at = (second: number): number => (START_S + second) * 1000;
    // In the middle of a second.
    steps.resume(SERVICE, 0, at(0) + 400);
    const close = (now: number): [number, number][] => {
      closed.length = 0;
      steps.close(at(now));
      return [...closed];
    };
    const batch = (arrival: number, ends: readonly number[]): void => {
      const taking = steps.begin(SERVICE, 0);
      for (const end of ends) steps.add(taking, 0, START_S + end, 100, false);
      steps.endBatch(at(arrival));
    };
    return { steps, close, batch, at };
  }

  it('begin with the first whole second, once the service has sent: how late it sends is not known before', () => {
    const { steps, close, batch, at } = rig();
    expect(close(20)).toEqual([]);
    expect(steps.delayMs(at(20))).toBe(0);
    // It sends what ended while nobody listened as well.
    batch(20, [-9, 0, 1, 2, 2, 18]);
    expect(steps.late).toBe(2);
    expect(close(40)).toEqual([
      [2, 1],
      [3, 2],
      [4, 0],
      [5, 0],
      [6, 0],
      [7, 0],
      [8, 0],
      [9, 0],
    ]);
  });

  it('are empty where nothing is sent for as long as a service may be late, some of them at once', () => {
    const { close } = rig();
    expect(close(40)).toEqual([]);
    const first = close(41);
    expect([first.length, first[0], first.at(-1)]).toEqual([8, [2, 0], [9, 0]]);
    let count = first.length;
    for (let second = 42; second < 60; second++) count += close(second).length;
    // All of them up to half a second ago.
    expect(count).toBe(57);
  });
});
