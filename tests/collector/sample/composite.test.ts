// A composite policy where the property does not look: in a shadow, and behind the budget.
import { expect, test } from 'vitest';
import { staged } from '../../support/staged-sampling.ts';
import { HIGH, root } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

const SHOP = { type: 'service', names: ['shop'] };
const PARTS = [{ name: 'shop', when: SHOP, share: 0.5 }];

/** Traces of one span with their randomness spread evenly; no two kinds share an id. */
function spread(count: number, kind: number, change: Partial<TestSpan> = {}): TestSpan[] {
  return Array.from({ length: count }, (_, i) => {
    const traceId = Buffer.alloc(16, kind);
    traceId.writeUInt32BE(i + 1, 4);
    traceId.writeUInt16BE(Math.ceil((i / count) * 2 ** 16), 9);
    return root(1, HIGH, { traceId, ...change });
  });
}

test('counts what arrives in a shadow, too, by the conditions of the shadow', async () => {
  // With the bit that the shadow's condition has among its own, the policies in force look for the opposite.
  const inForce = [
    { name: 'all', type: 'probabilistic', ratio: 1 },
    { name: 'other', type: 'service', names: ['other'] },
  ];
  const mix = { name: 'mix', type: 'composite', spans_per_second: 20, parts: PARTS };
  const { stage, host, take } = await staged({ policies: inForce, shadow: { policies: [mix] } });
  await take(...spread(100, 1));
  await take(...spread(300, 2, { service: 'other', name: 'other' }));
  host.clock.advance(1500);
  const { policies } = stage.state().shadow ?? expect.fail('no shadow');
  const none = { bothKeep: 0, bothDrop: 0, wouldKeep: 0, wouldDrop: 0 };
  expect(policies).toEqual([
    { policy: 'mix', ...none, bothKeep: 20, wouldDrop: 80 },
    { policy: '', ...none, wouldDrop: 300 },
  ]);
});

test('does not keep more than the budget leaves', async () => {
  const mix = { name: 'mix', type: 'composite', spans_per_second: 50, parts: PARTS };
  const { host, kept, take } = await staged({ policies: [mix], budget: { spans_per_second: 10 } });
  await take(...spread(100, 1));
  host.clock.advance(1500);
  expect(kept).toHaveLength(10);
});
