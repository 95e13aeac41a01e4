// What was found clean is looked at no more, and nothing else is taken for it.
import { assert, constantFrom, property } from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createCleanTexts } from '../../../sdk/src/bound/clean-texts.ts';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';

/** Enough for one of as many to be remembered. */
const OFTEN = 20;

function rememberedOf(...given: readonly string[]): ReturnType<typeof createCleanTexts> {
  const texts = createCleanTexts();
  for (const text of given) for (let i = 0; i < OFTEN; i++) texts.offer(text);
  return texts;
}

describe('texts that were clean', () => {
  it('are known when they come again, but the long ones', () => {
    const [route, long] = ['/orders/:id', 'x'.repeat(257)];
    const texts = rememberedOf(route, long);
    expect([texts.has(`/orders/${':id'}`), texts.has(long), texts.has('/orders/:ix'), texts.has('')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('are no others, however alike', () => {
    // The characters that choose the place are the same.
    const alike = ['nobody has 4111111111111112 here', 'nobody has 4111111111111111 here'] as const;
    const redaction = createRedaction();
    assert(
      property(constantFrom(...alike), constantFrom('note', 'password'), (text, key) => {
        const attributes = { [key]: text };
        redaction.attributes(attributes);
        expect(attributes[key]).toBe(
          key === 'password' ? 'REDACTED' : text === alike[0] ? text : 'nobody has REDACTED here',
        );
      }),
    );
  });

  it('hold nothing of what they were a part of', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const texts = createCleanTexts();
    const heldBy = (parts: number): number => {
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < parts; i++) texts.offer(`${i}`.padEnd(1_000_000, String(i)).slice(500_000, 500_100));
      collect();
      return process.memoryUsage().heapUsed - before;
    };
    expect(heldBy(160)).toBeLessThan(5_000_000);
  });
});
