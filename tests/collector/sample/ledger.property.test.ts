// The ledger in memory against a plain Map.
import { expect, test } from 'vitest';
import { type DecisionRecord, Ledger, type RetiredDecisions } from '../../../collector/src/sample/ledger.ts';
import { readRecord, recordsOver, RECORD_WORDS } from '../../../collector/src/sample/ledger-record.ts';
import { hexId, idRandomHigh, idRandomLow } from '../../../collector/src/otlp/trace-id.ts';
import { pick, seeded } from '../../support/random.ts';

type Id = readonly [number, number, number, number];

const CAUSES = ['root', 'wait', 'budget', 'stop', 'error', 'size', 'match'] as const;
const START_SECONDS = 1_800_000_000;

/** Ids that differ in one word only are as likely as any: an index must look at all four. */
function idOf(n: number): Id {
  const words = [7, 7, 7, 7];
  words[n % 4] = n;
  return words as unknown as Id;
}

/** Any record, as a decision could leave it; times and durations as exact as the ledger keeps them. */
function anyRecord(random: () => number, n: number): DecisionRecord {
  const flag = (): boolean => random() < 0.5;
  return {
    kept: flag(),
    policy: pick(random, 65) - 1,
    thresholdHigh: pick(random, 2 ** 28),
    thresholdLow: pick(random, 2 ** 28),
    randomHigh: pick(random, 2 ** 28),
    randomLow: pick(random, 2 ** 28),
    hasRandom: flag(),
    cause: CAUSES[pick(random, CAUSES.length)] ?? 'wait',
    wait: pick(random, 9) - 1,
    spanCount: pick(random, 2 ** 24),
    longestEntryMs: Math.fround(random() * 1e6),
    rootMs: flag() ? -1 : Math.fround(random() * 1e6),
    hasError: flag(),
    matched: pick(random, 2 ** 31),
    capped: flag(),
    drops: flag(),
    linked: flag(),
    cut: flag(),
    nowMs: (START_SECONDS + n) * 1000,
  };
}

test('remembers the last decisions whole, forgetting the oldest first, half of the room at a time', () => {
  const random = seeded(1);
  const [room, half] = [1000, 500];
  const ledger = new Ledger(room, 12_345);
  const records: DecisionRecord[] = [];
  for (let n = 1; n <= 5000; n++) {
    records[n] = anyRecord(random, n);
    ledger.add(...idOf(n), records[n] as DecisionRecord);
    const remembered = n <= room ? n : half + ((n - 1) % half) + 1;
    expect(ledger.count).toBe(remembered);
    if (n % 125 !== 0) continue;
    for (let old = Math.max(1, n - 1500); old <= n; old++) {
      const row = ledger.find(...idOf(old));
      expect(row === -1, `${old} at ${n}`).toBe(old <= n - remembered);
      if (row === -1) continue;
      expect(ledger.isKept(row)).toBe(records[old]?.kept);
      expect(ledger.read(row)).toEqual(records[old]);
    }
    expect(ledger.oldestMs).toBe((START_SECONDS + n - remembered + 1) * 1000);
  }
});

test('hands over what it forgets, all of it and once, also at the end', () => {
  const random = seeded(2);
  const ledger = new Ledger(600, 7);
  const retired = new Map<string, DecisionRecord>();
  const blocks: RetiredDecisions[] = [];
  ledger.retire = (block) => {
    blocks.push(block);
    const records = recordsOver(block.records);
    for (let row = 0; row < block.count; row++) {
      const [a = 0, b = 0, c = 0, d = 0] = records.words.subarray(row * RECORD_WORDS);
      expect(retired.has(hexId(a, b, c, d))).toBe(false);
      retired.set(hexId(a, b, c, d), readRecord(records, row));
    }
  };
  const expected = new Map<string, DecisionRecord>();
  for (let n = 1; n <= 2450; n++) {
    const record = anyRecord(random, n);
    expected.set(hexId(...idOf(n)), record);
    ledger.add(...idOf(n), record);
    expect(retired.size + ledger.count).toBe(n);
  }
  ledger.retireAll();
  expect(ledger.count).toBe(0);
  expect(ledger.oldestMs).toBeUndefined();
  expect(ledger.find(...idOf(2450))).toBe(-1);
  expect(retired).toEqual(expected);
  for (const [i, { firstSeconds, lastSeconds, count }] of blocks.entries()) {
    expect(lastSeconds - firstSeconds).toBe(count - 1);
    if (i > 0) expect(firstSeconds).toBe((blocks[i - 1]?.lastSeconds ?? 0) + 1);
  }
});

test('finds by the end of its id what was decided before another, also in the older half, and nothing decided after', () => {
  const ledger = new Ledger(600, 7);
  const random = seeded(4);
  const ids = Array.from({ length: 800 }, (): Id => [1, 2, 3, 4].map(() => pick(random, 2 ** 32)) as unknown as Id);
  for (const [n, id] of ids.entries()) ledger.add(...id, anyRecord(random, n));
  // Of 800, the first 300 are forgotten.
  const check = (other: number, sought: number, isFound: boolean): void => {
    const id = ids[sought] ?? [0, 0, 0, 0];
    const found = ledger.idBefore(ledger.find(...(ids[other] ?? id)), idRandomHigh(id[2], id[3]), idRandomLow(id[3]));
    expect(found, `${sought} before ${other}`).toBe(isFound ? hexId(...id) : undefined);
  };
  for (let i = 0; i < 500; i++) {
    const [other, sought] = [300 + pick(random, 500), 200 + pick(random, 600)];
    check(other, sought, sought >= 300 && sought < other);
  }
  check(300, 300, false);
  check(799, 300, true);
});

test('finds every decision it remembers, whenever its index has grown', () => {
  // So many rows that the index is grown for the last one of the first half.
  const room = 2 * 21_846;
  const ledger = new Ledger(room, 5);
  const record = anyRecord(seeded(5), 0);
  for (let n = 1; n <= room + 2; n++) {
    ledger.add(n, 0, 0, n, record);
    if (n % 10_923 === 0)
      for (let old = 1; old <= n; old++) if (ledger.find(old, 0, 0, old) === -1) expect(old).toBe(0);
  }
  expect(ledger.count).toBe(room / 2 + 2);
  for (let n = room / 2 + 1; n <= room + 2; n++) if (ledger.find(n, 0, 0, n) === -1) expect(n).toBe(0);
});

test('keeps a million decisions in 64 bytes each, and is right for those kept, dropped and never seen', () => {
  const million = 1_000_000;
  const ledger = new Ledger(million, 99);
  const random = seeded(3);
  const words = new Uint32Array(million * 4);
  const record: DecisionRecord = { ...anyRecord(random, 0), kept: false };
  for (let n = 0; n < million; n++) {
    for (let i = 0; i < 4; i++) words[n * 4 + i] = pick(random, 2 ** 32);
    const [a = 0, b = 0, c = 0, d = 0] = words.subarray(n * 4, n * 4 + 4);
    record.kept = n % 10 === 3;
    record.spanCount = n & 0xffff;
    record.nowMs = (START_SECONDS + Math.floor(n / 1000)) * 1000;
    ledger.add(a, b, c, d, record);
  }
  expect(ledger.count).toBe(million);
  expect(ledger.sizeBytes / ledger.count).toBeLessThanOrEqual(64);
  expect(ledger.oldestMs).toBe(START_SECONDS * 1000);
  let wrong = 0;
  for (let n = 0; n < million; n++) {
    const [a = 0, b = 0, c = 0, d = 0] = words.subarray(n * 4, n * 4 + 4);
    const row = ledger.find(a, b, c, d);
    if (row === -1 || ledger.isKept(row) !== (n % 10 === 3)) wrong++;
    // One word of the id differs: never seen.
    if (ledger.find(a, b, c ^ 1, d) !== -1) wrong++;
    if (n % 1000 === 0) expect(ledger.read(row).spanCount).toBe(n & 0xffff);
  }
  expect(wrong).toBe(0);
}, 60_000);
