import { describe, expect, it } from 'vitest';
import { BIN_WIDTH, BINS, logAt } from '../../../collector/src/baseline/bins.ts';
import {
  densityOf,
  type LogDensity,
  logShare,
  sharesOf,
  withParts,
  withUpper,
} from '../../../collector/src/baseline/density.ts';
import { Seconds } from '../../support/steps.ts';

function sampled(seconds: number): Uint32Array {
  const counts = new Uint32Array(BINS);
  new Seconds(1).run(seconds, { sigma: 0.5 }, ({ kinds, bins, counts: of }) => {
    for (let k = 0; k < kinds; k++) counts[bins[k]] += of[k];
  });
  return counts;
}

function sum(density: LogDensity, from = 0): number {
  return density.slice(from).reduce((total, log) => total + Math.exp(log), 0);
}

describe('a density', () => {
  it('adds up to one, and is nowhere so small that one call could prove anything', () => {
    const density = densityOf(sampled(200));
    expect(sum(density)).toBeCloseTo(1, 3);
    for (const log of density) expect(log).toBeGreaterThan(-17);
  });

  it('is near the truth, with few calls and with many', () => {
    const most = (seconds: number): number => {
      const density = densityOf(sampled(seconds));
      const middle = Math.log(0.02 / 2 ** -22) / BIN_WIDTH - 0.5;
      let off = 0;
      for (let b = 0; b < BINS; b++) {
        const z = ((b - middle) * BIN_WIDTH) / 0.5;
        const truth = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / 0.5) * BIN_WIDTH;
        off += Math.abs(Math.exp(density[b]) - truth);
      }
      return off / 2;
    };
    expect(most(15)).toBeLessThan(0.15);
    expect(most(2000)).toBeLessThan(0.03);
  });

  it('is read between bins, and at its ends beyond them', () => {
    const density = new Float32Array(BINS);
    density[10] = -1;
    density[11] = -3;
    expect(logShare(density, 10.5)).toBe(-2);
    expect(logShare(density, -7)).toBe(density[0]);
    expect(logShare(density, 400)).toBe(density[BINS - 1]);
  });

  it('with a part that takes longer has that much more beyond', () => {
    const density = densityOf(sampled(500));
    const slow = withParts(density, [{ share: 0.1, by: Math.log(10) / BIN_WIDTH }]);
    const border = Math.round(Math.log(0.02 / 2 ** -22) / BIN_WIDTH + Math.log(4) / BIN_WIDTH);
    expect(sum(slow)).toBeCloseTo(1, 2);
    expect(sum(slow, border) - sum(density, border)).toBeGreaterThan(0.08);
  });

  it('with more of its slower calls keeps its shape on either side', () => {
    const density = densityOf(sampled(500));
    const more = withUpper(density, 0.2, 0.6);
    expect(sum(more)).toBeCloseTo(1, 2);
    const factor = (b: number): number => Math.exp(more[b] - density[b]);
    let below = 0;
    let border = 0;
    while (below < 0.8) below += Math.exp(density[border++]);
    expect(factor(border + 3)).toBeCloseTo(3, 3);
    expect(factor(border - 4)).toBeCloseTo(0.5, 3);
  });

  it('has the mean of the calls, whatever is assumed where none was seen', () => {
    const mean = sharesOf(densityOf(sampled(500))).reduce((total, share, b) => total + share * Math.exp(logAt(b)), 0);
    expect(mean / (0.02 * Math.exp(0.5 ** 2 / 2))).toBeCloseTo(1, 1);
  });
});
