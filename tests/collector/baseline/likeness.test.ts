import { describe, expect, it } from 'vitest';
import { SecondClusters } from '../../../collector/src/baseline/likeness.ts';
import { type Behaviour, Seconds } from '../../support/steps.ts';

/** Correlation over so many windows of half a minute. @param of the second that comes */
function correlation(windows: number, of: (second: number) => Partial<Behaviour>): number {
  const clusters = new SecondClusters();
  const seconds = new Seconds(1);
  for (let second = 0; second < windows * 30; second++) {
    clusters.add(seconds.next(of(second)));
    if (second % 30 === 29) clusters.closeWindow();
  }
  return clusters.correlation();
}

describe('calls of one second', () => {
  it('are not alike where each comes by itself', () => {
    expect(correlation(80, () => ({}))).toBeLessThan(0.01);
  });

  it('are alike where seconds differ, as much as they do', () => {
    // Medians of seconds 0.4 apart, up or down, about a common sigma of 0.4: half of the variance is between seconds.
    const alternating = (second: number): Partial<Behaviour> => ({
      medianMs: second % 2 === 0 ? 20 : 20 * Math.exp(0.8),
    });
    expect(correlation(80, alternating)).toBeGreaterThan(0.4);
    expect(correlation(80, alternating)).toBeLessThan(0.6);
  });

  it('are not alike because of a pause now and then', () => {
    // One second in five minutes is ten times as slow.
    expect(correlation(80, (second) => (second % 300 === 150 ? { medianMs: 200 } : {}))).toBeLessThan(0.03);
  });
});
