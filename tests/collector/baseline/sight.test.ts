// What is said of how soon a change would be seen, against the tests themselves on made-up traffic.
import { expect, it } from 'vitest';
import { BINS } from '../../../collector/src/baseline/bins.ts';
import { ErrorTest } from '../../../collector/src/baseline/error-test.ts';
import { LatencyTest } from '../../../collector/src/baseline/latency-test.ts';
import type { Learned } from '../../../collector/src/baseline/learned.ts';
import { type Limits, secondsToErrors, secondsToSlower } from '../../../collector/src/baseline/sight.ts';
import { emptyStep, type Step } from '../../../collector/src/baseline/step.ts';
import { type CallShape, fillStep, learnedOperation, lognormal, STARTED_MS } from '../../support/learned-operation.ts';
import { type Random, seeded } from '../../support/random.ts';

const RUNS = 15;
const MOST_SECONDS = 2000;
/** Of the median of a few runs, which is not quite the mean of all. */
const TOLERANCE = 1.5;

const STEADY: CallShape = { callsPerSecond: 5, errorRatio: 0.01, draw: lognormal(0.02, 0.35) };
const BUSY: CallShape = { callsPerSecond: 60, draw: lognormal(0.005, 0.7) };
const SELDOM: CallShape = { callsPerSecond: 0.5, draw: lognormal(0.4, 0.25) };
const TWO_LEVELS: CallShape = {
  callsPerSecond: 8,
  draw: (random) => (random() < 0.7 ? lognormal(0.002, 0.3) : lognormal(0.03, 0.3))(random),
};

interface Known {
  readonly learned: Learned;
  readonly limits: Limits;
}

function known(shape: CallShape, random: Random): Known {
  const { learned, limits } = learnedOperation(shape, 1500, random);
  if (learned === undefined || limits === undefined) throw new Error('nothing was learned');
  return { learned, limits };
}

/** Seconds until a test has the evidence, the median of several runs. */
function medianSeconds(run: (step: Step) => boolean): number {
  const seconds = Array.from({ length: RUNS }, () => {
    const step = emptyStep(BINS);
    let s = 1;
    while (!run(step) && s < MOST_SECONDS) s++;
    return s;
  });
  return seconds.sort((a, b) => a - b)[(RUNS - 1) / 2] ?? NaN;
}

function expectNear(what: unknown, said: number, found: number): void {
  const isNear = said < found * TOLERANCE && found < said * TOLERANCE;
  expect([what, isNear ? 'near' : `${said} s said, ${found} s found`]).toEqual([what, 'near']);
}

it('says how soon slower calls are seen', () => {
  const random = seeded(5);
  const check = (name: string, shape: CallShape, ...ratios: number[]): void => {
    const { learned, limits } = known(shape, random);
    const said = secondsToSlower(learned, limits, ratios);
    ratios.forEach((ratio, i) => {
      let test = new LatencyTest(learned, limits.guard);
      const found = medianSeconds((step) => {
        fillStep(step, shape, random, ratio);
        test.take(step, 0, 1000, limits.latencyNats + 16);
        const isSeen = (test.best()?.nats ?? 0) >= limits.latencyNats;
        if (isSeen) test = new LatencyTest(learned, limits.guard);
        return isSeen;
      });
      expectNear([name, ratio], said[i] ?? NaN, found);
    });
  };
  check('steady', STEADY, 1.3, 1.5, 2, 5);
  check('busy', BUSY, 1.2, 1.5, 3);
  check('seldom', SELDOM, 1.5, 2, 5);
  check('two levels', TWO_LEVELS, 1.5, 2);
});

it('says how soon errors are seen', () => {
  const random = seeded(6);
  const check = (name: string, shape: CallShape, ...ratios: number[]): void => {
    const { learned, limits } = known(shape, random);
    for (const errorRatio of ratios) {
      let test = new ErrorTest(learned);
      const found = medianSeconds((step) => {
        fillStep(step, { ...shape, errorRatio }, random);
        test.take(step, 1000, limits.errorNats + 16);
        const isSeen = test.nats >= limits.errorNats;
        if (isSeen) test = new ErrorTest(learned);
        return isSeen;
      });
      expectNear([name, errorRatio], secondsToErrors(learned, limits, errorRatio), found);
    }
  };
  check('steady', STEADY, 0.05, 0.2, 0.9);
  check('busy', BUSY, 0.05, 0.5);
  check('seldom', SELDOM, 0.2, 0.5);
});

it('says how soon a stop is seen', () => {
  const random = seeded(10);
  const check = (name: string, shape: CallShape): void => {
    const operation = learnedOperation(shape, 1500, random);
    const said = (operation.limits?.silentMs ?? NaN) / 1000;
    const step = emptyStep(BINS);
    // Learning ended with the last second.
    step.timeMs = operation.learned === undefined ? NaN : STARTED_MS + 1500 * 1000;
    let found = 0;
    do {
      found++;
      step.timeMs += 1000;
    } while (operation.take(step).every(({ kind }) => kind !== 'throughput') && found < MOST_SECONDS);
    expectNear(name, said, found);
  };
  check('steady', STEADY);
  check('seldom', SELDOM);
  check('two levels', TWO_LEVELS);
});

it('says that what is within normal is not seen in a month', () => {
  const { learned, limits } = known(STEADY, seeded(7));
  const month = 30 * 86_400;
  for (const seconds of secondsToSlower(learned, limits, [1, 1.05])) expect(seconds).toBeGreaterThan(month);
  expect(secondsToErrors(learned, limits, 0.011)).toBe(Infinity);
});

it('sees larger changes no later', () => {
  const { learned, limits } = known(STEADY, seeded(8));
  const slower = secondsToSlower(learned, limits, [1.3, 1.5, 2, 3, 5, 20]);
  expect(slower).toEqual([...slower].sort((a, b) => b - a));
  const errors = [0.05, 0.1, 0.3, 1].map((ratio) => secondsToErrors(learned, limits, ratio));
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
});
