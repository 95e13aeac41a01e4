import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, streamKey } from '../../../collector/src/limit/series-digest.ts';
import { type StreamState, StreamStore } from '../../../collector/src/limit/stream-store.ts';
import type { StreamKey } from '../../../collector/src/limit/stream-table.ts';
import type { PointValue } from '../../../collector/src/model/data-point.ts';
import { exponentialOf, histogramOf, numberValue } from '../../support/data-points.ts';
import { oneOf, pick, seeded } from '../../support/random.ts';

const KIB = 1024;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-limit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const storeOf = (maxMemoryBytes = 64 * KIB, maxBytes = 64 * KIB * KIB, path = folder): StreamStore =>
  new StreamStore({ folder: path, maxMemoryBytes, maxBytes });
const digest = digestOf('secret');
const keyOf = (n: number): StreamKey => streamKey(digest(`stream ${n}`));
const state = (value: PointValue, seenMs = 1): StreamState => ({
  target: 1,
  seenMs,
  timeMs: 2.5,
  startMs: 1.25,
  value,
});

const VALUES: readonly ((n: number) => PointValue)[] = [
  (n) => numberValue(n),
  (n) => ({ type: 'summary', count: n, sum: n / 3, quantiles: [] }),
  (n) => histogramOf([n % 7, n], n % 2 === 0 ? [1, 10, 100] : [5]),
  (n) => exponentialOf([1 + n, 1 + (n % 5)], n % 4),
  (n) => ({ ...exponentialOf([0, 3], 2), negative: { offset: -3 - n, counts: [n, 0, 1] } }),
];
const withoutExtremes = (value: PointValue): unknown =>
  value.type === 'number' || value.type === 'summary' ? value : { ...value, min: undefined, max: undefined };

describe('last values of streams', () => {
  it('are what was kept last, of any kind, however often pages go to disk and come back', () => {
    const random = seeded(7);
    const store = storeOf();
    const naive = new Map<number, StreamState>();
    for (let step = 0; step < 10_000; step++) {
      const n = pick(random, 2500);
      const make = VALUES[n % VALUES.length] ?? numberValue;
      const known = naive.get(n);
      const { type } = known?.value ?? make(n);
      if (random() < 0.2) {
        store.remove(keyOf(n), type);
        naive.delete(n);
      } else if (random() < 0.5) {
        const next = state(make(n % 5 === 3 ? pick(random, 500) : n), step);
        expect(store.set(keyOf(n), next, 0)).toBe(true);
        naive.set(n, next);
      } else {
        const got = store.get(keyOf(n), type);
        expect(got === undefined).toBe(known === undefined);
        if (got === undefined || known === undefined) continue;
        expect({ ...got, value: withoutExtremes(got.value) }).toEqual({
          ...known,
          value: withoutExtremes(known.value),
        });
      }
    }
    expect(store.count).toBe(naive.size);
    expect(store.diskBytes).toBeGreaterThan(100 * KIB);
    expect(store.memoryBytes).toBeLessThan(70 * KIB);
    store.close();
  });

  it('need no file while memory holds them, and leave none behind after that', () => {
    const path = join(folder, 'made', 'when-needed');
    const store = storeOf(64 * KIB, 64 * KIB * KIB, path);
    store.set(keyOf(1), state(numberValue(1)), 0);
    expect(readdirSync(folder)).toEqual([]);
    for (let n = 0; n < 5000; n++) store.set(keyOf(n), state(numberValue(n)), 0);
    expect(store.diskBytes).toBeGreaterThan(0);
    expect(readdirSync(path)).toEqual([]);
    expect(store.get(keyOf(4321), 'number')?.value).toMatchObject({ value: 4321 });
    store.close();
  });

  it('tell keys apart that are the same but for one word', () => {
    const store = storeOf();
    const keys: StreamKey[] = [
      [1, 2, 3, 4],
      [1, 2, 3, 5],
      [1, 2, 4, 4],
      [1, 3, 3, 4],
      [0xffffffff, 2, 3, 4],
    ];
    for (const [i, key] of keys.entries()) store.set(key, state(numberValue(i)), 0);
    expect(keys.map((key) => store.get(key, 'number')?.value)).toMatchObject(
      [0, 1, 2, 3, 4].map((value) => ({ value })),
    );
    store.remove([1, 2, 3, 5], 'number');
    expect(store.get([1, 2, 3, 5], 'number')).toBeUndefined();
    expect(store.get([1, 2, 3, 4], 'number')?.value).toMatchObject({ value: 0 });
    store.close();
  });

  it('make room by what was not seen for long, else are refused, and what was known stays', () => {
    const store = storeOf(64 * KIB, 64 * KIB);
    let n = 0;
    while (store.set(keyOf(n), state(numberValue(n), n), -1)) n++;
    expect(n).toBeGreaterThan(500);
    expect(store.get(keyOf(n), 'number')).toBeUndefined();
    expect(store.set(keyOf(0), state(numberValue(77), n), -1)).toBe(true);
    const { count } = store;
    expect(store.set(keyOf(n), state(numberValue(n), n), n)).toBe(true);
    expect(store.count).toBeLessThan(count);
    expect(store.forgottenUntilMs).toBe(2.5);
    expect(store.get(keyOf(0), 'number')?.value).toMatchObject({ value: 77 });
    store.close();
  });

  it('stay in memory where no file can be made, and say why there is none', () => {
    writeFileSync(join(folder, 'taken'), '');
    const store = storeOf(64 * KIB, 64 * KIB * KIB, join(folder, 'taken'));
    let n = 0;
    while (n < 20_000 && store.set(keyOf(n), state(numberValue(n)), 0)) n++;
    expect(n).toBeGreaterThan(500);
    expect(n).toBeLessThan(20_000);
    expect(store.problem).toMatch(/taken/);
    expect(store.get(keyOf(n - 1), 'number')?.value).toMatchObject({ value: n - 1 });
    store.close();
  });

  it('become coarser or lose their buckets where a record could not hold them', () => {
    const store = storeOf();
    const wide = exponentialOf(
      Array.from({ length: 400 }, (_, i) => 1.05 ** i),
      5,
    );
    store.set(keyOf(1), state(wide), 0);
    const kept = store.get(keyOf(1), 'exponential_histogram')?.value;
    expect(kept).toMatchObject({ count: 400, sum: wide.sum });
    expect(kept?.type === 'exponential_histogram' && kept.scale < 5).toBe(true);
    const many = histogramOf(
      [1, 2, 3],
      Array.from({ length: 2000 }, (_, i) => i),
    );
    store.set(keyOf(2), state(many), 0);
    expect(store.get(keyOf(2), 'histogram')?.value).toMatchObject({ count: 3, sum: 6, counts: [] });
    store.close();
  });

  it('are swept a page at a time, round and round', () => {
    const random = seeded(3);
    const store = storeOf();
    for (let n = 0; n < 3000; n++) store.set(keyOf(n), state(numberValue(n), oneOf(random, [1, 9])), 0);
    let pages = 0;
    while (!store.sweepNumbers(({ seenMs }) => seenMs === 1)) pages++;
    expect(pages).toBeGreaterThan(10);
    const left = Array.from({ length: 3000 }, (_, n) => store.get(keyOf(n), 'number')?.seenMs);
    expect(left.filter((seenMs) => seenMs === 1)).toEqual([]);
    expect(store.count).toBe(left.filter((seenMs) => seenMs === 9).length);
    store.close();
  });
});
