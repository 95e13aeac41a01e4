import { describe, expect, it } from 'vitest';
import { hashOf, HyperLogLog } from '../../../collector/src/model/hyperloglog.ts';

function sketchOf(from: number, to: number, precision: number, seed = 0): HyperLogLog {
  const sketch = new HyperLogLog(precision, seed);
  for (let i = from; i < to; i++) sketch.add(`user-${i}`);
  return sketch;
}

describe('the estimate of distinct texts', () => {
  it.each([
    [10, 500],
    [10, 3000],
    [10, 20_000],
    [12, 10_000],
  ])('at precision %i of %i texts errs as much as the standard error says, to no side', (precision, count) => {
    const rounds = 60;
    let squares = 0;
    let sum = 0;
    for (let seed = 1; seed <= rounds; seed++) {
      const error = sketchOf(0, count, precision, seed * 7919).estimate() / count - 1;
      squares += error ** 2;
      sum += error;
    }
    const standard = 1.04 / Math.sqrt(2 ** precision);
    // The mean of 60 squares is within a third of the truth, that of 60 errors within three standard errors of 0.
    expect(Math.sqrt(squares / rounds)).toBeLessThan(standard * 1.35);
    expect(Math.abs(sum / rounds)).toBeLessThan((standard * 3) / Math.sqrt(rounds));
  });

  it('is exact while texts are few, and of repeats says nothing new', () => {
    const sketch = new HyperLogLog(12);
    expect(sketch.estimate()).toBe(0);
    for (let round = 0; round < 3; round++) for (let i = 0; i < 64; i++) sketch.add(`${i}`);
    expect(sketch.estimate()).toBe(64);
    expect(sketch.sizeBytes).toBe(0);
  });

  it('takes 2^p bytes however many there are', () => {
    expect(sketchOf(0, 65, 12).sizeBytes).toBe(4096);
    expect(sketchOf(0, 20_000, 6).sizeBytes).toBe(64);
  });

  it.each([
    [20, 30],
    [20, 4000],
    [4000, 20],
    [4000, 6000],
  ])('of merged sketches, of %i and %i, is that of all their texts', (first, second) => {
    const merged = sketchOf(0, first, 10);
    merged.merge(sketchOf(first / 2, first / 2 + second, 10));
    expect(merged.estimate()).toBe(sketchOf(0, Math.max(first, first / 2 + second), 10).estimate());
  });
});

describe('the hash', () => {
  it('differs by seed, order and length, and fits a double', () => {
    const texts = ['', 'a', 'aa', 'ab', 'ba', '\0', '\0\0', 'ä', '😀'];
    const hashes = texts.flatMap((text) => [hashOf(text), hashOf(text, 1)]);
    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true);
  });
});
