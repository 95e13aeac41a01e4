import { describe, expect, it } from 'vitest';
import {
  addShifted,
  BIN_WIDTH,
  binOf,
  BINS,
  logAt,
  meanPlace,
  placeOf,
  quantilePlace,
  spreadOf,
  totalOf,
} from '../../../collector/src/baseline/bins.ts';

function counts(of: Record<number, number>): Float64Array {
  const all = new Float64Array(BINS);
  for (const [bin, count] of Object.entries(of)) all[Number(bin)] = count;
  return all;
}

describe('bins', () => {
  it.each([
    [0, 0],
    [1e-9, 0],
    [0.001, 96],
    [1, 175],
    [5000, BINS - 1],
  ])('put %d s into bin %d', (seconds, bin) => {
    expect(binOf(seconds)).toBeGreaterThanOrEqual(bin - 1);
    expect(binOf(seconds)).toBeLessThanOrEqual(bin + 1);
  });

  it('hold what is within half their width of their middle', () => {
    for (let bin = 1; bin < BINS - 1; bin++) {
      expect(binOf(Math.exp(logAt(bin)))).toBe(bin);
      expect(binOf(Math.exp(logAt(bin) + 0.49 * BIN_WIDTH))).toBe(bin);
      expect(binOf(Math.exp(logAt(bin) - 0.49 * BIN_WIDTH))).toBe(bin);
      expect(placeOf(logAt(bin))).toBeCloseTo(bin, 9);
    }
  });

  it('have a mean, a spread and quantiles', () => {
    const even = counts({ 10: 2, 12: 2 });
    expect(totalOf(even)).toBe(4);
    expect(meanPlace(even)).toBe(11);
    expect(spreadOf(even)).toBe(1);
    expect(quantilePlace(even, 0.25)).toBe(10);
    expect(quantilePlace(even, 1)).toBe(12.5);
    expect(meanPlace(counts({}))).toBeNaN();
    expect(quantilePlace(counts({}), 0.5)).toBeNaN();
  });

  it('are moved by parts of a bin without losing a call', () => {
    const into = new Float64Array(BINS);
    addShifted(into, counts({ 100: 8 }), 2.25);
    expect([into[102], into[103]]).toEqual([6, 2]);
    addShifted(into, counts({ 3: 4 }), -50);
    addShifted(into, counts({ 250: 4 }), 50);
    expect([into[0], into[BINS - 1]]).toEqual([4, 4]);
    expect(totalOf(into)).toBe(16);
  });
});
