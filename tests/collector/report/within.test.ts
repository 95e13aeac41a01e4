import { expect, it } from 'vitest';
import { within } from '../../../collector/src/report/within.ts';
import { ManualClock } from '../../support/clock.ts';

it('waits for work that ends, and no longer than it may for work that does not', async () => {
  const clock = new ManualClock();
  await within(clock, 1000, Promise.resolve());
  expect(clock.untilNextOnce()).toBeUndefined();
  await expect(within(clock, 1000, Promise.reject(new Error('in vain')))).rejects.toThrow('in vain');
  expect(clock.untilNextOnce()).toBeUndefined();
  let isOver = false;
  const waiting = within(clock, 1000, new Promise(() => {})).then(() => (isOver = true));
  clock.advance(999);
  await Promise.resolve();
  expect(isOver).toBe(false);
  clock.advance(1);
  await waiting;
  expect(isOver).toBe(true);
});
