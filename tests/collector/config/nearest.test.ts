import { expect, it } from 'vitest';
import { nearest } from '../../../collector/src/config/nearest.ts';

it('finds the word somebody probably meant', () => {
  const check = (word: string, expected: string | undefined): void => {
    const candidates = ['port', 'host', 'decision_wait', 'after_root', 'max_pending', 'max_decisions'];
    expect(nearest(word, candidates)).toBe(expected);
  };
  check('prot', 'port');
  check('hots', 'host');
  check('desicion_wiat', 'decision_wait');
  check('max_decision', 'max_decisions');
  check('afterRoot', 'after_root');
  check('colour', undefined);
  check('', undefined);
  expect(nearest('x', [])).toBeUndefined();
});
