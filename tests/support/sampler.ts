// A sampler from policies as they stand in a configuration file.
import { sampleConfig } from '../../collector/src/sample/config.ts';
import type { SamplingState } from '../../collector/src/sample/contract.ts';
import { createSampler, type Sampler } from '../../collector/src/sample/sampler.ts';
import { seeded } from './random.ts';

export function testSampler(
  policies: readonly Readonly<Record<string, unknown>>[],
  waits: readonly Readonly<Record<string, unknown>>[] = [],
): Sampler {
  const config = sampleConfig.parse({ policies, waits });
  return createSampler(config.policies, seeded(1), config.waits);
}

/** A sidecar in which nothing has happened yet. */
export const QUIET_SAMPLING: SamplingState = {
  estimate: { exact: 0, estimate: 0, low: 0, high: 0, isEnough: false },
  budgetRatio: 1,
  floorsOverBudget: 0,
  policies: [],
  overload: { ratio: 1 },
  notRandom: [],
  pins: 0,
};
