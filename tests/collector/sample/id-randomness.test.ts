import { expect, test } from 'vitest';
import type { Context } from '../../../collector/src/otlp/context-table.ts';
import { IdRandomness } from '../../../collector/src/sample/id-randomness.ts';
import { seeded } from '../../support/random.ts';

const BASE = { bytes: new Uint8Array(0), resourceLength: 0, hash: 0, unsampled: false, references: 0, isRecent: true };

function contextOf(serviceName: string, id: number, serial = id): Context {
  return { ...BASE, id, serial, serviceName };
}

const FULL = 2 ** 28;

test('names a service once whose ids have bits that never change', () => {
  const check = (next: (i: number) => readonly [number, number], constantBits: number | undefined): void => {
    const randomness = new IdRandomness();
    const named: string[] = [];
    for (let i = 0; i < 500; i++) {
      const found = randomness.look(contextOf('shop', 3), ...next(i));
      if (found !== undefined) named.push(found);
    }
    expect(named).toEqual(constantBits === undefined ? [] : ['shop']);
    expect(randomness.constantBits.get('shop')).toBe(constantBits);
  };
  const random = seeded(1);
  const half = (): number => Math.floor(random() * FULL);
  check(() => [half(), half()], undefined);
  // 64 ids counted up from 1 change seven bits.
  check((i) => [0, i + 1], 49);
  // Milliseconds in front, random behind.
  check((i) => [0xabcdef0 + (i >> 8), half()], 28);
  check(() => [half(), half() & ~1], 1);
});

test('judges by service, over all its resources, and no more than so many services', () => {
  const randomness = new IdRandomness();
  let named = 0;
  for (let i = 0; i < 64; i++) if (randomness.look(contextOf('shop', i), 5, i) !== undefined) named++;
  expect(named).toBe(1);
  for (let service = 0; service < 400; service++)
    for (let i = 0; i < 64; i++) randomness.look(contextOf(`s${service}`, 100 + service), 5, 5);
  expect(randomness.constantBits.size).toBe(256);
});
