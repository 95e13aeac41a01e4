import { describe, expect, it } from 'vitest';
import { BIN_WIDTH } from '../../../collector/src/baseline/bins.ts';
import { ALTERNATIVES, nullsOf } from '../../../collector/src/baseline/hypotheses.ts';
import { learn } from '../../../collector/src/baseline/learner.ts';
import { LearningWindows } from '../../../collector/src/baseline/windows.ts';
import { normal } from '../../support/learned-operation.ts';
import { seeded } from '../../support/random.ts';
import { Seconds } from '../../support/steps.ts';

/** Nulls that are unlikely in themselves, of an operation whose minutes differ. */
function rareNulls(noise: number) {
  const windows = new LearningWindows();
  const seconds = new Seconds(7);
  const random = seeded(3);
  for (let minute = 0; minute < 40; minute++)
    seconds.run(60, { medianMs: 20 * Math.exp(noise * normal(random)) }, (step) => windows.add(step, 1000));
  const learned = learn(windows.windows, { seasonMs: 86_400_000, correlation: 0, minuteNoise: 0 });
  if (learned === undefined) throw new Error('nothing was learned');
  return nullsOf(learned)
    .filter(({ penalty }) => penalty > 0)
    .map(({ by, penalty }) => ({ deviations: (by * BIN_WIDTH) / learned.noise, penalty }));
}

/** How often a normal number lies further above its mean. */
function normalTail(deviations: number): number {
  const step = 1e-3;
  let sum = 0;
  for (let z = deviations + step / 2; z < 9; z += step) sum += Math.exp((-z * z) / 2) * step;
  return sum / Math.sqrt(2 * Math.PI);
}

describe('rare minutes', () => {
  it('explain what is slower by the noise, each with its own probability, once a minute for all alternatives', () => {
    const rare = rareNulls(0.15);
    expect(rare.length).toBeGreaterThan(1);
    for (const { deviations, penalty } of rare)
      expect(Math.exp(-penalty) * 60 * ALTERNATIVES).toBeCloseTo(normalTail(deviations), 2);
  });

  it('are within what is ordinary where minutes hardly differ', () => {
    expect(rareNulls(0)).toEqual([]);
  });
});
