// The rank test: how often it calls the same slower, what it sees, and that its interval holds the truth.
import { describe, expect, it } from 'vitest';
import { BINS as THEIR_BINS, binOf, logAt } from '../../../collector/src/baseline/bins.ts';
import { type Baseline, BINS, binPlaceOf, durationAt } from '../../../sdk/src/testkit/baseline-file.ts';
import { type Bounds, isSlower, judge } from '../../../sdk/src/testkit/baseline-test.ts';
import { type Random, seeded } from '../../support/random.ts';

const BOUNDS: Bounds = { tolerance: 0.5, falseAlarms: 0.01 };

/** Durations about 10 ms. @param scale how many times as long */
function durations(random: Random, calls: number, scale = 1, spread = 0.4): number[] {
  return Array.from({ length: calls }, () => 10 * scale * Math.exp(spread * normal(random)));
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function baselineOf(all: readonly number[], cluster = 1): Baseline {
  const counts = new Float64Array(BINS);
  for (const each of all) {
    const bin = Math.min(BINS - 1, Math.floor(binPlaceOf(each)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { name: 'op', service: undefined, kind: undefined, calls: all.length, counts, cluster };
}

/** Share of so many seeded trials that are called slower. */
function slowerShare(
  trials: number,
  runOf: (random: Random) => readonly number[],
  bounds: Bounds = BOUNDS,
  baselineCalls = 500,
  baselineSpread = 0.4,
): number {
  let slower = 0;
  for (let seed = 0; seed < trials; seed++) {
    const random = seeded(seed * 7919 + 1);
    for (let i = 0; i < 8; i++) random();
    const baseline = baselineOf(durations(random, baselineCalls, 1, baselineSpread));
    if (isSlower(runOf(random), baseline, bounds)) slower++;
  }
  return slower / trials;
}

describe('the rank test', () => {
  it('has the bins of the sidecar', () => {
    expect(BINS).toBe(THEIR_BINS);
    for (const durationMs of [0, 1e-5, 0.3, 1, 7.7, 1001, 1e6, 1e9])
      expect(Math.min(BINS - 1, Math.floor(binPlaceOf(durationMs)))).toBe(binOf(durationMs / 1000));
    expect(durationAt(100.5)).toBeCloseTo(1000 * Math.exp(logAt(100)), 6);
  });

  it('calls nothing slower that is not, as often as it says', () => {
    expect(slowerShare(200, (random) => durations(random, 100))).toBe(0);
    // At the very bound of what is allowed.
    expect(slowerShare(400, (random) => durations(random, 100, 1.5))).toBeLessThanOrEqual(0.02);
    expect(
      slowerShare(400, (random) => durations(random, 25, 1.5), { ...BOUNDS, falseAlarms: 0.05 }, 40),
    ).toBeLessThanOrEqual(0.07);
    expect(
      slowerShare(400, (random) => durations(random, 100, 1.5, 1.2), { ...BOUNDS, falseAlarms: 0.05 }),
    ).toBeLessThanOrEqual(0.07);
    expect(
      slowerShare(300, (random) => durations(random, 100, 1.5), { ...BOUNDS, quantile: 0.95 }),
    ).toBeLessThanOrEqual(0.02);
  });

  it('calls nothing slower for where in a bin it lies', () => {
    for (const within of [0.1, 0.5, 0.9]) {
      const same = Array.from({ length: 100 }, () => durationAt(100 + within));
      expect(isSlower(same, baselineOf(same), { ...BOUNDS, tolerance: 0 })).toBe(false);
      const slower = same.map((each) => 1.2 * each);
      expect(isSlower(slower, baselineOf(same), { ...BOUNDS, tolerance: 0 })).toBe(true);
    }
  });

  it('judges no slowest calls that the baseline has too few calls to know', () => {
    const bounds = { ...BOUNDS, quantile: 0.99 };
    expect(slowerShare(60, (random) => durations(random, 1000, 1.5, 1), bounds, 50, 1)).toBeLessThanOrEqual(0.02);
  });

  it('sees twice as long', () => {
    expect(slowerShare(200, (random) => durations(random, 100, 2))).toBeGreaterThan(0.95);
    expect(slowerShare(200, (random) => durations(random, 25, 3))).toBeGreaterThan(0.95);
  });

  it('does not mind calls that something interrupted', () => {
    const disturbed = (random: Random): number[] =>
      durations(random, 100).map((each) => (random() < 0.2 ? each + 200 * random() : each));
    expect(slowerShare(100, disturbed)).toBe(0);
  });

  it('knows that neighbours in time are alike', () => {
    // Bursts of ten calls are three times as long, and as many are not: the middle is within what is allowed.
    const bursts = (random: Random): number[] => {
      const busy = Array.from({ length: 10 }, () => random() < 0.5);
      return durations(random, 100).map((each, i) => (busy[Math.floor(i / 10)] === true ? 3 * each : each));
    };
    expect(slowerShare(300, bursts)).toBeLessThan(0.2);
  });

  it('judges the slowest calls if asked', () => {
    const tail = (random: Random): number[] =>
      durations(random, 200).map((each) => (random() < 0.15 ? 8 * each : each));
    expect(slowerShare(100, tail)).toBe(0);
    expect(slowerShare(100, tail, { ...BOUNDS, quantile: 0.95 })).toBeGreaterThan(0.9);
    const random = seeded(4);
    expect(judge(tail(random), baselineOf(durations(random, 500)), { ...BOUNDS, quantile: 0.95 })).toMatchObject({
      isSlower: true,
      isTailOnly: true,
    });
  });

  it('gives an interval that holds the truth', () => {
    let held = 0;
    for (let seed = 0; seed < 200; seed++) {
      const random = seeded(seed + 1000);
      const { ratio } = judge(durations(random, 60, 1.3), baselineOf(durations(random, 200)), BOUNDS);
      expect(ratio.low).toBeLessThan(ratio.value);
      expect(ratio.value).toBeLessThan(ratio.high);
      if (ratio.low < 1.3 && ratio.high > 1.3) held++;
    }
    expect(held).toBeGreaterThanOrEqual(184);
  });

  it('believes a baseline as far as its calls were by themselves', () => {
    const run = durations(seeded(2), 100, 1.9);
    const calls = durations(seeded(9), 60);
    const alone = judge(run, baselineOf(calls), BOUNDS);
    const together = judge(run, baselineOf(calls, 12), BOUNDS);
    expect([alone.isSlower, together.isSlower]).toEqual([true, false]);
    expect(together.ratio.low).toBeLessThan(alone.ratio.low);
  });

  it('takes durations that are all the same, or nothing', () => {
    const same = Array.from({ length: 50 }, () => 10);
    const nothing = Array.from({ length: 50 }, () => 0);
    expect(judge(same, baselineOf(same), BOUNDS)).toMatchObject({ isSlower: false });
    expect(judge(nothing, baselineOf(nothing), BOUNDS)).toMatchObject({ isSlower: false });
    expect(
      judge(
        same.map((each) => 2 * each),
        baselineOf(same),
        BOUNDS,
      ),
    ).toMatchObject({ isSlower: true });
    expect(judge(nothing, baselineOf(same), BOUNDS).isSlower).toBe(false);
    expect(judge(same, baselineOf(nothing), BOUNDS).isSlower).toBe(true);
  });
});
