import { expect, test } from 'vitest';
import { runtimeRows, short } from '../../../../collector/src/web/page/kpi-figures.ts';
import { NO_KPIS } from '../../../support/metric-views.ts';

test('what is told of one process is one row, by name', () => {
  const rows = runtimeRows({
    ...NO_KPIS,
    gc: [
      { service: 'shop', instance: '2', perHour: 60 },
      { service: 'shop', instance: '1', perHour: 30 },
    ],
    eventLoops: [
      { service: 'shop', instance: '1', delayP99Seconds: 0.01 },
      { service: 'agent', instance: '1', utilizationRatio: 0.5 },
    ],
  });
  expect(rows).toEqual([
    {
      service: 'agent',
      instance: '1',
      collectionsPerHour: undefined,
      delayP99Seconds: undefined,
      utilizationRatio: 0.5,
    },
    { service: 'shop', instance: '1', collectionsPerHour: 30, delayP99Seconds: 0.01, utilizationRatio: undefined },
    { service: 'shop', instance: '2', collectionsPerHour: 60, delayP99Seconds: undefined, utilizationRatio: undefined },
  ]);
  expect(runtimeRows(NO_KPIS)).toEqual([]);
});

test('large numbers are short', () => {
  const check = (value: number, expected: string): void => expect([value, short(value)]).toEqual([value, expected]);
  check(0, '0');
  check(12.4, '12');
  check(999, '999');
  check(999.6, '1.00 k');
  check(1234, '1.23 k');
  check(123_456, '123 k');
  check(999_999, '1.00 M');
  check(17_280_000, '17.3 M');
  check(5e9, '5.00 G');
  check(4e12, '4000 G');
});
