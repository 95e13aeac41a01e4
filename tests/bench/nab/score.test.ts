// Small cases worked by hand; that whole corpora come out as published is checked by the bench, which has the data.
import { describe, expect, it } from 'vitest';
import { bestIndex, indexAt, type Judged, totalsOf } from '../../../bench/nab/score.ts';

const ROWS = 200;
const times = Array.from({ length: ROWS }, (_, i) => `row ${i}`);
const WINDOW = ['row 100', 'row 119'] as const;

/** A series of 200 rows, 30 of them on probation, with scores at some rows and 0 at all others. */
function series(at: Readonly<Record<number, number>>, windows: Judged['windows'] = [WINDOW]): Judged {
  return { times, scores: times.map((_, i) => at[i] ?? 0), windows };
}

/** The total at threshold 0.5. */
function total(...corpus: readonly Judged[]): number {
  const totals = totalsOf(corpus);
  return totals.totals[indexAt(totals, 0.5)] ?? NaN;
}

describe('the benchmark', () => {
  it('gives nothing for silence and 100 for being right at once', () => {
    expect(total(series({}))).toBe(0);
    expect(total(series({ 100: 1 }))).toBeCloseTo(100, 10);
    expect(total(series({ 100: 1 }), series({ 100: 0.4 }))).toBeCloseTo(50, 10);
  });

  it('gives less the later a window is found, and counts each window once', () => {
    // A twentieth before the right edge: 2 / (1 + exp(-0.25)) - 1 = 0.12435, of 0.98661 at the left edge.
    expect(total(series({ 119: 1 }))).toBeCloseTo(50 * (1 + 0.12435 / 0.98661), 2);
    expect(total(series({ 110: 1, 119: 1, 115: 1 }))).toBe(total(series({ 110: 1 })));
  });

  it('takes 0.11 for a false alarm, less shortly after a window', () => {
    expect(total(series({ 60: 1, 100: 1 }))).toBeCloseTo(100 - 50 * 0.11, 10);
    // A nineteenth behind: 2 / (1 + exp(5 / 19)) - 1 = -0.13082.
    expect(total(series({ 100: 1, 120: 1 }))).toBeCloseTo(100 - 50 * 0.11 * 0.13082, 3);
    expect(total(series({ 100: 1, 180: 1 }))).toBeCloseTo(100 - 50 * 0.11, 10);
  });

  it('does not count rows on probation', () => {
    expect(total(series({ 0: 1, 29: 1, 100: 1 }))).toBeCloseTo(100, 10);
    expect(total(series({ 30: 1, 100: 1 }))).toBeCloseTo(100 - 50 * 0.11, 10);
  });

  it('finds the one threshold that is best over all series', () => {
    const totals = totalsOf([
      series({ 60: 0.3, 100: 0.9 }),
      series({ 50: 0.6, 60: 0.6, 100: 0.7 }),
      series({ 40: 0.65, 70: 0.2 }, []),
    ]);
    const best = bestIndex(totals);
    expect(totals.thresholds[best]).toBe(0.7);
    expect(totals.totals[best]).toBeCloseTo(100, 10);
    expect(totals.found[best]).toBe(2);
    expect(totals.falseAlarms[best]).toBe(0);
    expect(totals.falseAlarms[indexAt(totals, 0.6)]).toBe(3);
  });
});
