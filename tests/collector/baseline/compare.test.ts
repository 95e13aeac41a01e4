import { describe, expect, it } from 'vitest';
import { BIN_WIDTH } from '../../../collector/src/baseline/bins.ts';
import { compareRuns } from '../../../collector/src/baseline/compare.ts';
import type { Compared, Comparison } from '../../../collector/src/baseline/comparison.ts';
import type { Learned } from '../../../collector/src/baseline/learned.ts';
import { RecordedRun, type RecordedOperation } from '../../../collector/src/baseline/recorded-run.ts';
import { recordedRun, type RunOptions, SHOP } from '../../support/recorded-runs.ts';

function runOf(options: RunOptions): RecordedOperation[] {
  const run = new RecordedRun();
  for (const call of recordedRun(options)) run.take(call);
  return run.end('run');
}

const baselines = new Map<string, RecordedOperation[]>();
function baselineOf(options: RunOptions): RecordedOperation[] {
  const key = JSON.stringify(options);
  const known = baselines.get(key);
  if (known !== undefined) return known;
  const run = new RecordedRun();
  for (const call of recordedRun(options)) run.take(call);
  baselines.set(key, run.end('baseline'));
  return baselineOf(options);
}

const BASELINE = { seed: 1000 };

function compare(run: RunOptions, isNormalized = false, baseline: RunOptions = BASELINE): Comparison {
  return compareRuns(baselineOf(baseline), runOf(run), { tolerance: 0.2, isNormalized });
}

function verdicts({ operations }: Comparison): Record<string, string> {
  return Object.fromEntries(operations.map(({ name, verdict }) => [name, verdict]));
}

function found({ operations }: Comparison, name: string): Compared | undefined {
  return operations.find((each) => each.name === name);
}

describe('two runs of the same build', () => {
  it('pass ten times on machines that differ by a tenth from run to run', () => {
    for (let seed = 1; seed <= 10; seed++) expect(compare({ seed }).outcome, `seed ${seed}`).toBe('fine');
  });

  it('are the same where they are one', () => {
    const comparison = compare(BASELINE);
    expect(new Set(Object.values(verdicts(comparison)))).toEqual(new Set(['same']));
    expect(comparison.shift?.ratio.value).toBeCloseTo(1, 1);
  });
});

describe('a build slowed 1.5 times', () => {
  it('fails, whatever the seed', () => {
    for (const seed of [11, 12, 13, 14]) {
      const altered = { 'GET /cart': { scale: 1.5 } };
      const comparison = compare({ seed, altered });
      expect(verdicts(comparison), `seed ${seed}`).toEqual({ ...SAME, 'GET /cart': 'slower' });
      expect(comparison.outcome).toBe('regression');
      expect(comparison.operations[0]?.name).toBe('GET /cart');
      const { ratio, quantiles } = comparison.operations[0]?.measured ?? {};
      expect(ratio?.low).toBeLessThan(1.5);
      expect(ratio?.high).toBeGreaterThan(1.5);
      expect(quantiles?.find(({ quantile }) => quantile === 0.5)?.moved).toBe('slower');
    }
  });

  it('fails where there is but one operation', () => {
    const one = SHOP.slice(0, 1);
    const baseline = { seed: 1002, operations: one, betweenRuns: 0.03 };
    expect(compare({ ...baseline, seed: 15 }, false, baseline).outcome).toBe('fine');
    expect(compare({ ...baseline, seed: 15, machine: 1.5 }, false, baseline).outcome).toBe('regression');
  });

  it('fails where the machine is slower by a tenth meanwhile, for that is taken out', () => {
    const altered = { 'POST /orders': { scale: 1.5 } };
    const { operations, shift } = compare({ seed: 16, machine: 1.1, betweenRuns: 0, altered }, false, {
      seed: 1003,
      betweenRuns: 0,
    });
    expect(shift).toMatchObject({ isDividedOut: true, isCommon: false });
    expect(shift?.ratio.value).toBeCloseTo(1.1, 1);
    expect(operations[0]).toMatchObject({ name: 'POST /orders', verdict: 'slower' });
    expect(operations[0]?.measured?.ratio.value).toBeLessThan(1.62);
  });

  it('is told as faster the other way round', () => {
    const comparison = compare({ seed: 11, altered: { 'SELECT orders': { scale: 0.6 } } });
    expect(verdicts(comparison)).toEqual({ ...SAME, 'SELECT orders': 'faster' });
    expect(comparison.outcome).toBe('fine');
  });
});

describe('what a whole baseline knows', () => {
  const quiet = { seconds: 660, operations: SHOP.slice(0, 1), betweenRuns: 0, ofOperation: 0 };
  const slowed = { ...quiet, seed: 52, seconds: 120, machine: 1.5 };
  /** A baseline of one operation with more in it. */
  const outcome = (more: Partial<Learned>): string => {
    const [operation] = baselineOf({ ...quiet, seed: 51 });
    const { learned } = operation ?? {};
    if (operation === undefined || learned === undefined) throw new Error('nothing was learned');
    expect(operation.isProvisional).toBe(false);
    const known = { ...operation, learned: { ...learned, ...more } };
    return compareRuns([known], runOf(slowed), { tolerance: 0.2, isNormalized: false }).outcome;
  };

  it('is allowed for: a level it also has, the season of the time of the run', () => {
    expect(outcome({})).toBe('regression');
    const { density, fromMs = NaN } = baselineOf({ ...quiet, seed: 51 })[0]?.learned ?? {};
    if (density === undefined) throw new Error('nothing was learned');
    expect(outcome({ levels: [{ density, from: Math.log(1.5) / BIN_WIDTH }] })).toBe('fine');
    // The run is a day later, and every other day is slower.
    const dayMs = 86_400_000;
    const season = (slowerMs: number): Partial<Learned> => {
      const angle = (slowerMs % (2 * dayMs)) * (Math.PI / dayMs);
      const bins = Math.log(1.5) / BIN_WIDTH / 2;
      return { season: { periodMs: 2 * dayMs, terms: [bins * Math.cos(angle), bins * Math.sin(angle), 0, 0] } };
    };
    expect(outcome(season(fromMs + dayMs))).toBe('fine');
    expect(outcome(season(fromMs))).toBe('regression');
  });
});

describe('a machine twice as slow', () => {
  it('is said to be that, and fails where nobody asked to divide it out', () => {
    const comparison = compare({ seed: 21, machine: 2 });
    expect(comparison.outcome).toBe('regression');
    expect(comparison.shift).toMatchObject({ operations: 5, isCommon: true, isDividedOut: false });
    expect(comparison.shift?.ratio.value).toBeGreaterThan(1.6);
  });

  it('is divided out where that was asked for, and hides no regression of one operation', () => {
    expect(compare({ seed: 21, machine: 2 }, true).outcome).toBe('fine');
    const comparison = compare({ seed: 22, machine: 2, altered: { render: { scale: 1.5 } } }, true);
    expect(verdicts(comparison)).toEqual({ ...SAME, render: 'slower' });
  });

  it('cannot be told from a slower build by too few operations', () => {
    const comparison = compare({ seed: 23, machine: 2, operations: SHOP.slice(0, 2) }, true);
    expect(comparison.shift).toBeUndefined();
    expect(found(comparison, 'GET /cart')?.verdict).toBe('slower');
  });
});

describe('other changes', () => {
  it('finds a tail that alone has grown', () => {
    const { operations } = compare({ seed: 31, altered: { 'GET /cart': { scale: 8, share: 0.04 } } });
    const moved = operations[0]?.measured?.quantiles.map((each) => each.moved);
    expect(operations[0]).toMatchObject({ name: 'GET /cart', verdict: 'slower' });
    expect(moved).toEqual(['same', expect.any(String), 'slower']);
  });

  it('finds more errors, and not a few', () => {
    expect(verdicts(compare({ seed: 32, altered: { 'GET /cart': { errorRatio: 0.03 } } }))).toEqual({
      ...SAME,
      'GET /cart': 'more errors',
    });
    expect(compare({ seed: 33, altered: { 'GET /cart': { errorRatio: 0.002 } } }).outcome).toBe('fine');
  });

  it('says what is new and what is missing', () => {
    const comparison = compare({ seed: 34, operations: SHOP.slice(1) }, false, {
      seed: 1001,
      operations: SHOP.slice(0, -1),
    });
    expect(verdicts(comparison)).toMatchObject({ 'GET /cart': 'missing', render: 'new', 'SELECT orders': 'same' });
    expect(comparison.outcome).toBe('fine');
  });
});

describe('too few calls', () => {
  const few = SHOP.slice(0, 2).map((operation) => ({ ...operation, perSecond: 0.15 }));

  it('are said to be too few, with how many are needed', () => {
    const comparison = compare({ seed: 41, operations: few });
    expect(comparison.outcome).toBe('unjudged');
    const cart = found(comparison, 'GET /cart');
    expect(cart?.verdict).toBe('too few calls');
    const needed = cart?.measured?.neededCalls ?? NaN;
    expect(needed).toBeGreaterThan(cart?.calls.run ?? Infinity);
    // As many do.
    const operations = few.map((operation) => ({ ...operation, perSecond: Math.ceil((1.5 * needed) / 120) }));
    expect(found(compare({ seed: 42, operations }), 'GET /cart')?.verdict).toBe('same');
  });

  it('still show what is plain', () => {
    const altered = { 'GET /cart': { scale: 5 } };
    expect(found(compare({ seed: 43, operations: few, altered }), 'GET /cart')?.verdict).toBe('slower');
  });
});

const SAME = Object.fromEntries(SHOP.map(({ name }) => [name, 'same']));
