import { expect, it } from 'vitest';
import { limitRig, many } from '../../support/limit-rig.ts';

it('lets folded series that stand still end sooner where they are more than half of all places', async () => {
  const { stage, clock, send, took, read } = limitRig({ max_series: 40, max_total_series: 40, templates: [] });
  const frozen = (): number => (stage.collect(), read('frozen_series'));
  await stage.start();
  await send(...many('user', 'u', [0, 39]));
  // Places are taken from the users ten at a time, until they have none.
  for (let i = 0; i < 35; i++) await send(...many('user', 'v', [0, 1], { name: `other${i}` }));
  expect(frozen()).toBe(20);
  clock.advance(10_000);
  expect(took().filter((text) => text.endsWith('ends'))).toHaveLength(19);
  clock.advance(300_000);
  expect(frozen()).toBe(0);
});
