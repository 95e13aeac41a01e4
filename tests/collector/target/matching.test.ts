import { expect, it } from 'vitest';
import { fits, pointTest } from '../../../collector/src/target/matching.ts';
import { dataPoint } from '../../support/data-points.ts';

it('fits where one pattern does and none that begins with ! does', () => {
  const check = (patterns: string | string[], yes: (string | undefined)[], no: (string | undefined)[]): void => {
    for (const text of yes) expect([patterns, text, fits(patterns)(text)]).toEqual([patterns, text, true]);
    for (const text of no) expect([patterns, text, fits(patterns)(text)]).toEqual([patterns, text, false]);
  };
  check('*', ['a', 'a b'], [undefined]);
  check('', [undefined, ''], ['a']);
  check(['GET *', '!*/health'], ['GET /', 'GET /cart'], ['GET /health', 'POST /', undefined]);
  check('!* * *', ['SELECT orders', undefined], ['SELECT orders customers']);
  check(['', 'chat'], [undefined, 'chat'], ['chats']);
  check(['*', '!'], ['a'], [undefined, '']);
  check('a*b*c', ['abc', 'a b c', 'abbbc'], ['ab', 'bc', 'acb']);
});

it('asks a point, then its resource, by what its values read as', () => {
  const point = dataPoint({
    attributes: { reused: true, code: 200n, host: 'own' },
    resource: { host: 'other', zone: 'a' },
  });
  const check = (attributes: Record<string, string | string[]>): boolean => pointTest(attributes)(point);
  expect(check({ reused: 'true', code: ['404', '200'], zone: 'a', 'service.name': 'sh*' })).toBe(true);
  expect(check({ host: 'other' })).toBe(false);
  expect(check({ missing: '' })).toBe(true);
  expect(check({})).toBe(true);
});
