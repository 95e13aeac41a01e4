// Seconds of a service that several instances send, each in its own time.
import { describe, expect, it } from 'vitest';
import { LiveSteps } from '../../../collector/src/baseline/live-steps.ts';

const SERVICE = 3;
const START_S = 1_700_000_000;

/** Time goes on by quarters of a second; instances send what ended since they sent last. */
function rig() {
  const closed: { second: number; calls: number; afterS: number }[] = [];
  let now = 0;
  const steps = new LiveSteps((_, { timeMs, calls }) => {
    const second = timeMs / 1000 - START_S - 1;
    if (second >= 0) closed.push({ second, calls, afterS: now - second - 1 });
  });
  let isKnown = false;
  /** As the stage does it, its operation is known from the first batch on. */
  const begin = (instance: number) => {
    if (!isKnown) steps.register(SERVICE, 0, (START_S + now) * 1000);
    isKnown = true;
    return steps.begin(SERVICE, instance);
  };
  const sentTo = new Map<number, number>();
  /** @param lateS how long ago the youngest of its calls ended, of those that it sends now */
  const send = (instance: number, lateS = 0): void => {
    const taking = begin(instance);
    const to = now - lateS;
    for (let end = (sentTo.get(instance) ?? to - 5) + 0.25; end <= to; end += 0.25)
      steps.add(taking, 0, START_S + end - 0.01, 100, false);
    sentTo.set(instance, to);
    steps.endBatch((START_S + now) * 1000);
  };
  /** Sends one call. */
  const sendOne = (instance: number, endedS: number): void => {
    const taking = begin(instance);
    steps.add(taking, 0, START_S + now - endedS, 100, false);
    steps.endBatch((START_S + now) * 1000);
  };
  /** @param each asked each quarter of a second, before seconds are closed */
  const go = (seconds: number, each: (now: number) => void): void => {
    for (const untilS = now + seconds; now < untilS;) {
      now += 0.25;
      each(now);
      steps.close((START_S + now) * 1000);
    }
  };
  const since = (second: number) => closed.filter((each) => each.second >= second);
  return { steps, send, sendOne, go, since };
}

/** Whether an instance that sends each five seconds does so now, in the midst of a second. */
const isDue = (now: number, phase = 0): boolean => (now - phase) % 5 === 0.5;
const most = (numbers: readonly number[]): number => Math.max(...numbers);
const afterOf = (seconds: readonly { afterS: number }[]): number[] => seconds.map(({ afterS }) => afterS);

describe('seconds that instances send', () => {
  it('are closed as soon as something newer has come, once it is known in which order it comes', () => {
    const { steps, send, go, since } = rig();
    go(60, (now) => isDue(now) && send(0));
    expect([...new Set(afterOf(since(30)))].sort()).toEqual([0.5, 1.5, 2.5, 3.5, 4.5]);
    expect(since(30).every(({ calls }) => calls === 4)).toBe(true);
    expect(steps.late).toBe(0);
    expect(steps.closedAfterMs(SERVICE)).toBeGreaterThan(2000);
    expect(steps.closedAfterMs(SERVICE)).toBeLessThan(3000);
  });

  it('wait for every instance, and have all calls', () => {
    const { steps, send, go, since } = rig();
    go(60, (now) => {
      if (isDue(now)) send(0);
      if (isDue(now, 2)) send(1);
    });
    expect(since(30).every(({ calls }) => calls === 8)).toBe(true);
    expect(most(afterOf(since(30)))).toBeLessThanOrEqual(5.25);
    expect(steps.late).toBe(0);
  });

  it('are held up by an instance that died for no longer than it was late, and then no more', () => {
    const { send, go, since } = rig();
    go(60, (now) => {
      if (isDue(now)) send(0);
      if (isDue(now, 2)) send(1);
    });
    go(60, (now) => isDue(now) && send(0));
    const [dying, dead] = [since(60).filter(({ second }) => second < 80), since(80)];
    expect(most(afterOf(dying))).toBeLessThanOrEqual(5.25);
    expect(dying.filter(({ second }) => second >= 63).every(({ calls }) => calls === 4)).toBe(true);
    expect([...new Set(afterOf(dead))].sort()).toEqual([0.5, 1.5, 2.5, 3.5, 4.5]);
  });

  it('do not wait for an instance that sends much later than the others', () => {
    const { steps, send, go, since } = rig();
    go(120, (now) => {
      if (isDue(now)) send(0);
      if (isDue(now, 2)) send(1);
      if (isDue(now, 1)) send(2, 25);
    });
    expect(most(afterOf(since(60)))).toBeLessThanOrEqual(5.25);
    expect(since(60).every(({ calls }) => calls === 8)).toBe(true);
    expect(steps.late).toBeGreaterThan(0);
  });

  it('wait for all of them where all send late', () => {
    const { steps, send, go, since } = rig();
    go(150, (now) => {
      if (isDue(now)) send(0, 25);
      if (isDue(now, 2)) send(1, 25);
    });
    const late = steps.late;
    go(60, (now) => {
      if (isDue(now)) send(0, 25);
      if (isDue(now, 2)) send(1, 25);
    });
    expect([since(120).every(({ calls }) => calls === 8), steps.late - late]).toEqual([true, 0]);
  });

  it('lose nothing where two programs say the same of themselves, once that is known', () => {
    const { steps, send, go, since } = rig();
    const both = (now: number): void => {
      if (!isDue(now) && !isDue(now, 2)) return;
      // Each sends what it alone had called.
      send(0, isDue(now) ? 0 : 2);
    };
    go(30, both);
    const { late } = steps;
    go(60, both);
    expect(steps.late - late).toBe(0);
    expect(most(afterOf(since(30)))).toBeLessThanOrEqual(5.25);
  });
});

describe('seconds of a service that sends seldom', () => {
  it('wait as long after minutes of silence as before', () => {
    const { steps, sendOne, go, since } = rig();
    // Calls that were sent five seconds after each.
    for (let round = 0; round < 4; round++) {
      go(200, () => {});
      sendOne(0, 5);
    }
    go(10, () => {});
    const calls = since(0).reduce((sum, of) => sum + of.calls, 0);
    expect([steps.late, calls]).toEqual([0, 4]);
  });

  it('wait for no more of what was held back for longer than anybody is waited for', () => {
    const { steps, send, sendOne, go, since } = rig();
    go(60, (now) => isDue(now) && send(0));
    sendOne(0, 50);
    go(30, (now) => isDue(now) && send(0));
    expect([steps.late, most(afterOf(since(60)))]).toEqual([1, 4.5]);
  });
});

describe('seconds in which bodies were refused', () => {
  it('say of no operation that it was silent, and of others what they did', () => {
    const { steps, send, go, since } = rig();
    go(60, (now) => isDue(now) && send(0));
    go(20, (now) => {
      if (isDue(now)) steps.refused((START_S + now) * 1000);
    });
    expect(since(60)).toEqual([]);
    // It was refused, and sends again.
    go(20, (now) => isDue(now) && send(0));
    expect(since(85).length).toBe(10);
    expect(since(60).every(({ calls }) => calls === 4)).toBe(true);
  });

  it('are followed by some in which who was refused may wait, and then silence is silence', () => {
    const { steps, send, go, since } = rig();
    go(60, (now) => isDue(now) && send(0));
    steps.refused((START_S + 60) * 1000);
    go(39, () => {});
    expect(since(60)).toEqual([]);
    go(60, () => {});
    expect(since(60)[0]?.second).toBe(101);
    expect(since(60).every(({ calls }) => calls === 0)).toBe(true);
  });
});
