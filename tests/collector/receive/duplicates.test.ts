import { expect, test } from 'vitest';
import { byteSource } from '../../../collector/src/otlp/wire.ts';
import { Duplicates } from '../../../collector/src/receive/duplicates.ts';
import { releaseBatch, testIntake } from '../../support/intake.ts';
import { pick, randomBytes, seeded } from '../../support/random.ts';
import { bodyOf, traffic } from '../../support/traffic.ts';

const WINDOW_MS = 60_000;

function memory(): { remember(body: Buffer, nowMs: number): void; isRepeat(body: Buffer, nowMs: number): boolean } {
  const duplicates = new Duplicates(WINDOW_MS, seeded(3));
  const isRepeat = (body: Buffer, nowMs: number): boolean => {
    // Between neighbours, as in the arena.
    const source = byteSource(Buffer.concat([Buffer.from('before'), body, Buffer.from('after')]));
    return duplicates.isRepeat(source, 6, body.length, nowMs);
  };
  return {
    isRepeat,
    remember(body, nowMs) {
      isRepeat(body, nowMs);
      duplicates.remember(nowMs);
    },
  };
}

test('knows a body again within the window and forgets it after', () => {
  const body = Buffer.from('a body');
  const check = (afterMs: number, expected: boolean): void => {
    const bodies = memory();
    bodies.remember(body, 1000);
    expect(bodies.isRepeat(body, 1000 + afterMs), `${afterMs} ms later`).toBe(expected);
  };
  check(0, true);
  check(WINDOW_MS, true);
  check(WINDOW_MS + 1, false);
});

test('counts the window from the last time a body was accepted', () => {
  const bodies = memory();
  const body = Buffer.from('a body');
  bodies.remember(body, 0);
  bodies.remember(body, WINDOW_MS + 1);
  expect(bodies.isRepeat(body, 2 * WINDOW_MS)).toBe(true);
});

test('remembers only what was accepted', () => {
  const bodies = memory();
  const body = Buffer.from('a body');
  expect(bodies.isRepeat(body, 0)).toBe(false);
  expect(bodies.isRepeat(body, 1)).toBe(false);
});

test('tells bodies apart that differ in one bit, wherever it is', () => {
  const random = seeded(1);
  for (const length of [1, 3, 15, 16, 17, 31, 64, 100]) {
    const bodies = memory();
    const body = randomBytes(random, length);
    bodies.remember(body, 0);
    for (let bit = 0; bit < length * 8; bit++) {
      const other = Buffer.from(body);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(bodies.isRepeat(other, 0), `length ${length}, bit ${bit}`).toBe(false);
    }
    expect(bodies.isRepeat(body, 0)).toBe(true);
  }
});

test('tells bodies of equal length and of equal beginning apart', () => {
  const random = seeded(2);
  const bodies = memory();
  for (let i = 0; i < 20_000; i++) {
    const body = Buffer.alloc(20 + pick(random, 3));
    body.writeUInt32LE(i, 4 * pick(random, 4));
    body.writeUInt32LE(i, 16);
    expect(bodies.isRepeat(body, i)).toBe(false);
    bodies.remember(body, i);
  }
});

test('forgets the oldest body first once there are more than it holds', () => {
  const bodies = memory();
  const numbered = (i: number): Buffer => {
    const body = Buffer.alloc(8);
    body.writeUInt32LE(i);
    return body;
  };
  for (let i = 0; i < 33_000; i++) bodies.remember(numbered(i), 0);
  expect(bodies.isRepeat(numbered(33_000 - 32_768 - 1), 0)).toBe(false);
  expect(bodies.isRepeat(numbered(33_000 - 32_768), 0)).toBe(true);
  expect(bodies.isRepeat(numbered(32_999), 0)).toBe(true);
});

test('keeps nothing of a repeated body, and takes it again where the first try was refused', () => {
  const intake = testIntake({ duplicateWindowMs: WINDOW_MS });
  const body = bodyOf(traffic({ seed: 1, traces: 10 }).flat());
  const broken = body.subarray(0, body.length - 1);
  expect(() => intake.take([broken], broken.length, 0, 0)).toThrow(/malformed/);
  expect(() => intake.take([broken], broken.length, 0, 0)).toThrow(/malformed/);
  expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
  const spans = intake.batch.count;
  releaseBatch(intake.batch);
  const halves = [body.subarray(0, 1000), body.subarray(1000)];
  expect(intake.take(halves, body.length, 0, 1000)).toBe('duplicate');
  expect(intake.batch.count).toBe(spans);
  expect(intake.arena.liveBytes).toBe(0);
  expect(intake.contexts.slots.every((context) => context?.references === 0)).toBe(true);
  expect(intake.take([body], body.length, 0, WINDOW_MS + 1)).toBe('accepted');
});

test('takes every repeat where the window is switched off', () => {
  const intake = testIntake({ duplicateWindowMs: 0 });
  const body = bodyOf(traffic({ seed: 1, traces: 1 }).flat());
  for (let i = 0; i < 3; i++) expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
});
