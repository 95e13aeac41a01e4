// What the sampling stage counts and shows of policies and budget beside decisions.
import { expect, test } from 'vitest';
import { staged } from '../../support/staged-sampling.ts';
import { HIGH, LOW, root } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

test('shows what floors take beyond the budget, and counts it', async () => {
  const floor = { name: 'floor', type: 'floor', traces: 1000 };
  const { stage, host, take, counts } = await staged({ policies: [floor], budget: { spans_per_second: 1 } });
  expect(stage.state().floorsOverBudget).toBe(0);
  for (let i = 1; i <= 40; i++) await take(root(i, LOW));
  host.clock.advance(1500);
  // Ten seconds of the target find room.
  expect(stage.state().floorsOverBudget).toBeCloseTo(30 / 60);
  expect(counts.get('floors_over_budget')).toBe(30);
  host.clock.advance(70_000);
  expect(stage.state().floorsOverBudget).toBe(0);
});

test('shows and counts keys for which a policy has no room', async () => {
  const keyed = { name: 'keyed', type: 'by_key', key: [{ attribute: 'user' }], if: { type: 'span_count', min: 1 } };
  const { stage, host, take, counts } = await staged({
    policies: [keyed, { name: 'half', type: 'probabilistic', ratio: 0.5 }],
  });
  expect(stage.state().policies).toEqual([
    { name: 'keyed', overflowed: 0 },
    { name: 'half', overflowed: 0 },
  ]);
  const user = (i: number): TestSpan => {
    const traceId = Buffer.alloc(16);
    traceId.writeUInt32BE(i + 1, 0);
    traceId[9] = HIGH;
    return root(1, HIGH, { traceId, attributes: [{ key: 'user', value: { stringValue: `u${i}` } }] });
  };
  const bringUsers = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i += 1001)
      await take(...Array.from({ length: Math.min(1001, to - i) }, (_, j) => user(i + j)));
    host.clock.advance(1500);
  };
  await bringUsers(0, 10_010);
  expect(stage.state().policies[0]).toEqual({ name: 'keyed', overflowed: 10 });
  expect(counts.get('policy_overflow{policy=keyed}')).toBe(10);
  await bringUsers(10_010, 10_015);
  expect(stage.state().policies[0]).toEqual({ name: 'keyed', overflowed: 15 });
  expect(counts.get('policy_overflow{policy=keyed}')).toBe(15);
  expect(counts.has('policy_overflow{policy=half}')).toBe(false);
});
