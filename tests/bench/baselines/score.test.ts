// The scorer on streams of a few lines.
import { describe, expect, it } from 'vitest';
import { type Met, scoreStream, type StreamScore, type Violation } from '../../../bench/baselines/score.ts';
import { summaryOf } from '../../../bench/baselines/summary.ts';
import type { Regression, Truth } from '../../../bench/baselines/truth.ts';

const HOUR = 3_600_000;
const REGRESSION: Regression = {
  cause: 0,
  op: 'a',
  kind: 'scale',
  violations: ['latency'],
  onsetMs: 2 * HOUR,
  recoveryMs: 2 * HOUR + 300_000,
  boundS: 12,
  ratePerS: 6,
  severities: ['warning'],
  ratio: 3,
};

function truthWith(...regressions: readonly Regression[]): Truth {
  const ops = ['a', 'b'].map((op) => ({ op, ratePerS: 6, tau: 0 }));
  return { name: 's', kind: 'heavy', startMs: 0, learnUntilMs: HOUR, endMs: 25 * HOUR, ops, regressions, harmless: [] };
}

type Told = readonly [seconds: number, severity: Violation['severity'], more?: Partial<Violation>];

/** Lines by seconds after the onset. */
function said(...lines: readonly Told[]): Violation[] {
  return lines.map(([seconds, severity, more]) => ({
    t_ms: 2 * HOUR + seconds * 1000,
    op: 'a',
    kind: 'latency',
    severity,
    ...more,
  }));
}

const scored = (...lines: readonly Told[]): StreamScore => scoreStream(truthWith(REGRESSION), said(...lines));
const metBy = (...lines: readonly Told[]): Met => scored(...lines).met[0] as Met;

describe('a regression', () => {
  it('is found by the first line within it, and cleared by the first none after it', () => {
    const met = metBy([20, 'info'], [40, 'warning', { ratio_ci: [2, 4] }], [320, 'none']);
    expect(met).toMatchObject({ delayMs: 20_000, clearMs: 20_000, reopenings: 0, interval: [2, 4] });
    expect(met.last?.severity).toBe('warning');
  });

  it('is missed by silence, by another operation, and by an alarm that was there before and stays', () => {
    expect(metBy().delayMs).toBeNull();
    expect(metBy([20, 'info', { op: 'b' }]).delayMs).toBeNull();
    expect(metBy([-90, 'warning'], [20, 'warning'], [30, 'info']).delayMs).toBeNull();
  });

  it('is found by an escalation of an alarm that was there before', () => {
    expect(metBy([-90, 'info'], [20, 'warning']).delayMs).toBe(20_000);
  });

  it('found after its recovery is late, and not judged', () => {
    const met = metBy([330, 'warning'], [400, 'none']);
    expect(met).toMatchObject({ delayMs: 330_000, clearMs: null });
    expect(met.last).toBeUndefined();
    expect(scored([330, 'warning'], [400, 'none']).falseAlarms).toEqual([]);
  });

  it('that clears and is raised again is reopened, which is no false alarm', () => {
    const score = scored([20, 'info'], [100, 'none'], [120, 'info'], [310, 'none'], [330, 'info'], [340, 'none']);
    expect(score.met[0]?.reopenings).toBe(2);
    expect(score.falseAlarms).toEqual([]);
  });

  it('that never clears, or not before the next one, takes forever', () => {
    expect(metBy([20, 'info']).clearMs).toBe(Infinity);
    const next = { ...REGRESSION, cause: 1, onsetMs: 3 * HOUR, recoveryMs: 3 * HOUR + 300_000 };
    const score = scoreStream(truthWith(REGRESSION, next), said([20, 'info'], [4000, 'none']));
    expect(score.met[0]?.clearMs).toBe(Infinity);
  });
});

describe('a false alarm', () => {
  const alarms = (...lines: readonly Told[]): number => scored(...lines).falseAlarms.length;

  it('is a raise where nothing is wrong, with the operation or at the time', () => {
    expect(alarms([-600, 'info'], [-500, 'none'])).toBe(1);
    expect(alarms([20, 'info', { op: 'b' }])).toBe(1);
    expect(alarms([361, 'info'])).toBe(1);
    expect(alarms([359, 'info'])).toBe(0);
  });

  it('is no escalation, and nothing said while learning', () => {
    expect(alarms([-600, 'info'], [-590, 'warning'], [-580, 'info'])).toBe(1);
    expect(alarms([-4000, 'info'], [-3900, 'none'])).toBe(0);
  });

  it('counts once for a group while one of it is open', () => {
    const group = 'g';
    expect(alarms([-600, 'info', { group }], [-590, 'info', { group, op: 'b' }])).toBe(1);
    expect(alarms([-600, 'info', { group }], [-590, 'info', { op: 'b' }])).toBe(2);
    expect(alarms([-600, 'info', { group }], [-590, 'none', { group }], [-580, 'info', { group, op: 'b' }])).toBe(2);
  });

  it('takes time that is counted, and its days are those without anything wrong', () => {
    const score = scored([-600, 'info'], [-500, 'none'], [20, 'info'], [400, 'none']);
    expect(score.operationDays).toBeCloseTo(2 - 360 / 86_400, 9);
    expect(score.falseDays).toBeCloseTo((100 + 40) / 86_400, 9);
  });
});

describe('a cause with several operations', () => {
  const both = truthWith(REGRESSION, { ...REGRESSION, op: 'b' });
  const grouped = (a: string, b: string): StreamScore =>
    scoreStream(both, said([20, 'info', { group: a }], [25, 'info', { group: b, op: 'b' }]));

  it('is grouped where all that were found say the same group', () => {
    expect(grouped('g', 'g')).toMatchObject({ families: 1, grouped: 1 });
    expect(grouped('g', 'h')).toMatchObject({ families: 1, grouped: 0 });
    expect(scoreStream(both, said([20, 'info']))).toMatchObject({ families: 0, grouped: 0 });
  });
});

describe('the summary', () => {
  it('counts what the bound allows, and judges the last line', () => {
    const hard = { ...REGRESSION, boundS: 45 };
    const stop: Regression = {
      ...REGRESSION,
      kind: 'stop',
      violations: ['throughput', 'hang'],
      severities: ['emergency'],
      ratio: null,
    };
    const summary = summaryOf([
      scored([20, 'warning', { ratio_ci: [2.5, 3.5] }], [330, 'none']),
      scored([70, 'info', { ratio_ci: [1.1, 1.4] }], [310, 'none']),
      scoreStream(truthWith(hard), said([20, 'warning', { kind: 'error' }], [340, 'none'])),
      scoreStream(truthWith(stop), said([10, 'emergency', { kind: 'hang' }], [305, 'none'])),
      scoreStream({ ...truthWith(), kind: 'quiet' }, said([0, 'info'])),
    ]);
    expect(summary).toMatchObject({
      regressions: 4,
      findable: 3,
      strong: 2,
      strongRecall: 0.5,
      severity: 0.75,
      kind: 0.75,
      emergency: 1,
      intervals: 2,
      coverage: 0.5,
      quietAlarms: 1,
      trapAlarms: 0,
      quietAlarmsPerDay: 0.5,
    });
    expect(summary.recall).toBeCloseTo(2 / 3, 9);
    expect(summary.clearS).toBe(30);
  });
});
