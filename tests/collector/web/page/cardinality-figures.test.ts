import { expect, test } from 'vitest';
import {
  type Fold,
  foldText,
  isFound,
  type Metric,
  metricId,
  offenderOf,
  sinceText,
  usedRatio,
  worstFirst,
} from '../../../../collector/src/web/page/cardinality-figures.ts';

const FOLD: Fold = { key: 'url.path', into: 'template', example: '/users/{num}', sinceMs: 0 };

function metric(shape: Partial<Metric>): Metric {
  const plain = { service: 'shop', metric: 'm', series: 1, maxSeries: 100, newPerMinute: 0, distinctSeries: 1 };
  return { ...plain, attributes: [], folds: [], absorbedPoints: 0, ...shape };
}

const attribute = (key: string, isOffender = false): Metric['attributes'][number] => ({
  key,
  distinctValues: 3,
  isOffender,
  examples: [],
});

test('folded metrics come first, then the fullest, then those with most series', () => {
  const metrics = [
    metric({ metric: 'half, small', series: 5, maxSeries: 10 }),
    metric({ metric: 'half, large', series: 50 }),
    metric({ metric: 'full', series: 100 }),
    metric({ metric: 'folded', series: 2, folds: [FOLD] }),
    metric({ metric: 'empty', series: 0 }),
  ];
  expect(worstFirst(metrics).map((each) => each.metric)).toEqual([
    'folded',
    'full',
    'half, large',
    'half, small',
    'empty',
  ]);
});

test('a budget is used up to all of it', () => {
  expect(usedRatio(metric({ series: 25 }))).toBe(0.25);
  expect(usedRatio(metric({ series: 300 }))).toBe(1);
  expect(usedRatio(metric({ series: 0, maxSeries: 0 }))).toBe(1);
});

test('finds a metric by its service, its name and its attributes', () => {
  const each = metric({ metric: 'http.server.duration', attributes: [attribute('url.path')] });
  const check = (text: string, expected: boolean): void =>
    expect([text, isFound(each, text)]).toEqual([text, expected]);
  for (const found of ['', 'SHOP', 'server', 'url.path', 'shop  url', '  path ']) check(found, true);
  for (const other of ['agent', 'shop agent', 'durationurl']) check(other, false);
});

test('names are told apart', () => {
  expect(metricId(metric({ service: 'a b', metric: 'c' }))).not.toBe(metricId(metric({ service: 'a', metric: 'b c' })));
});

test('the offender is named where there is one', () => {
  expect(offenderOf(metric({ attributes: [attribute('a'), attribute('b', true)] }))?.key).toBe('b');
  expect(offenderOf(metric({ attributes: [attribute('a')] }))).toBeUndefined();
});

test('says what was folded, or would be', () => {
  expect(foldText(FOLD, false)).toBe('values of url.path are replaced by what they have in common, as /users/{num}');
  expect(foldText({ ...FOLD, into: 'value', example: 'other' }, false)).toBe(
    'values of url.path are replaced by one, other',
  );
  expect(foldText({ ...FOLD, into: 'value', example: 'overflow' }, false)).toBe(
    'series are counted without url.path, as otel.metric.overflow=true',
  );
  expect(foldText({ ...FOLD, key: '', into: 'overflow', example: 'otel.metric.overflow' }, true)).toBe(
    'new series would be counted in its overflow series, otel.metric.overflow=true',
  );
});

test('says since when, to the second', () => {
  expect(sinceText({ ...FOLD, sinceMs: new Date(2026, 10, 30, 12, 5, 9).getTime() })).toBe('2026-11-30 12:05:09');
  expect(sinceText(FOLD)).toBe('');
});
