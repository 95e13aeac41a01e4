import { expect, it } from 'vitest';
import { BodyParts } from '../../../collector/src/export/body-parts.ts';

const bytesOf = (n: number): Uint8Array => Uint8Array.of(n & 255, n >> 8, 7);

/** The first, and so many more, each to be told from the others. */
function partsOf(appended: number): { parts: BodyParts; expected: Buffer } {
  const all = Array.from({ length: appended + 1 }, (_, n) => bytesOf(n));
  const [first = bytesOf(0), ...rest] = all;
  const parts = new BodyParts(first);
  for (const bytes of rest) parts.append(bytes);
  return { parts, expected: Buffer.concat(all) };
}

it.each([0, 1, 62, 63, 64, 65, 127, 128, 200, 5000])('is its first bytes and %d more in their order', (appended) => {
  const { parts, expected } = partsOf(appended);
  expect(parts.sizeBytes).toBe(expected.length);
  expect(expected.equals(parts.whole())).toBe(true);
});

it('lets go of the arrays once there are many', () => {
  const check = (arrays: number, expected: number): void => {
    const all = Array.from({ length: arrays }, () => Uint8Array.of(0));
    const parts = new BodyParts(Uint8Array.of(0));
    for (const bytes of all) parts.append(bytes);
    // What is still held shows what becomes of it.
    for (const bytes of all) bytes[0] = 1;
    expect(parts.whole().filter((byte) => byte === 1)).toHaveLength(expected);
  };
  check(62, 62);
  check(63, 0);
  check(100, 37);
  check(6463, 0);
});

it('does not copy what stays alone', () => {
  const first = bytesOf(1);
  expect(new BodyParts(first).whole()).toBe(first);
});
