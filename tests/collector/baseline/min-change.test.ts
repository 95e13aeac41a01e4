// What is too small to be told of, of an operation that has learned, and what becomes of it as it grows and ends.
import { describe, expect, it } from 'vitest';
import { baselineConfig } from '../../../collector/src/baseline/config.ts';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { addedMs, leastChangeOf, worthTelling } from '../../../collector/src/baseline/min-change.ts';
import { Operation } from '../../../collector/src/baseline/operation.ts';
import { Violations } from '../../../collector/src/baseline/violations.ts';
import { subjectOf } from '../../../collector/src/baseline/watched.ts';
import { type Behaviour, Seconds } from '../../support/steps.ts';

const DAY_S = 86_400;
const SUBJECT = subjectOf('shop', 'GET /', 'SPAN_KIND_SERVER');

const configOf = (yaml: object) => baselineConfig.parse({ min_change: yaml }).min_change;

interface Scene {
  /** Lets seconds pass, and answers what was told: kind, severity. */
  pass(seconds: number, behaviour?: Partial<Behaviour>): string[];
  readonly operation: Operation;
  /** Kinds of what was withheld; each as often as it was looked at. */
  readonly withheld: string[];
}

/** Twenty milliseconds in the median, learned. */
function scene(yaml: object, behaviour: Partial<Behaviour> = {}): Scene {
  const config = configOf(yaml);
  const options = { stepMs: 1000, seasonMs: DAY_S * 1000, learnUntilMs: undefined, secondsPerFalseAlarm: 24 * DAY_S };
  const operation = new Operation(options);
  const violations = new Violations(() => 'id');
  const seconds = new Seconds(3);
  const withheld: string[] = [];
  const pass: Scene['pass'] = (count, own = {}) => {
    const said: string[] = [];
    seconds.run(count, { ...behaviour, ...own }, (step) => {
      const changes: readonly Change[] = operation.take(step);
      const chosen = worthTelling(config, { subject: SUBJECT, operation }, changes, violations);
      withheld.push(...chosen.withheld);
      for (const change of chosen.told) {
        violations.take(SUBJECT, change, []);
        said.push(`${change.kind} ${change.severity}`);
      }
    });
    return said;
  };
  pass(700);
  return { pass, operation, withheld };
}

describe('a change that is too small', () => {
  it('is watched and not told of, nor that it is over', () => {
    const { pass, operation, withheld } = scene({ latency: '30ms' });
    expect(pass(120, { medianMs: 40 })).toEqual([]);
    expect([operation.open, new Set(withheld)]).toEqual([['latency'], new Set(['latency'])]);
    expect(pass(120)).toEqual([]);
    expect(operation.open).toEqual([]);
  });

  it('is told of once it is large enough, until it is over', () => {
    const { pass, withheld } = scene({ latency: '30ms' });
    expect(pass(60, { medianMs: 40 })).toEqual([]);
    const before = withheld.length;
    const grown = pass(240, { medianMs: 120 });
    expect([grown[0], grown.at(-1)]).toEqual(['latency warning', 'latency critical']);
    expect(before).toBeGreaterThan(0);
    withheld.length = 0;
    // The detector ends what is near normal again; what is left is another change, and too small to begin with.
    expect(pass(300, { medianMs: 36 }).at(-1)).toBe('latency none');
    expect(new Set(withheld)).toEqual(new Set(['latency']));
    expect(pass(120)).toEqual([]);
  });

  it('is one of few errors, where a share is asked for', () => {
    const few = scene({ errors: 0.3 });
    expect(few.pass(120, { errorRatio: 0.15 })).toEqual([]);
    expect([few.operation.open, new Set(few.withheld)]).toEqual([['error'], new Set(['error'])]);
    expect(scene({ errors: 0.05 }).pass(60, { errorRatio: 0.15 })[0]).toMatch(/^error/);
  });

  it('is never that calls have stopped', () => {
    expect(scene({ latency: '1h', errors: 1 }).pass(60, { rate: 0 })).toEqual(['throughput emergency']);
  });

  it('is none where nothing is asked for', () => {
    expect(scene({}).pass(60, { medianMs: 40 })[0]).toMatch(/^latency/);
  });
});

describe('what counts for an operation', () => {
  it('is the first override that means it, and for the rest what counts for all', () => {
    const config = configOf({
      latency: '2ms',
      errors: 0.01,
      overrides: [
        { service: 'shop', operation: 'GET /health*', latency: '50ms' },
        { operation: 'GET *', errors: 0.2 },
      ],
    });
    const of = (service: string, name: string): number[] => {
      const { latencyMs, errorRatio } = leastChangeOf(config, subjectOf(service, name, 'SPAN_KIND_SERVER'));
      return [latencyMs, errorRatio];
    };
    expect(of('shop', 'GET /healthz')).toEqual([50, 0.01]);
    expect(of('till', 'GET /healthz')).toEqual([2, 0.2]);
    expect(of('shop', 'POST /health')).toEqual([2, 0.01]);
  });
});

describe('added time', () => {
  it('is that of the median or of the mean, whichever is more', () => {
    const { operation } = scene({});
    const { learned } = operation;
    if (learned === undefined) throw new Error('it has not learned');
    const ratio = { value: 2, low: 1.9, high: 2.1 };
    const moved = (...ratios: number[]) =>
      ratios.map((each, i) => ({ quantile: [0.5, 0.95, 0.99][i] ?? 1, ratio: each }));
    expect(addedMs({ ratio, quantiles: [] }, learned)).toBeCloseTo(20, -1);
    expect(addedMs({ ratio, quantiles: moved(2, 2, 2) }, learned)).toBeGreaterThan(20);
    // Only the slowest: a hundredth of 39 ms and half of what lies between.
    const tail = addedMs({ ratio, quantiles: moved(1, 1, 2) }, learned);
    expect(tail).toBeGreaterThan(0.7);
    expect(tail).toBeLessThan(2);
    expect(addedMs({ ratio, quantiles: moved(3, 1, 1) }, learned)).toBeCloseTo(40, -1);
  });
});
