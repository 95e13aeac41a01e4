import { expect, test } from 'vitest';
import { adjustedCount, isBelow } from '../../../collector/src/otlp/trace-state.ts';
import { Budget } from '../../../collector/src/sample/budget.ts';
import { seeded } from '../../support/random.ts';

interface Run {
  /** Spans kept by second. */
  readonly kept: number[];
  readonly estimate: number;
  readonly truth: number;
}

interface Traffic {
  readonly target: number;
  readonly seconds: number;
  /** Traces that begin in a second. */
  readonly traces: (second: number) => number;
  readonly forcedRatio: number;
  readonly waitMs: number;
  readonly seed: number;
}

const SPANS = 20;
const SPAN_BYTES = 600;

/** Traces of twenty spans within half a second, decided `waitMs` after their first. */
function run({ target, seconds, traces, forcedRatio, waitMs, seed }: Traffic): Run {
  const random = seeded(seed);
  const budget = new Budget({ spansPerSecond: target, bytesPerSecond: undefined });
  const events: { atMs: number; apply: (atMs: number) => void }[] = [];
  const kept = Array.from({ length: seconds + 60 }, () => 0);
  let estimate = 0;
  let truth = 0;
  for (let second = 0; second < seconds; second++) {
    for (let i = 0; i < traces(second); i++) {
      const startMs = (second + random()) * 1000;
      const isForced = random() < forcedRatio;
      const high = Math.floor(random() * 2 ** 28);
      for (const lateMs of [0, 500]) {
        const half = (atMs: number): void => {
          for (let span = 0; span < SPANS / 2; span++) budget.arrived(startMs, atMs, SPAN_BYTES);
        };
        events.push({ atMs: startMs + lateMs, apply: half });
      }
      events.push({
        atMs: startMs + waitMs,
        apply(atMs) {
          truth += SPANS;
          const threshold = isForced ? { high: 0, low: 0 } : budget.ceiling(startMs, atMs);
          const isKept = !isBelow(high, 0, threshold.high, threshold.low);
          budget.decided(isForced ? 'forced' : 'rest', isKept, SPANS, SPANS * SPAN_BYTES);
          if (!isKept) return;
          kept[Math.floor(atMs / 1000)] = (kept[Math.floor(atMs / 1000)] ?? 0) + SPANS;
          estimate += SPANS * adjustedCount(threshold.high, threshold.low);
        },
      });
    }
  }
  for (const { atMs, apply } of events.sort((a, b) => a.atMs - b.atMs)) apply(atMs);
  return { kept, estimate, truth };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('holds its target under tenfold steps of traffic, forced keeps included', () => {
  const check = (forcedRatio: number, waitMs: number): void => {
    const target = 1000;
    const step = (second: number): number => (second >= 90 && second < 150 ? 1600 : 160);
    const { kept } = run({ target, seconds: 230, traces: step, forcedRatio, waitMs, seed: 7 });
    const label = `forced ${forcedRatio}, wait ${waitMs}`;
    for (let from = 10 + waitMs / 1000; from + 60 <= 230; from += 10)
      expect(Math.abs(mean(kept.slice(from, from + 60)) / target - 1), `${label}, from ${from}`).toBeLessThan(0.1);
    let over = 0;
    for (const spans of kept) {
      over = spans > 2 * target ? over + 1 : 0;
      expect(over, label).toBeLessThanOrEqual(5);
    }
  };
  check(0, 6000);
  check(0.012, 6000);
  check(0.012, 30_000);
  check(0.012, 1000);
});

test('keeps everything while there is room for it', () => {
  const { kept, truth } = run({ target: 1000, seconds: 60, traces: () => 40, forcedRatio: 0, waitMs: 6000, seed: 3 });
  expect(kept.reduce((sum, spans) => sum + spans, 0)).toBe(truth);
});

test('never stops sampling the rest altogether, however much must be kept', () => {
  const { estimate, truth } = run({
    target: 100,
    seconds: 60,
    traces: () => 200,
    forcedRatio: 0.5,
    waitMs: 6000,
    seed: 4,
  });
  expect(estimate).toBeGreaterThan(truth * 0.4);
});

test('leaves estimates unbiased through steps of traffic', () => {
  let [estimate, truth] = [0, 0];
  for (let seed = 1; seed <= 60; seed++) {
    const traces = (second: number): number => (second % 10 < 5 ? 20 : 200);
    const one = run({ target: 150, seconds: 30, traces, forcedRatio: 0.01, waitMs: 3000, seed });
    estimate += one.estimate;
    truth += one.truth;
  }
  expect(Math.abs(estimate / truth - 1)).toBeLessThan(0.01);
});

test('counts what must be kept beyond the target, and nothing that only comes in a burst', () => {
  const budget = new Budget({ spansPerSecond: 100, bytesPerSecond: undefined });
  const decide = (second: number, spans: number, kept = true): void => {
    budget.arrived(second * 1000, second * 1000, SPAN_BYTES);
    budget.decided('floor', kept, spans, spans * SPAN_BYTES);
  };
  // Ten seconds' worth at once finds room where less came before.
  for (let second = 0; second < 20; second++) decide(second, 10);
  decide(20, 900);
  expect(budget.overSpans).toBe(0);
  // From then on 50 a second are too many, in parts of 25.
  for (let second = 21; second < 141; second++) for (let i = 0; i < 6; i++) decide(second, 25);
  const shown = budget.overPerSecond(140_000);
  expect(Math.abs(shown / 50 - 1)).toBeLessThan(0.03);
  expect(Math.abs(budget.overSpans / (120 * 50) - 1)).toBeLessThan(0.1);
  const before = budget.overSpans;
  decide(141, 1000, false);
  budget.decided('rest', true, 1000, 0);
  budget.decided(undefined, true, 1000, 0);
  expect(budget.overSpans).toBe(before);
  expect(budget.overPerSecond(170_000)).toBeLessThan(shown * 0.6);
  expect(budget.overPerSecond(201_000)).toBe(0);
});

test('counts a kept trace as beyond the target where either of two has no room', () => {
  const budget = new Budget({ spansPerSecond: 1000, bytesPerSecond: 1000 });
  budget.arrived(0, 0, SPAN_BYTES);
  budget.decided('forced', true, 10, 10_000);
  expect(budget.overSpans).toBe(0);
  budget.decided('forced', true, 10, 10);
  expect(budget.overSpans).toBe(10);
});
