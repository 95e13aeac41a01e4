// What live and scan have found, side by side.
import { describe, expect, it } from 'vitest';
import { delaysOf, pairsOf } from '../../../bench/live-baselines/compare.ts';
import { scoreStream, type Violation } from '../../../bench/baselines/score.ts';
import type { Regression, Truth } from '../../../bench/baselines/truth.ts';

const regression = (onsetMs: number): Regression => ({
  cause: onsetMs,
  op: 'GET /a',
  kind: 'scale',
  violations: ['latency'],
  onsetMs,
  recoveryMs: onsetMs + 100_000,
  boundS: 10,
  ratePerS: 1,
  severities: ['warning'],
  ratio: 2,
});
const TRUTH: Truth = {
  name: 'stream',
  kind: 'heavy',
  startMs: 0,
  learnUntilMs: 100_000,
  endMs: 4_000_000,
  ops: [{ op: 'GET /a', ratePerS: 1, tau: 0.05 }],
  regressions: [200_000, 1_200_000, 2_200_000, 3_200_000].map(regression),
  harmless: [],
};
const found = (...times: readonly number[]): Violation[] =>
  times.flatMap((t_ms) => [
    { t_ms, op: 'GET /a', kind: 'latency', severity: 'warning' as const },
    { t_ms: t_ms + 50_000, op: 'GET /a', kind: 'latency', severity: 'none' as const },
  ]);

describe('delays of live against scan', () => {
  it('are those of what both have found; the rest is counted', () => {
    const scan = [scoreStream(TRUTH, found(210_000, 1_210_000, 2_210_000))];
    const live = [scoreStream(TRUTH, found(213_000, 1_217_000, 3_210_000))];
    expect(delaysOf(pairsOf(scan, live))).toEqual({
      both: 2,
      onlyScan: 1,
      onlyLive: 1,
      meanS: 5,
      p50S: 7,
      p90S: 7,
      worstS: 7,
    });
  });
});
