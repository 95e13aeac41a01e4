// The columns and queues of the trace buffer against plain collections.
import { expect, test } from 'vitest';
import { Arena } from '../../../collector/src/otlp/arena.ts';
import { DeadlineQueue } from '../../../collector/src/sample/deadline-queue.ts';
import { NONE, SpanSlots } from '../../../collector/src/sample/span-slots.ts';
import { hexId, idRandomHigh, idRandomLow } from '../../../collector/src/otlp/trace-id.ts';
import { TraceSlots } from '../../../collector/src/sample/trace-slots.ts';
import { pick, randomBytes, seeded } from '../../support/random.ts';

type Id = readonly [number, number, number, number];

/** Ids that differ in one word only are as likely as any: an index must look at all four. */
function idOf(n: number): Id {
  const words = [7, 7, 7, 7];
  words[n % 4] = n;
  return words as unknown as Id;
}

test('queues deadlines first in, first out through growth and wrapping', () => {
  const random = seeded(1);
  const queue = new DeadlineQueue();
  const plain: [number, number, number][] = [];
  for (let i = 0; i < 30_000; i++) {
    const isGrowing = Math.floor(i / 5000) % 2 === 0;
    if (random() < (isGrowing ? 0.7 : 0.3)) {
      const entry: [number, number, number] = [pick(random, 2 ** 31), pick(random, 2 ** 31), i];
      queue.push(...entry);
      plain.push(entry);
    } else if (plain.length > 0) {
      expect([queue.slot, queue.generation, queue.nextMs]).toEqual(plain.shift());
      queue.shift();
    }
    expect(queue.count).toBe(plain.length);
  }
  while (plain.length > 0) {
    expect([queue.slot, queue.generation, queue.nextMs]).toEqual(plain.shift());
    queue.shift();
  }
  expect(queue.nextMs).toBe(Infinity);
});

test('finds pending traces as a Map would, through growth and reuse of slots', () => {
  const random = seeded(2);
  const slots = new TraceSlots(99);
  const plain = new Map<string, { slot: number; generation: number }>();
  for (let i = 0; i < 40_000; i++) {
    const id = idOf(pick(random, 12_000));
    const hash = slots.hash(...id);
    const known = plain.get(hexId(...id));
    expect(slots.find(hash, ...id)).toBe(known?.slot ?? NONE);
    if (known === undefined) {
      const slot = slots.add(hash, ...id, 0);
      expect([slots.spanCount[slot], slots.flags[slot], slots.longestMs[slot], slots.head[slot]]).toEqual([
        0,
        0,
        0,
        NONE,
      ]);
      slots.spanCount[slot] = slots.longestMs[slot] = i;
      slots.flags[slot] = 7;
      plain.set(hexId(...id), { slot, generation: slots.generation[slot] ?? 0 });
    } else if (random() < 0.5) {
      expect(slots.generation[known.slot]).toBe(known.generation);
      slots.remove(known.slot);
      expect(slots.generation[known.slot]).not.toBe(known.generation);
      plain.delete(hexId(...id));
    }
    expect(slots.count).toBe(plain.size);
  }
  expect(plain.size).toBeGreaterThan(4096);
});

test('keeps places of spans through growth, and moves them out of sparse segments with their bytes', () => {
  const random = seeded(3);
  const arena = new Arena();
  const slots = new SpanSlots();
  const plain = new Map<number, string>();
  for (let i = 0; i < 30_000; i++) {
    if (random() < 0.6 || plain.size === 0) {
      const bytes = randomBytes(random, 300 + pick(random, 400));
      const { segment, offset } = arena.copy([bytes], bytes.length);
      const slot = slots.take();
      slots.segment[slot] = segment;
      slots.offset[slot] = offset;
      slots.length[slot] = bytes.length;
      expect(plain.has(slot)).toBe(false);
      plain.set(slot, bytes.toString('latin1'));
    } else {
      const [slot = 0] = plain.keys();
      arena.release(slots.segment[slot] ?? 0, slots.length[slot] ?? 0);
      slots.give(slot);
      plain.delete(slot);
    }
    expect(slots.count).toBe(plain.size);
    if (i % 5000 === 4999) slots.evacuate(arena, new Set(arena.sparse()));
  }
  for (const [slot, bytes] of plain) {
    const [segment = 0, offset = 0, length = 0] = [slots.segment[slot], slots.offset[slot], slots.length[slot]];
    const held = arena.source(segment).bytes.subarray(offset, offset + length);
    expect(Buffer.from(held).toString('latin1') === bytes, `slot ${slot}`).toBe(true);
    arena.release(segment, length);
  }
  expect(arena.liveBytes).toBe(0);
}, 20_000);

test('takes the randomness of a trace id from its last seven bytes', () => {
  const random = seeded(4);
  for (let i = 0; i < 1000; i++) {
    const id = randomBytes(random, 16);
    const words = [0, 4, 8, 12].map((at) => id.readUInt32BE(at)) as unknown as Id;
    const expected = BigInt(`0x${id.subarray(9).toString('hex')}`);
    expect((BigInt(idRandomHigh(words[2], words[3])) << 28n) | BigInt(idRandomLow(words[3]))).toBe(expected);
    expect(hexId(...words)).toBe(id.toString('hex'));
  }
});
