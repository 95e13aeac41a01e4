import { expect, test } from 'vitest';
import { adjustedCount, isBelow } from '../../../collector/src/otlp/trace-state.ts';
import { type Candidate, type HardCapOptions, HardCaps } from '../../../collector/src/sample/hard-caps.ts';
import type { PolicyClass } from '../../../collector/src/sample/sampler.ts';
import { pick, seeded } from '../../support/random.ts';

const NO_CAPS: HardCapOptions = { spansPerSecond: undefined, bytesPerSecond: undefined };

let next = 0;

function candidate(random: () => number, each: PolicyClass, spans: number): Candidate {
  const randomHigh = Math.floor(random() * 2 ** 28);
  const randomLow = Math.floor(random() * 2 ** 28);
  const threshold = { high: 0, low: 0 };
  return { trace: next++, class: each, policy: 0, threshold, randomHigh, randomLow, spans, bytes: spans * 600 };
}

interface Slice {
  readonly kept: { readonly of: Candidate; readonly weight: number }[];
  readonly spans: number;
  readonly bytes: number;
}

function close(caps: HardCaps, idleSeconds = 0): Slice {
  const kept: Slice['kept'] = [];
  caps.close({ seconds: 1, idleSeconds }, (of, isKept, { high, low }) => {
    // What is kept passes its own threshold, what is not fails it: the threshold is what the randomness was compared with.
    expect(isBelow(of.randomHigh, of.randomLow, high, low)).toBe(!isKept);
    if (isKept) kept.push({ of, weight: adjustedCount(high, low) });
  });
  const sum = (unit: 'spans' | 'bytes'): number => kept.reduce((total, { of }) => total + of[unit], 0);
  return { kept, spans: sum('spans'), bytes: sum('bytes') };
}

test('keeps everything, at its own threshold, while there is room', () => {
  const caps = new HardCaps({ ...NO_CAPS, spansPerSecond: 1000 });
  const random = seeded(1);
  for (let i = 0; i < 20; i++) caps.add(candidate(random, 'rest', 8));
  const { kept } = close(caps);
  expect(kept).toHaveLength(20);
  expect(kept.every(({ weight }) => weight === 1)).toBe(true);
});

test('keeps those with the highest randomness where there is not room for all', () => {
  const caps = new HardCaps({ ...NO_CAPS, spansPerSecond: 80 });
  const random = seeded(2);
  const all = Array.from({ length: 100 }, () => candidate(random, 'rest', 8));
  for (const each of all) caps.add(each);
  const { kept } = close(caps);
  expect(kept).toHaveLength(10);
  const best = all.toSorted((a, b) => b.randomHigh - a.randomHigh || b.randomLow - a.randomLow).slice(0, 10);
  expect(new Set(kept.map(({ of }) => of))).toEqual(new Set(best));
  expect(kept.reduce((sum, { weight }) => sum + weight, 0)).toBeGreaterThan(50);
});

test('fills by class: forced first, floors next, the rest with what is left, and never less than two of each', () => {
  const caps = new HardCaps({ ...NO_CAPS, spansPerSecond: 160 });
  const random = seeded(3);
  const add = (each: PolicyClass, count: number): void => {
    for (let i = 0; i < count; i++) caps.add(candidate(random, each, 8));
  };
  add('rest', 100);
  add('floor', 8);
  add('forced', 10);
  const first = close(caps);
  const of = (slice: Slice, each: PolicyClass): number => slice.kept.filter((kept) => kept.of.class === each).length;
  expect([of(first, 'forced'), of(first, 'floor'), of(first, 'rest')]).toEqual([10, 8, 2]);
  add('forced', 100);
  add('floor', 100);
  add('rest', 100);
  const second = close(caps);
  expect([of(second, 'forced'), of(second, 'floor'), of(second, 'rest')]).toEqual([20, 2, 2]);
});

test('pays what was too much back in later slices, also in empty ones, and saves nothing up', () => {
  const caps = new HardCaps({ ...NO_CAPS, spansPerSecond: 100 });
  const random = seeded(4);
  // Ten traces where the mean promised twelve small ones: 400 spans over.
  for (let i = 0; i < 10; i++) caps.add(candidate(random, 'rest', 50));
  expect(close(caps).spans).toBe(500);
  for (let i = 0; i < 100; i++) caps.add(candidate(random, 'rest', 1));
  expect(close(caps).kept).toHaveLength(2);
  // Ten empty seconds later there is one slice's room again, not ten.
  for (let i = 0; i < 1000; i++) caps.add(candidate(random, 'rest', 1));
  expect(close(caps, 9).spans).toBeLessThanOrEqual(100);
});

test('holds spans and bytes at once, whichever is tighter, over a minute of uneven traffic', () => {
  const check = (options: HardCapOptions, unit: 'spans' | 'bytes', limit: number): void => {
    const caps = new HardCaps(options);
    const random = seeded(5);
    let total = 0;
    for (let second = 0; second < 60; second++) {
      const load = second % 20 < 10 ? 40 : 400;
      for (let i = 0; i < load; i++)
        caps.add(
          candidate(random, (['forced', 'floor', 'rest'] as const)[pick(random, 3)] ?? 'rest', 1 + pick(random, 40)),
        );
      total += close(caps)[unit];
    }
    expect(total / 60, JSON.stringify(options)).toBeLessThanOrEqual(limit * 1.02);
    expect(total / 60).toBeGreaterThan(limit * 0.9);
  };
  check({ ...NO_CAPS, spansPerSecond: 500 }, 'spans', 500);
  check({ ...NO_CAPS, bytesPerSecond: 300_000 }, 'bytes', 300_000);
  check({ spansPerSecond: 5000, bytesPerSecond: 300_000 }, 'bytes', 300_000);
});

test('leaves estimates unbiased: what is kept, weighted by its threshold, stands for all', () => {
  let truth = 0;
  let estimate = 0;
  for (let seed = 1; seed <= 1500; seed++) {
    const caps = new HardCaps({ ...NO_CAPS, spansPerSecond: 200 });
    const random = seeded(seed);
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 60 + pick(random, 60); i++) {
        const one = candidate(random, random() < 0.1 ? 'forced' : 'rest', random() < 0.1 ? 40 : 1 + pick(random, 8));
        truth += one.spans;
        caps.add(one);
      }
      estimate += close(caps).kept.reduce((sum, { of, weight }) => sum + of.spans * weight, 0);
    }
  }
  expect(Math.abs(estimate / truth - 1)).toBeLessThan(0.01);
});
