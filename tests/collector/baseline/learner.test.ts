import { describe, expect, it } from 'vitest';
import { BIN_WIDTH, logAt } from '../../../collector/src/baseline/bins.ts';
import type { Learned } from '../../../collector/src/baseline/learned.ts';
import { confidenceOf } from '../../../collector/src/baseline/learned.ts';
import { learn } from '../../../collector/src/baseline/learner.ts';
import { seasonAt } from '../../../collector/src/baseline/season.ts';
import { LearningWindows } from '../../../collector/src/baseline/windows.ts';
import { normal } from '../../support/learned-operation.ts';
import { seeded } from '../../support/random.ts';
import { type Behaviour, Seconds } from '../../support/steps.ts';

const DAY_MS = 86_400_000;

/** Learns what a minute does, by its number. */
function learned(
  minutes: number,
  does: (minute: number) => Partial<Behaviour>,
  seasonMs = DAY_MS,
): Learned | undefined {
  const windows = new LearningWindows();
  const seconds = new Seconds(7);
  for (let minute = 0; minute < minutes; minute++) seconds.run(60, does(minute), (step) => windows.add(step, 1000));
  const correlation = windows.clusters.correlation();
  return learn(windows.windows, { seasonMs, correlation, minuteNoise: windows.minutes.noise() });
}

/** Middle of what was learned, in milliseconds. */
const middleMs = (of: Learned | undefined): number => 1000 * Math.exp(logAt(of?.centre ?? NaN));

describe('a baseline', () => {
  it('needs a hundred calls and twenty windows', () => {
    expect(learned(9, () => ({}))).toBeUndefined();
    expect(learned(11, () => ({}))?.calls).toBeGreaterThan(4000);
    expect(learned(30, () => ({ rate: 0.03 }))).toBeUndefined();
  });

  it('is of the calls there were', () => {
    const of = learned(30, () => ({ errorRatio: 0.02 }));
    expect(middleMs(of)).toBeCloseTo(20, 0);
    expect((of?.spread ?? 0) * BIN_WIDTH).toBeCloseTo(0.4, 1);
    expect(of?.callsPerSecond).toBeCloseTo(8, 0);
    expect(of?.errorRatio).toBeCloseTo(0.02, 2);
    expect(of?.noise).toBeLessThan(0.02);
    expect(of?.confidence).toBeGreaterThan(0.999);
  });

  it.each([
    ['a cold start', (minute: number) => minute < 3, { medianMs: 80 }],
    ['an incident', (minute: number) => minute >= 12 && minute < 15, { medianMs: 200 }],
    ['errors for a while', (minute: number) => minute >= 12 && minute < 15, { errorRatio: 0.5 }],
  ])('leaves out %s', (_, isOff, does) => {
    const of = learned(30, (minute) => (isOff(minute) ? does : {}));
    expect(middleMs(of)).toBeCloseTo(20, 0);
    expect(of?.noise).toBeLessThan(0.03);
    expect(of?.errorRatio).toBeLessThan(0.01);
    expect(of?.levels).toEqual([]);
  });

  it('has the levels an operation alternates between', () => {
    const of = learned(60, (minute) => ({ medianMs: minute % 10 < 6 ? 20 : 50 }));
    expect(middleMs(of)).toBeCloseTo(20, 0);
    expect(of?.noise).toBeLessThan(0.05);
    const nearest = Math.min(...(of?.levels ?? []).map(({ from }) => Math.abs(from * BIN_WIDTH - Math.log(2.5))));
    expect(nearest).toBeLessThan(0.1);
  });

  it('has the season once it was seen twice, and not before', () => {
    const wave = (minute: number): Partial<Behaviour> => {
      return { medianMs: 20 * Math.exp(0.3 * Math.sin((2 * Math.PI * minute) / 60)) };
    };
    expect(learned(80, wave, 3_600_000)?.season).toBeUndefined();
    const of = learned(150, wave, 3_600_000);
    const swing = Array.from({ length: 60 }, (_, m) => seasonAt(of?.season, m * 60_000) * BIN_WIDTH);
    expect(Math.max(...swing)).toBeCloseTo(0.3, 1);
    expect(of?.noise).toBeLessThan(0.04);
  });

  it('knows how much minutes differ', () => {
    const seconds = new Seconds(3);
    const factors = Array.from({ length: 60 }, () => Math.exp(0.15 * ((seconds.next().calls - 8) / Math.sqrt(8))));
    expect(learned(60, (minute) => ({ medianMs: 20 * factors[minute] }))?.noise).toBeCloseTo(0.15, 1);
  });

  it('takes minutes that differ for noise, not for levels, and knows it to a fifth after forty of them', () => {
    const random = seeded(5);
    const all = Array.from({ length: 16 }, () => {
      const factors = Array.from({ length: 40 }, () => Math.exp(0.15 * normal(random)));
      return learned(40, (minute) => ({ medianMs: 20 * factors[minute], sigma: 0.8, rate: 4 }));
    });
    expect(all.filter((of) => of?.levels.length !== 0)).toEqual([]);
    const off = all.map((of) => Math.log((of?.noise ?? NaN) / 0.15));
    expect(Math.sqrt(off.reduce((sum, each) => sum + each ** 2, 0) / off.length)).toBeLessThan(0.2);
  });
});

describe('confidence', () => {
  it('is 0.95 with a hundred independent calls, and nothing with few', () => {
    expect(confidenceOf(100)).toBeCloseTo(0.95, 2);
    expect(confidenceOf(10)).toBe(0);
    expect(confidenceOf(300)).toBeGreaterThan(0.9999);
  });
});
