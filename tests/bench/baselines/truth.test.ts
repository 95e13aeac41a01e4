// The bound against the closed forms of the issue, and severities by size.
import { describe, expect, it } from 'vitest';
import {
  type Cause,
  type Effect,
  effect,
  type Operation,
  type RegressionKind,
} from '../../../bench/baselines/stream.ts';
import { errorDivergence, guardOf, type Regression, severitiesOf, truthOf } from '../../../bench/baselines/truth.ts';
import { operationOf, specWith } from './streams.ts';

const [ONSET, RECOVERY] = [900_000, 1_300_000];
const GOAL = Math.log(5 * 8_640_000);

function regressionOf(kind: RegressionKind, does: Partial<Effect>, own: Partial<Operation> = {}): Regression {
  const effects = [effect(kind, [0], [ONSET, RECOVERY], does)];
  const cause: Cause = { kind, onsetMs: ONSET, recoveryMs: RECOVERY, effects };
  const [regression] = truthOf(specWith({ ops: [operationOf(own)], causes: [cause] })).regressions;
  if (regression === undefined) throw new Error('no regression');
  return regression;
}

describe('the bound', () => {
  const check = (regression: Regression, expected: number): void => {
    expect(Math.abs((regression.boundS ?? Infinity) / expected - 1)).toBeLessThan(0.05);
  };

  it('of a shift is ln(calls in 100 days) over rate and divergence to the guarded baseline', () => {
    check(regressionOf('scale', { scaleFrom: 2 }), GOAL / ((5 * Math.log(2 / 1.08) ** 2) / 0.5));
    const tau = 0.1;
    check(regressionOf('scale', { scaleFrom: 3 }, { tau }), GOAL / ((5 * Math.log(3 / guardOf(tau)) ** 2) / 0.5));
  });

  it('is none where the guard explains the shift', () => {
    expect(regressionOf('scale', { scaleFrom: 1.2 }, { tau: 0.1 }).boundS).toBeNull();
  });

  it('of errors is held against 1.3 times the usual and 0.2 %', () => {
    check(
      regressionOf('errors', { errorRatio: 0.05 }, { errorRatio: 0.005 }),
      GOAL / (5 * errorDivergence(0.05, 0.005)),
    );
    check(regressionOf('errors', { errorRatio: 1 }), GOAL / (5 * Math.log(1 / 0.002)));
    expect(regressionOf('errors', { errorRatio: 0.008 }, { errorRatio: 0.005 }).boundS).toBeNull();
  });

  it('of silence is that of a gap', () => {
    check(regressionOf('stop', { rateFrom: 0 }), GOAL / 5);
    check(regressionOf('hang', { hangs: true }), GOAL / 5);
  });

  it('of what grows comes later than that of what is there at once', () => {
    const { boundS } = regressionOf('ramp', { scaleFrom: 1, scaleTo: 3 });
    expect(boundS).toBeGreaterThan(3 * (regressionOf('scale', { scaleFrom: 3 }).boundS ?? Infinity));
    expect(boundS).toBeLessThan(300);
  });

  it('takes the rate of the moment', () => {
    const effects = [effect('scale', [0], [ONSET, RECOVERY], { scaleFrom: 2 })];
    const truth = truthOf(
      specWith({
        harmless: [effect('rate changed', [0], [0, 1_800_000], { rateFrom: 0.5 })],
        causes: [{ kind: 'scale', onsetMs: ONSET, recoveryMs: RECOVERY, effects }],
      }),
    );
    expect(truth.regressions[0]?.ratePerS).toBe(2.5);
    const whole = regressionOf('scale', { scaleFrom: 2 }).boundS ?? NaN;
    expect((truth.regressions[0]?.boundS ?? NaN) / whole).toBeCloseTo(1.92, 1);
  });

  it('of a shift to a level it knows is none', () => {
    const levels = [1, 2];
    expect(regressionOf('scale', { scaleFrom: 2 }, { levels }).boundS).toBeNull();
    expect(regressionOf('scale', { scaleFrom: 4 }, { levels }).boundS).toBeGreaterThan(
      regressionOf('scale', { scaleFrom: 4 }).boundS ?? Infinity,
    );
  });

  it('grows where calls tell the same as their neighbours', () => {
    const plain = regressionOf('errors', { errorRatio: 0.2 }).boundS ?? NaN;
    expect((regressionOf('errors', { errorRatio: 0.2 }, { errorRun: 3 }).boundS ?? NaN) / plain).toBeCloseTo(3, 5);
    const arrivals = { batch: 4, batchSd: 0.2, burstiness: 2, isRegular: false };
    for (const [kind, does] of [
      ['scale', { scaleFrom: 3 }],
      ['stop', { rateFrom: 0 }],
    ] as const)
      expect(regressionOf(kind, does, { arrivals }).boundS).toBeGreaterThan(
        regressionOf(kind, does).boundS ?? Infinity,
      );
  });
});

describe('severities', () => {
  it('are two near a boundary and one elsewhere', () => {
    expect(severitiesOf(1.3)).toEqual(['info']);
    expect(severitiesOf(1.8)).toEqual(['info', 'warning']);
    expect(severitiesOf(2.2)).toEqual(['info', 'warning']);
    expect(severitiesOf(2.4)).toEqual(['warning']);
    expect(severitiesOf(4.5)).toEqual(['warning', 'critical']);
    expect(severitiesOf(5.8)).toEqual(['critical']);
    expect(severitiesOf(200)).toEqual(['critical']);
  });

  it('go by the geometric mean of a shift, p98.5 of a tail, and at least 0.5 % of errors', () => {
    expect(regressionOf('scale', { scaleFrom: 3 }).ratio).toBeCloseTo(3, 9);
    expect(regressionOf('errors', { errorRatio: 0.02 }, { errorRatio: 0.001 }).ratio).toBeCloseTo(4, 9);
    const tail = regressionOf('tail', { scaleFrom: 10, share: 0.05 });
    expect(tail.ratio).toBeGreaterThan(2.5);
    expect(tail.ratio).toBeLessThan(10);
    expect(regressionOf('stop', { rateFrom: 0 }).severities).toEqual(['emergency']);
  });

  it('of what it is open to compare with have no ratio', () => {
    expect(regressionOf('ramp', { scaleFrom: 1, scaleTo: 3 }).ratio).toBeNull();
    expect(regressionOf('scale', { scaleFrom: 3 }, { levels: [1, 2] }).ratio).toBeNull();
    expect(regressionOf('scale', { scaleFrom: 3 }, { driftPerHour: 0.3 }).ratio).toBeNull();
  });
});
