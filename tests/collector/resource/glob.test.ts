// Names with stars.
import { expect, it } from 'vitest';
import { globMatcher } from '../../../collector/src/resource/glob.ts';

it.each([
  ['queue.depth', ['queue.depth'], ['queue.depths', 'a.queue.depth', '']],
  ['queue.*', ['queue.', 'queue.depth'], ['queue', 'a.queue.depth']],
  ['*.depth', ['.depth', 'queue.depth'], ['queue.depths']],
  ['a*b*c', ['abc', 'a1b2c', 'abbcc'], ['ab', 'ac', 'acb', 'abcd']],
  ['ab*ba', ['abba', 'ab-ba'], ['aba']],
  ['*', ['', 'anything'], []],
  ['a.b', ['a.b'], ['axb']],
])('%s takes whole names only', (glob, taken, passed) => {
  const matches = globMatcher(glob);
  expect(taken.filter((name) => !matches(name))).toEqual([]);
  expect(passed.filter(matches)).toEqual([]);
});
