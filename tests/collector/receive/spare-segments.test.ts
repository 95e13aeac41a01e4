// Segments that were emptied are memory until they are given back, so the page's books of memory show them.
import { expect, it } from 'vitest';
import { SEGMENT_BYTES } from '../../../collector/src/otlp/arena.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

it('shows emptied segments as a holder of memory until nobody has needed them for a while', async () => {
  const running = await startCollector('sample: { decision_wait: 1s, after_root: 1s }');
  const held = (): number | undefined => running.books().memory.holders['emptied segments'];
  expect(held()).toBe(0);
  // Two of them fill a segment.
  for (let i = 0; i < 6; i++)
    expect((await running.traces(bodyOf([testSpan({ name: 'x'.repeat(SEGMENT_BYTES / 2 - 1000) })]))).status).toBe(200);
  running.clock.advance(2000);
  expect(held()).toBe(2 * SEGMENT_BYTES);
  running.clock.advance(4000);
  expect(held()).toBe(0);
});
