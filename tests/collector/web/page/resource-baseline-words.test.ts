// Watched series as the page words them.
import { describe, expect, it } from 'vitest';
import type { ResourceLine } from '../../../../collector/src/web/api.ts';
import {
  limitWords,
  stateWords,
  usualWords,
  valueWords,
  whoseWords,
} from '../../../../collector/src/web/page/resource-baseline-words.ts';

const LINE: ResourceLine = {
  key: 'a', name: 'a', metric: 'a', attributes: {}, unit: 'By', state: 'normal', score: 0, seenMs: 0,
}; // prettier-ignore

describe('a watched series', () => {
  it('has values in its unit', () => {
    expect(valueWords(undefined, 'By')).toBe('–');
    expect(valueWords(0.5, '1')).toBe('50.0 %');
    expect(valueWords(2048, 'By/s')).toMatch(/^2.*KiB\/s$/);
    expect(valueWords(3, '{thread}')).toBe('3 thread');
    expect(valueWords(3, '{fault}/s')).toBe('3 fault/s');
  });

  it('says what is usual once that is known', () => {
    expect(usualWords(LINE)).toBe('–');
    expect(usualWords({ ...LINE, unit: '{item}', usual: 5, usualFrom: 4, usualTo: 6 })).toBe('4 to 6 item');
    expect(usualWords({ ...LINE, unit: '1', usual: 0.9, usualFrom: 0.8, usualTo: 1.1, limit: 1 })).toBe(
      '80.0 to 100 %',
    );
    expect(usualWords({ ...LINE, unit: '{item}', usual: 5, usualFrom: 5, usualTo: 5 })).toBe('5 item');
  });

  it('is named by its metric, and by what tells it apart', () => {
    expect(whoseWords({ ...LINE, name: 'shop process.memory.usage', metric: 'process.memory.usage' })).toBe('shop');
    expect(whoseWords({ ...LINE, name: 'shop x.y a b', metric: 'x.y' })).toBe('shop a b');
    expect(whoseWords({ ...LINE, name: 'x.y', metric: 'x.y' })).toBe('');
  });

  it('says how full it is, and how long it has', () => {
    expect(limitWords(LINE)).toBe('–');
    expect(limitWords({ ...LINE, usedRatio: 0.5, limit: 2 })).toBe('50.0 % used');
    expect(limitWords({ ...LINE, usedRatio: 0.5, secondsToLimit: 7200 })).toBe('50.0 % used, full in about 2 h');
    expect(limitWords({ ...LINE, usedRatio: 0.5, secondsToLimit: 1e9 })).toBe('50.0 % used');
  });

  it('says what it is found to be', () => {
    expect(stateWords(LINE)).toBe('normal');
    expect(stateWords({ ...LINE, state: 'saturated', severity: 'critical' })).toBe('near its limit: critical');
  });
});
