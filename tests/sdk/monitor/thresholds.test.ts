// Bounds of this process: raised, held, cleared.
import { describe, expect, it } from 'vitest';
import type { AlertData, AlertType } from '../../../sdk/src/monitor/alert.ts';
import { type Threshold, Thresholds } from '../../../sdk/src/monitor/thresholds.ts';

const STEP_MS = 10_000;

/** Plays a step of calls at a time and judges each. @returns what was told, with its step */
function play(
  threshold: Threshold,
  steps: readonly { calls: number; durationMs?: number; errors?: number }[],
): string[] {
  const told: string[] = [];
  let step = 0;
  const thresholds = new Thresholds({ op: threshold }, 0, (type: AlertType, data: AlertData) =>
    told.push(`${step} ${type} ${data.state} ${data.summary}`),
  );
  for (; step < steps.length; step++) {
    const { calls, durationMs = 1, errors = 0 } = steps[step] ?? { calls: 0 };
    for (let i = 0; i < calls; i++) thresholds.record('op', durationMs, i < errors, step * STEP_MS);
    thresholds.record('another', 1e6, true, step * STEP_MS);
    thresholds.judge(step * STEP_MS + STEP_MS / 2, 1e12);
  }
  return told;
}

const fast = { calls: 30, durationMs: 10 };
const slow = { calls: 30, durationMs: 500 };
const none = { calls: 0 };

describe('thresholds', () => {
  it('are raised once, and cleared once calls have been within for a while', () => {
    const told = play({ p95Ms: 200 }, [
      fast,
      slow,
      slow,
      slow,
      fast,
      fast,
      fast,
      fast,
      fast,
      fast,
      fast,
      fast,
      fast,
      fast,
    ]);
    expect(told).toEqual([
      '1 latency firing op: p95 was 500 ms over the last minute, more than its bound of 200 ms (60 calls)',
      '12 latency resolved op: p95 was 10 ms over the last minute, within its bound of 200 ms again',
    ]);
  });

  it('know the share of failed calls', () => {
    const told = play({ errorRatio: 0.05 }, [
      { calls: 100, errors: 5 },
      { calls: 100, errors: 10 },
    ]);
    expect(told).toEqual([
      '1 error firing op: 7.5 % of calls failed over the last minute, more than its bound of 5 % (200 calls)',
    ]);
  });

  it('do not flap at their bound', () => {
    const steps = Array.from({ length: 60 }, (_, i) => ({ calls: 100, durationMs: i % 2 === 0 ? 190 : 205 }));
    expect(play({ meanMs: 197 }, steps)).toHaveLength(1);
  });

  it('need calls to be raised', () => {
    expect(play({ p95Ms: 200 }, [{ calls: 19, durationMs: 500 }])).toEqual([]);
    expect(play({ p95Ms: 200 }, [{ calls: 20, durationMs: 500 }])).toHaveLength(1);
    expect(play({ p95Ms: 200, minCalls: 5 }, [{ calls: 5, durationMs: 500 }])).toHaveLength(1);
  });

  it('are cleared when nobody calls any more', () => {
    const told = play({ p95Ms: 200 }, [slow, ...Array.from({ length: 12 }, () => none)]);
    expect(told.map((each) => each.split(' ').slice(0, 3).join(' '))).toEqual([
      '0 latency firing',
      '9 latency resolved',
    ]);
  });

  it('judge each figure by itself', () => {
    const told = play({ p95Ms: 200, p99Ms: 200, errorRatio: 0.1, meanMs: 600 }, [
      { calls: 100, durationMs: 500, errors: 50 },
    ]);
    expect(told.map((each) => each.split(' ').slice(0, 5).join(' '))).toEqual([
      '0 latency firing op: p95',
      '0 latency firing op: p99',
      '0 error firing op: 50',
    ]);
  });
});
