// The hot path's tables against a Map, under random insertions and removals.
import { expect, test } from 'vitest';
import { ContextTable } from '../../../collector/src/otlp/context-table.ts';
import { EMPTY, HashIndex } from '../../../collector/src/otlp/hash-index.ts';
import { hashBytes, Interner, OVERFLOW_ID } from '../../../collector/src/otlp/interner.ts';
import { pick, seeded } from '../../support/random.ts';

const utf8 = (key: Uint8Array): string => Buffer.from(key).toString();

test('finds exactly what is in the index, however often slots are removed and reused', () => {
  const random = seeded(1);
  for (const hashes of [4, 64, 2 ** 32]) {
    const capacity = 100;
    const index = new HashIndex(capacity);
    const held = new Map<number, number>();
    for (let i = 0; i < 20_000; i++) {
      const id = pick(random, capacity);
      if (held.has(id)) {
        index.remove(id);
        held.delete(id);
      } else {
        // Few distinct hashes force long probes, which are where a backward shift goes wrong.
        const hash = pick(random, hashes) | 0;
        index.insert(id, hash);
        held.set(id, hash);
      }
      if (i % 50 !== 0) continue;
      const found = [...held].filter(([each, hash]) => {
        for (let p = hash & index.mask; index.slots[p] !== EMPTY; p = (p + 1) & index.mask)
          if (index.slots[p] === each) return true;
        return false;
      });
      expect(found.length).toBe(held.size);
      expect(index.slots.filter((slot) => slot !== EMPTY).length).toBe(held.size);
    }
  }
});

test('interns as a Map with counts would', () => {
  const random = seeded(2);
  const interner = new Interner(60, 12_345);
  const held = new Map<string, { id: number; references: number }>();
  for (let i = 0; i < 30_000; i++) {
    const text = `${'name '.repeat(pick(random, 3))}${pick(random, 90)}`;
    const bytes = Buffer.from(`##${text}##`);
    const known = held.get(text);
    expect(interner.find(bytes, 2, bytes.length - 4)).toBe(known?.id ?? -1);
    if (random() < 0.55) {
      const id = interner.retain(bytes, 2, bytes.length - 4, utf8);
      if (known !== undefined) {
        expect(id).toBe(known.id);
        known.references++;
      } else if (held.size === 60) expect(id).toBe(OVERFLOW_ID);
      else {
        expect(id).not.toBe(OVERFLOW_ID);
        held.set(text, { id, references: 1 });
      }
    } else if (known !== undefined) {
      interner.release(known.id);
      if (--known.references === 0) held.delete(text);
    }
    expect(interner.count).toBe(held.size);
  }
  for (const [text, { id }] of held) expect(interner.texts[id]).toBe(text);
  const size = [...held.keys()].reduce((sum, text) => sum + text.length, 0);
  expect(interner.sizeBytes).toBe(size);
  expect(new Set([...held.values()].map(({ id }) => id)).size).toBe(held.size);
});

test('hashes bytes alike wherever they stand and unlike where one bit differs', () => {
  const random = seeded(3);
  for (let length = 0; length < 40; length++) {
    const text = Buffer.from(Array.from({ length }, () => pick(random, 256)));
    const hash = hashBytes(text, 0, length, 77);
    expect(hashBytes(Buffer.concat([Buffer.from('abc'), text, Buffer.from('d')]), 3, 3 + length, 77)).toBe(hash);
    if (length > 0) expect(hashBytes(text, 0, length, 78)).not.toBe(hash);
    for (let bit = 0; bit < length * 8; bit++) {
      const flipped = Buffer.from(text);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(hashBytes(flipped, 0, length, 77), `length ${length}, bit ${bit}`).not.toBe(hash);
    }
  }
});

function tableOf(maxContexts: number): ContextTable {
  return new ContextTable(maxContexts, 9, (bytes) => ({ serviceName: utf8(bytes), unsampled: false }));
}

function insert(table: ContextTable, text: string): number | undefined {
  const bytes = Buffer.from(text);
  const resourceLength = text.indexOf('|');
  const hash = table.hash(bytes, 0, bytes.length);
  const known = table.find(bytes, 0, bytes.length, resourceLength, hash);
  const context = known ?? table.insert(bytes, resourceLength, hash);
  if (context !== undefined) {
    context.references++;
    context.isRecent = true;
  }
  return context?.id;
}

test('recycles a context that is not in use, never one that spans refer to', () => {
  const table = tableOf(3);
  const a = insert(table, 'a|1');
  const b = insert(table, 'b|1');
  const c = insert(table, 'c|1');
  expect(insert(table, 'd|1')).toBeUndefined();
  table.release(c ?? -1, 1);
  table.release(b ?? -1, 1);
  expect(insert(table, 'd|1')).toBe(b);
  expect(table.slots[b ?? -1]?.serviceName).toBe('d');
  expect(insert(table, 'c|1')).toBe(c);
  expect(insert(table, 'a|1')).toBe(a);
  expect(table.count).toBe(3);
});

test('tells contexts apart by where the resource ends, also when all bytes are equal', () => {
  const table = tableOf(10);
  const bytes = Buffer.from('abcdef');
  const hash = table.hash(bytes, 0, 6);
  const first = table.insert(bytes, 2, hash);
  expect(table.find(bytes, 0, 6, 2, hash)).toBe(first);
  expect(table.find(bytes, 0, 6, 3, hash)).toBeUndefined();
});

test('holds the contexts a Map would under random use', () => {
  const random = seeded(4);
  const table = tableOf(20);
  const references = new Map<string, { id: number; count: number }>();
  for (let i = 0; i < 20_000; i++) {
    const text = `service ${pick(random, 40)}|scope`;
    const known = references.get(text);
    if (random() < 0.5) {
      const id = insert(table, text);
      if (id === undefined) {
        expect([...references.values()].filter(({ count }) => count > 0).length).toBe(20);
        continue;
      }
      // A recycled slot ends what stood there; only unreferenced ones may be taken.
      for (const [other, entry] of references) {
        if (entry.id !== id || other === text) continue;
        expect(entry.count).toBe(0);
        references.delete(other);
      }
      references.set(text, { id, count: (references.get(text)?.count ?? 0) + 1 });
    } else if (known !== undefined && known.count > 0) {
      table.release(known.id, 1);
      known.count--;
    }
  }
  for (const [text, { id, count }] of references) {
    expect(table.slots[id]?.serviceName).toBe(text.split('|')[0]);
    expect(table.slots[id]?.references).toBe(count);
  }
});
