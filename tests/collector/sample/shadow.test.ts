// A shadow is compared with what the policies in force say by themselves.
import { expect, test } from 'vitest';
import { staged } from '../../support/staged-sampling.ts';
import { HIGH, linksTo, LOW, root } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

const POLICIES = [
  { name: 'errors', type: 'status' },
  { name: 'half', type: 'probabilistic', ratio: 0.5 },
];

/** Counts of an equal shadow after `spans` were decided. */
async function compared(config: object, spans: readonly TestSpan[], pinned?: TestSpan) {
  const shadow = { policies: POLICIES };
  const { stage, host, kept, take } = await staged({ policies: POLICIES, shadow, ...config });
  if (pinned !== undefined) stage.pin({ traceId: pinned.traceId.toString('hex'), forMs: 60_000 });
  await take(...spans);
  host.clock.advance(40_000);
  const { policies } = stage.state().shadow ?? expect.fail('no shadow');
  const sum = (key: 'bothKeep' | 'bothDrop' | 'wouldKeep' | 'wouldDrop'): number =>
    policies.reduce((total, counts) => total + counts[key], 0);
  const counts = {
    bothKeep: sum('bothKeep'),
    bothDrop: sum('bothDrop'),
    wouldKeep: sum('wouldKeep'),
    wouldDrop: sum('wouldDrop'),
  };
  return { kept, counts };
}

test('shows no difference to equal policies, whatever else keeps or drops', async () => {
  const many = Array.from({ length: 100 }, (_, i) => root(i + 1, Math.floor(i * 2.56)));
  const check = async (config: object, isChanged: (kept: number) => boolean, pinned?: TestSpan): Promise<void> => {
    const { kept, counts } = await compared(config, many, pinned);
    expect(counts).toEqual({ bothKeep: 50, bothDrop: 50, wouldKeep: 0, wouldDrop: 0 });
    expect(isChanged(kept.length), `${kept.length} kept`).toBe(true);
  };
  await check({}, (kept) => kept === 50);
  await check({ budget: { spans_per_second: 10 } }, (kept) => kept < 50);
  await check({ hard_caps: { spans_per_second: 10 } }, (kept) => kept < 50);
  await check({}, (kept) => kept === 51, many[0]);
  await check({ hard_caps: { spans_per_second: 10_000 } }, (kept) => kept === 51, many[0]);
});

test('shows no difference to equal policies where a link keeps a trace', async () => {
  const linked = root(2, LOW, { parentSpanId: Buffer.alloc(8, 9) });
  const { kept, counts } = await compared({}, [root(1, HIGH, linksTo(linked.traceId)), linked]);
  expect(kept).toHaveLength(2);
  expect(counts).toEqual({ bothKeep: 1, bothDrop: 1, wouldKeep: 0, wouldDrop: 0 });
});
