import { expect, test } from 'vitest';
import { linkTo, parseRoute, type Route, traceIdIn, tracesUrl } from '../../../../collector/src/web/page/route.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

test('every link leads where it says', () => {
  const routes: Exclude<Route, { view: 'unknown' }>[] = [
    { view: 'operations' },
    { view: 'books' },
    { view: 'reports', kind: '', date: '' },
    { view: 'reports', kind: 'weekly', date: '2026-03-02' },
    { view: 'violations', group: '' },
    { view: 'violations', group: '0a1b2c3d' },
    { view: 'cardinality' },
    { view: 'resources' },
    { view: 'trace', traceId },
    { view: 'sampling', service: '', operation: '', traceId: '' },
    { view: 'sampling', service: 'a&b=c#d', operation: 'GET /x?y={z} 100%', traceId: '' },
    { view: 'sampling', service: '', operation: '', traceId },
    { view: 'traces', service: '', operation: '', errorsOnly: false },
    { view: 'traces', service: 'a&b=c#d', operation: 'GET /x?y={z} 100%', errorsOnly: true },
  ];
  for (const route of routes) expect(parseRoute(linkTo(route))).toEqual(route);
});

test('no path is the home view, a strange one is unknown', () => {
  for (const home of ['', '#', '#/']) expect(parseRoute(home)).toEqual({ view: 'operations' });
  for (const strange of [
    '#/nothing',
    '#/traces/123',
    `#/traces/${traceId}/more`,
    '#/books/x',
    '#/reports/hourly/2026-03-02',
    '#/reports/daily',
    '#/violations/a/b',
    '#/violations/%22',
  ])
    expect(parseRoute(strange)).toEqual({ view: 'unknown' });
});

test('a trace id may be written in capitals', () => {
  expect(parseRoute(`#/traces/${traceId.toUpperCase()}`)).toEqual({ view: 'trace', traceId });
});

test('finds the trace id in what is pasted', () => {
  const check = (text: string, expected: string | undefined): void => expect(traceIdIn(text)).toBe(expected);
  check(traceId, traceId);
  check(`  ${traceId.toUpperCase()}\n`, traceId);
  check(`00-${traceId}-b7ad6b7169203331-01`, traceId);
  check(`traceparent: 00-${traceId}-b7ad6b7169203331-00`, traceId);
  for (const none of ['', 'abc', traceId.slice(1), `${traceId}0`, `x${traceId}`, `${traceId} ${traceId}`])
    check(none, undefined);
});

test('asks the API for what the filters say', () => {
  expect(tracesUrl({ view: 'traces', service: '', operation: '', errorsOnly: false }, 5)).toBe('api/traces?limit=5');
  expect(tracesUrl({ view: 'traces', service: 'a b', operation: 'c', errorsOnly: true }, 5)).toBe(
    'api/traces?service=a+b&operation=c&errors=true&limit=5',
  );
});
