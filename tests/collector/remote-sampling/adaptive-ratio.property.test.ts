// Adaptive ratios over many rounds, for traffic of many rates and targets, with chance and without.
import { describe, expect, it } from 'vitest';
import {
  MAX_STEP,
  nextRatio,
  NOTHING_SEEN,
  type RateMemory,
  type RatioTarget,
  remember,
} from '../../../collector/src/remote-sampling/adaptive-ratio.ts';
import { pick, type Random, seeded } from '../../support/random.ts';

const ROUND_SECONDS = 10;
const MIN_RATIO = 1e-7;

/** One operation under control. */
interface Loop {
  ratio: number;
  memory: RateMemory;
}

const start = (): Loop => ({ ratio: 1, memory: NOTHING_SEEN });
const targetOf = (tracesPerSecond: number): RatioTarget => ({ tracesPerSecond, minRatio: MIN_RATIO });

/** One round of calls at a rate. @returns traces a second that were sampled */
function turn(loop: Loop, rate: number, target: RatioTarget, sample: (mean: number) => number, inForce = loop.ratio) {
  const seen = sample(rate * ROUND_SECONDS * inForce);
  loop.memory = remember(loop.memory, { estimated: seen / loop.ratio, seen }, ROUND_SECONDS, target);
  loop.ratio = nextRatio(loop.ratio, loop.memory, target);
  return seen / ROUND_SECONDS;
}

const exactly = (mean: number): number => mean;

/** As many as chance lets through: Poisson, by a normal where there are many. */
function byChance(random: Random): (mean: number) => number {
  return (mean) => {
    if (mean > 50) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
    }
    let count = -1;
    for (let left = 1; left > Math.exp(-mean); left *= random()) count++;
    return Math.max(0, count);
  };
}

const RATES = [0.001, 0.1, 0.9, 1, 1.1, 7, 100, 3000, 100_000];
const TARGETS = [0.02, 0.2, 1, 5, 50];
const cases = RATES.flatMap((rate) => TARGETS.map((perSecond) => ({ rate, target: targetOf(perSecond) })));

/** The ratio that leaves exactly the target. */
const ideal = (rate: number, { tracesPerSecond }: RatioTarget): number => Math.min(1, tracesPerSecond / rate);

describe('steady traffic', () => {
  it('is met in as few rounds as steps allow, and stays met', () => {
    for (const { rate, target } of cases) {
      const loop = start();
      const needed = Math.ceil(Math.log(1 / ideal(rate, target)) / Math.log(MAX_STEP));
      for (let round = 0; round < needed; round++) turn(loop, rate, target, exactly);
      for (let round = 0; round < 50; round++) {
        turn(loop, rate, target, exactly);
        expect(loop.ratio / ideal(rate, target), `${rate} at ${target.tracesPerSecond}`).toBeCloseTo(1, 6);
      }
    }
  });

  it('is met on average under chance too', () => {
    const random = seeded(1);
    for (const { rate, target } of cases) {
      const loop = start();
      for (let round = 0; round < 40; round++) turn(loop, rate, target, byChance(random));
      let sampled = 0;
      const rounds = Math.ceil(400 / Math.min(1, rate, target.tracesPerSecond));
      for (let round = 0; round < rounds; round++) sampled += turn(loop, rate, target, byChance(random));
      const expected = rate * ideal(rate, target);
      expect(sampled / rounds / expected, `${rate} at ${target.tracesPerSecond}`).toBeGreaterThan(0.75);
      expect(sampled / rounds / expected, `${rate} at ${target.tracesPerSecond}`).toBeLessThan(1.25);
    }
  });

  it('is met where ratios take effect a minute late', () => {
    for (const lateRounds of [1, 3, 6]) {
      const target = targetOf(1);
      const loop = start();
      const history = [1];
      let sampled = 0;
      for (let round = 0; round < 150; round++) {
        const inForce = history.at(-1 - lateRounds) ?? 1;
        sampled = turn(loop, 1000, target, exactly, inForce);
        history.push(loop.ratio);
      }
      expect(sampled).toBeCloseTo(1, 1);
    }
  });
});

describe('traffic that changes', () => {
  it('is followed through tenfold steps up and down', () => {
    for (const tracesPerSecond of [0.5, 1, 10]) {
      const target = targetOf(tracesPerSecond);
      for (const steps of [
        [200, 2000, 200],
        [2000, 200, 20, 200],
        [200, 2000, 20_000, 200_000],
      ]) {
        const loop = start();
        for (const rate of steps) {
          for (let round = 0; round < 30; round++) turn(loop, rate, target, exactly);
          expect(loop.ratio / ideal(rate, target), `${rate} of ${steps.join()}`).toBeGreaterThan(0.9);
          expect(loop.ratio / ideal(rate, target), `${rate} of ${steps.join()}`).toBeLessThan(1.1);
        }
      }
    }
  });

  it('comes back to full sampling after a silence', () => {
    for (const { rate, target } of cases) {
      const loop = start();
      for (let round = 0; round < 20; round++) turn(loop, rate, target, exactly);
      const memoryRounds = Math.max(6, 1 / target.tracesPerSecond);
      const low = loop.ratio;
      for (let round = 0; round < memoryRounds * Math.log(2 / low) + 2; round++) turn(loop, 0, target, exactly);
      expect(loop.ratio, `${rate} at ${target.tracesPerSecond}`).toBe(1);
    }
  });

  it('never starves an operation that has become rare, whatever was before', () => {
    const random = seeded(2);
    for (let run = 0; run < 50; run++) {
      const target = targetOf([0.2, 1, 10][pick(random, 3)] ?? 1);
      const loop = start();
      for (let round = 0; round < 60; round++) turn(loop, 10 ** (random() * 8 - 3), target, byChance(random));
      const rare = target.tracesPerSecond / 20;
      for (let round = 0; round < 150; round++) turn(loop, rare, target, byChance(random));
      expect(loop.ratio).toBe(1);
    }
  });

  it('recovers from a program that began anew and sampled everything before it asked', () => {
    const target = targetOf(1);
    const loop = start();
    for (let round = 0; round < 20; round++) turn(loop, 1000, target, exactly);
    for (let round = 0; round < 6; round++) turn(loop, 1000, target, exactly, 1);
    expect(loop.ratio).toBeGreaterThan(0.001 / 20);
    for (let round = 0; round < 25; round++) turn(loop, 1000, target, exactly);
    expect(loop.ratio).toBeGreaterThan(0.001 / 1.3);
    expect(loop.ratio).toBeLessThan(0.001 * 1.3);
  });
});

it('stays within its bounds and takes no longer steps, whatever comes', () => {
  const random = seeded(3);
  for (let run = 0; run < 200; run++) {
    const target = { tracesPerSecond: 10 ** (random() * 6 - 2), minRatio: 10 ** (-6 * random()) };
    const loop = start();
    for (let round = 0; round < 100; round++) {
      const before = loop.ratio;
      const rate = random() < 0.3 ? 0 : 10 ** (random() * 12 - 4);
      turn(loop, rate, target, exactly, random() < 0.2 ? random() : loop.ratio);
      expect(loop.ratio).toBeGreaterThanOrEqual(target.minRatio);
      expect(loop.ratio).toBeLessThanOrEqual(1);
      expect(loop.ratio / before).toBeLessThanOrEqual(MAX_STEP * (1 + 1e-12));
      expect(before / loop.ratio).toBeLessThanOrEqual(MAX_STEP * (1 + 1e-12));
    }
  }
});
