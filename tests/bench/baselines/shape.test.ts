// Densities the bound is made of: against closed forms, and against what is drawn.
import { describe, expect, it } from 'vitest';
import { lognormal, mixture } from '../../../bench/baselines/chance.ts';
import {
  arithmeticMean,
  cellsOf,
  changed,
  draw,
  geometricMean,
  guardedDivergence,
  quantile,
  type Shape,
} from '../../../bench/baselines/shape.ts';
import { seeded } from '../../support/random.ts';

const scaled = (shape: Shape, scale: number, share = 1): Shape =>
  changed(shape, { scale, share, missRatio: undefined });
const SHAPES = [lognormal(40, 0.5), lognormal(40, 0.4, 0.5), mixture([0.9, 5, 0.3], [0.1, 90, 0.6])];

describe('a shape', () => {
  it('has a probability of one and the quantiles of what is drawn', () => {
    for (const shape of SHAPES) {
      const cells = cellsOf(shape);
      expect(cells.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 4);
      const random = seeded(5);
      const drawn = Array.from({ length: 40_000 }, () => Math.exp(draw(shape, undefined, random))).sort(
        (a, b) => a - b,
      );
      for (const ratio of [0.1, 0.5, 0.95, 0.985]) {
        const seen = drawn[Math.floor(ratio * drawn.length)] ?? NaN;
        expect(Math.abs(Math.log(seen / quantile(cells, ratio)))).toBeLessThan(0.08);
      }
      const mean = drawn.reduce((sum, each) => sum + Math.log(each), 0) / drawn.length;
      expect(Math.exp(mean) / geometricMean(shape)).toBeCloseTo(1, 1);
    }
  });

  it('has the means of a lognormal', () => {
    expect(geometricMean(lognormal(40, 0.5))).toBeCloseTo(40, 9);
    expect(arithmeticMean(lognormal(40, 0.5))).toBeCloseTo(40 * Math.exp(0.125), 9);
    expect(arithmeticMean(lognormal(40, 0.5, 1.2))).toBe(Infinity);
  });

  it('draws misses as often as it is told', () => {
    const random = seeded(9);
    const shape = { ...mixture([0.9, 1, 0.1], [0.1, 1000, 0.1]), isCache: true };
    const misses = Array.from({ length: 10_000 }, () => draw(shape, 0.6, random)).filter((log) => log > Math.log(30));
    expect(misses.length / 10_000).toBeCloseTo(0.6, 1);
  });
});

describe('guarded divergence', () => {
  const check = (scale: number, guard: number, expected: number): void => {
    const shape = lognormal(40, 0.5);
    expect(guardedDivergence(cellsOf(scaled(shape, scale)), cellsOf(shape), guard)).toBeCloseTo(expected, 2);
  };

  it('is that of lognormals, to the nearest harmless scale', () => {
    check(2, 1, Math.log(2) ** 2 / (2 * 0.25));
    check(2, 1.25, Math.log(2 / 1.25) ** 2 / (2 * 0.25));
    check(0.5, 1, Math.log(2) ** 2 / (2 * 0.25));
  });

  it('is nothing where a harmless scale explains all', () => {
    check(1.2, 1.25, 0);
    check(0.9, 1.25, 0);
  });

  it('of a tail is less than that of the same scale of all calls, and grows with its share', () => {
    const shape = lognormal(40, 0.5);
    const of = (share: number): number => guardedDivergence(cellsOf(scaled(shape, 8, share)), cellsOf(shape), 1.1);
    expect(of(0.02)).toBeGreaterThan(0.01);
    expect(of(0.06)).toBeGreaterThan(2 * of(0.02));
    expect(of(1)).toBeGreaterThan(10 * of(0.06));
  });
});
