// Streams of one kind of operation, for tests of the exam.
import { lognormal } from '../../../bench/baselines/chance.ts';
import type { Operation, StreamSpec } from '../../../bench/baselines/stream.ts';

export function operationOf(own: Partial<Operation> = {}): Operation {
  return {
    name: 'GET /',
    shape: lognormal(40, 0.5),
    ratePerS: 5,
    errorRatio: 0,
    errorRun: 1,
    failScale: 1,
    tau: 0,
    rho: 0,
    driftPerHour: 0,
    season: undefined,
    levels: [1],
    arrivals: { batch: 1, batchSd: 0, burstiness: 0, isRegular: false },
    ...own,
  };
}

/** Ten minutes of learning, twenty more. */
export function specWith(own: Partial<StreamSpec> = {}): StreamSpec {
  return {
    name: 'test-1',
    kind: 'test',
    seed: 1,
    service: 'shop',
    baseMs: 1_760_000_000_000,
    learnMs: 600_000,
    endMs: 1_800_000,
    seasonMs: undefined,
    hasTicks: false,
    isFine: false,
    sharedNoise: 0,
    ops: [operationOf()],
    harmless: [],
    causes: [],
    ...own,
  };
}
