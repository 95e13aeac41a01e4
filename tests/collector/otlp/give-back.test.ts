import { expect, test } from 'vitest';
import { giveBack, giveBackWhole } from '../../../collector/src/otlp/give-back.ts';

test('frees chunks that have their memory for themselves, and no others', () => {
  const own = Buffer.from(new ArrayBuffer(64 * 1024));
  const shared = new ArrayBuffer(128 * 1024);
  const part = Buffer.from(shared, 0, 64 * 1024);
  const small = Buffer.from(new ArrayBuffer(1000));
  giveBack([own, part, small]);
  expect([own.length, part.length, small.length]).toEqual([0, 64 * 1024, 1000]);
  expect(shared.byteLength).toBe(128 * 1024);
  // A second time does no harm.
  giveBack([own, part, small]);
});

test('frees a whole buffer also where it is longer than what was made in it, and never a pool', () => {
  const inflated = Buffer.from(new ArrayBuffer(64 * 1024), 0, 60_000);
  const pooled = Buffer.from('a small one');
  giveBackWhole(inflated);
  giveBackWhole(pooled);
  expect([inflated.length, pooled.toString()]).toEqual([0, 'a small one']);
});
