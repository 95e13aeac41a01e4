// Names with stars.
import { expect, it } from 'vitest';
import { isLike } from '../../../collector/src/model/glob.ts';

it.each([
  ['queue.depth', ['queue.depth'], ['queue.depths', 'a.queue.depth', '']],
  ['queue.*', ['queue.', 'queue.depth'], ['queue', 'a.queue.depth']],
  ['*.depth', ['.depth', 'queue.depth'], ['queue.depths']],
  ['a*b*c', ['abc', 'a1b2c', 'abbcc'], ['ab', 'ac', 'acb', 'abcd']],
  ['ab*ba', ['abba', 'ab-ba'], ['aba']],
  ['*', ['', 'anything'], []],
  ['a.b', ['a.b'], ['axb']],
])('%s takes whole names only', (glob, taken, passed) => {
  expect(taken.filter((name) => !isLike(glob, name))).toEqual([]);
  expect(passed.filter((name) => isLike(glob, name))).toEqual([]);
});
