import { expect, test } from 'vitest';
import { Arena, SEGMENT_BYTES } from '../../../collector/src/otlp/arena.ts';
import { pick, randomBytes, seeded } from '../../support/random.ts';

interface Held {
  segment: number;
  offset: number;
  length: number;
  /** First bytes of the content, to see that nobody wrote over it. */
  mark: string;
}

const MARK_BYTES = 12;

test('counts live bytes exactly, never overwrites them, and frees every segment in the end', () => {
  const random = seeded(1);
  const arena = new Arena();
  const body = randomBytes(random, 3_000_000);
  const held: Held[] = [];
  let live = 0;
  const check = (): void => {
    expect(arena.liveBytes).toBe(live);
    for (const { segment, offset, mark } of held)
      expect(Buffer.from(arena.source(segment).bytes.subarray(offset, offset + MARK_BYTES)).toString('hex')).toBe(mark);
  };
  for (let i = 0; i < 4000; i++) {
    const draining = Math.floor(i / 500) % 2 === 1;
    if (random() < (draining ? 0.15 : 0.5)) {
      // Now and then a body larger than a segment; nearly always one of a few hundred kilobytes.
      const length = random() < 0.01 ? SEGMENT_BYTES + pick(random, 1e6) : 40 + pick(random, 300_000);
      const parts = length > body.length ? [body, Buffer.alloc(length - body.length)] : [body.subarray(0, length)];
      const { segment, offset } = arena.copy(parts, length);
      arena.source(segment).view.setUint32(offset, i);
      const spans: Held[] = [];
      // Spans are cut out with gaps between them; some bodies keep none, as a refused one.
      for (let p = 0; p + 200 < length && random() < 0.9 && spans.length < 6; p += 20_000 + pick(random, 60_000)) {
        const size = Math.min(MARK_BYTES + pick(random, 15_000), length - p);
        const at = offset + p;
        spans.push({ segment, offset: at, length: size, mark: markAt(arena, segment, at) });
      }
      const kept = spans.reduce((sum, span) => sum + span.length, 0);
      arena.settle(segment, offset, length, kept);
      held.push(...spans);
      live += kept;
    } else if (held.length > 0) {
      const [span] = held.splice(pick(random, held.length), 1);
      if (span === undefined) continue;
      arena.release(span.segment, span.length);
      live -= span.length;
    }
    if (i % 100 === 99) {
      const sparse = new Set(arena.sparse());
      for (const span of held)
        if (sparse.has(span.segment)) Object.assign(span, arena.move(span.segment, span.offset, span.length));
      // Emptied segments are gone: what stays pinned is at most four times what lives, and the open one.
      expect(arena.pinnedBytes).toBeLessThanOrEqual(live * 4 + 2 * SEGMENT_BYTES);
      check();
    }
  }
  for (const { segment, length } of held) arena.release(segment, length);
  expect(arena.liveBytes).toBe(0);
  expect(arena.pinnedBytes).toBeLessThanOrEqual(SEGMENT_BYTES);
});

function markAt(arena: Arena, segment: number, offset: number): string {
  return Buffer.from(arena.source(segment).bytes.subarray(offset, offset + MARK_BYTES)).toString('hex');
}

test('gives the room of a refused body to the next', () => {
  const arena = new Arena();
  for (let i = 0; i < 100; i++) {
    const { segment, offset } = arena.copy([Buffer.alloc(SEGMENT_BYTES - 1)], SEGMENT_BYTES - 1);
    expect(offset).toBe(0);
    arena.settle(segment, offset, SEGMENT_BYTES - 1, 0);
  }
  expect(arena.pinnedBytes).toBe(SEGMENT_BYTES);
  expect(arena.liveBytes).toBe(0);
});

test('frees a body larger than a segment with its last span, and leaves the open segment open', () => {
  const arena = new Arena();
  const small = arena.copy([Buffer.alloc(10)], 10);
  const large = arena.copy([Buffer.alloc(SEGMENT_BYTES + 1)], SEGMENT_BYTES + 1);
  const next = arena.copy([Buffer.alloc(10)], 10);
  expect(large.segment).not.toBe(small.segment);
  expect(next).toEqual({ segment: small.segment, offset: 10 });
  arena.settle(large.segment, large.offset, SEGMENT_BYTES + 1, 100);
  arena.release(large.segment, 100);
  expect(arena.pinnedBytes).toBe(SEGMENT_BYTES);
  expect(() => arena.source(large.segment)).toThrow(/freed/);
});

test('keeps emptied segments for the next bodies, and gives back what nobody needed since the last trim', () => {
  const arena = new Arena();
  const fill = (segments: number): void => {
    const taken = Array.from({ length: segments }, () => arena.copy([Buffer.alloc(SEGMENT_BYTES)], SEGMENT_BYTES));
    expect(arena.pinnedBytes + arena.spareBytes).toBeLessThanOrEqual(8 * SEGMENT_BYTES);
    for (const { segment } of taken) arena.release(segment, SEGMENT_BYTES);
  };
  fill(8);
  // The open segment is no spare.
  expect(arena.spareBytes).toBe(7 * SEGMENT_BYTES);
  arena.trim();
  fill(8);
  fill(3);
  // All of them were needed.
  arena.trim();
  expect(arena.spareBytes).toBe(7 * SEGMENT_BYTES);
  fill(3);
  // Three, of which one was open already.
  arena.trim();
  expect(arena.spareBytes).toBe(2 * SEGMENT_BYTES);
  arena.trim();
  expect(arena.spareBytes).toBe(0);
  fill(8);
});

test('refuses to release what is not live', () => {
  const arena = new Arena();
  const { segment } = arena.copy([Buffer.alloc(10)], 10);
  expect(() => arena.release(segment, 11)).toThrow(/more bytes/);
  expect(() => arena.copy([Buffer.alloc(10)], 11)).toThrow(/length of the chunks/);
});
