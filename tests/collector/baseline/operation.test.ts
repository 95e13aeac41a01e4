import { describe, expect, it } from 'vitest';
import { Operation } from '../../../collector/src/baseline/operation.ts';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { type Behaviour, Seconds } from '../../support/steps.ts';

const OPTIONS = {
  stepMs: 1000,
  seasonMs: 86_400_000,
  learnUntilMs: undefined,
  secondsPerFalseAlarm: 100 * 86_400,
};

/** An operation that has learned what is usual. */
function watched(seed = 1, usual: Partial<Behaviour> = {}, minutes = 30) {
  const operation = new Operation(OPTIONS);
  const seconds = new Seconds(seed);
  const changes: (Change & { afterS: number })[] = [];
  const run = (s: number, behaviour: Partial<Behaviour> = {}): readonly (Change & { afterS: number })[] => {
    changes.length = 0;
    const fromMs = seconds.timeMs;
    seconds.run(s, { ...usual, ...behaviour }, (step) => {
      for (const change of operation.take(step)) changes.push({ ...change, afterS: (change.timeMs - fromMs) / 1000 });
    });
    return [...changes];
  };
  const whileLearning = run(minutes * 60);
  return { operation, run, whileLearning };
}

describe('an operation', () => {
  it('says nothing for hours in which nothing happens', () => {
    const { run, whileLearning } = watched(2, { errorRatio: 0.01 });
    expect(whileLearning).toEqual([]);
    expect(run(4 * 3600)).toEqual([]);
  });

  it.each([
    ['slower', { medianMs: 34 }, 'latency', 'info', [1.4, 2.1]],
    ['much slower', { medianMs: 60 }, 'latency', 'warning', [2.5, 3.5]],
    ['very slow', { medianMs: 200 }, 'latency', 'critical', [8, 12]],
    ['failing', { errorRatio: 0.2 }, 'error', 'critical', [25, 55]],
    ['gone', { rate: 0 }, 'throughput', 'emergency', [-1, 1]],
  ] as const)(
    'that is %s is found within a minute, and is cleared within one',
    (_, does, kind, severity, [low, high]) => {
      const { run } = watched(3);
      const during = run(240, does);
      expect(during[0]).toMatchObject({ kind });
      expect(during[0].afterS).toBeLessThan(60);
      expect(during[0].onsetMs).toBeLessThanOrEqual(during[0].timeMs);
      const last = during.at(-1);
      expect(last?.severity).toBe(severity);
      expect(last?.ratio.value).toBeGreaterThan(low);
      expect(last?.ratio.value).toBeLessThan(high);
      const after = run(180);
      expect(after).toHaveLength(1);
      expect(after[0]).toMatchObject({ kind, severity: 'none' });
      expect(after[0].afterS).toBeLessThan(60);
    },
  );

  it('is not called in violation for a pause of one second or a burst of three', () => {
    const { run } = watched(4);
    for (let i = 0; i < 20; i++) {
      expect(run(1, { medianMs: 200 })).toEqual([]);
      expect(run(90)).toEqual([]);
      expect(run(3, { medianMs: 100 })).toEqual([]);
      expect(run(90)).toEqual([]);
    }
  });

  it('is not called in violation for a pause of half a dozen seconds in a tenth of its calls', () => {
    const { run } = watched(8);
    for (let i = 0; i < 10; i++) {
      for (let s = 0; s < 6; s++) expect(run(1, s % 2 === 0 ? { medianMs: 300 } : {})).toEqual([]);
      expect(run(120)).toEqual([]);
    }
  });

  it('that fails more than it did at first is told so within half a minute', () => {
    const { run } = watched(9, { rate: 25, errorRatio: 0.01 });
    expect(run(900, { errorRatio: 0.03 }).at(-1)).toMatchObject({ kind: 'error', severity: 'warning' });
    expect(run(30, { errorRatio: 0.3 })[0]).toMatchObject({ kind: 'error', severity: 'critical' });
  });

  it('that is called often is not taken for gone when its process is held up for two seconds', () => {
    const { run } = watched(10, { rate: 40 });
    expect(run(2, { rate: 0 })).toEqual([]);
    expect(run(60)).toEqual([]);
    expect(run(5, { rate: 0 })[0]).toMatchObject({ kind: 'throughput', severity: 'emergency' });
  });

  it('that rests now and then is not called stopped, also where its first rest comes after it is watched', () => {
    const { operation, run } = watched(6, { rate: 2 }, 5);
    expect(operation.isProvisional).toBe(true);
    expect(operation.learned).toBeDefined();
    // Too short to be called a stop while nothing is known of rests.
    const rests = Array.from({ length: 12 }, () => [...run(51), ...run(9, { rate: 0 })]);
    expect([operation.isProvisional, rests.flat()]).toEqual([false, []]);
    expect(run(17, { rate: 0 })).toEqual([]);
    run(100);
    expect(run(60, { rate: 0 })).toMatchObject([{ kind: 'throughput', severity: 'emergency' }]);
  });

  it('that alternates between two levels is normal on both, though the second one was a violation at first', () => {
    const { operation, run } = watched(7, {}, 4);
    const cycle = () => [...run(150, { medianMs: 56 }), ...run(200)];
    // A fault that comes twice is told twice; what goes on coming is how it is.
    for (let i = 0; i < 2; i++) expect(cycle().map(({ kind }) => kind)).toContain('latency');
    for (let i = 0; i < 3; i++) cycle();
    expect(operation.isProvisional).toBe(false);
    expect([...cycle(), ...cycle(), ...cycle()]).toEqual([]);
  });

  it('that is slow for long before enough is known is not taught by it', () => {
    const { operation, run } = watched(8, {}, 5);
    run(1800, { medianMs: 60 });
    run(900);
    expect(operation.isProvisional).toBe(false);
    const [first] = run(120, { medianMs: 60 });
    expect(first).toMatchObject({ kind: 'latency', severity: 'warning' });
    expect(first?.ratio.low).toBeGreaterThan(2);
  });

  it('that becomes faster, and then is as it was, is not in violation', () => {
    const { run } = watched(5);
    expect(run(600, { medianMs: 13 })).toEqual([]);
    expect(run(600)).toEqual([]);
  });

  it('that moves a few percent an hour is followed', () => {
    const { run } = watched(6);
    for (let minute = 0; minute < 240; minute++)
      expect(run(60, { medianMs: 20 * Math.exp((0.05 * minute) / 60) })).toEqual([]);
  });

  it('is watched before it is learned, with more allowed for', () => {
    const { whileLearning, run } = watched(7, {}, 4);
    expect(whileLearning).toEqual([]);
    const [first] = run(60, { medianMs: 100 });
    expect(first).toMatchObject({ kind: 'latency' });
  });

  it('is not taught by its violation', () => {
    const { operation, run } = watched(8, {}, 4);
    run(900, { medianMs: 100 });
    expect(operation.isProvisional).toBe(true);
    const back = run(60);
    expect(back.at(-1)).toMatchObject({ severity: 'none' });
    expect(run(1200)).toEqual([]);
    expect(operation.isProvisional).toBe(false);
  });
});
