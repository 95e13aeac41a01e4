import { expect, test } from 'vitest';
import {
  holdOrder,
  matches,
  nextOrder,
  operationId,
  type Order,
  sortOperations,
} from '../../../../collector/src/web/page/operation-order.ts';
import { operation } from './operations.ts';

const slow = operation('slow', { p95: 2, callsPerSecond: 1, errorRatio: 0.5 });
const fast = operation('fast', { p95: 0.001, callsPerSecond: 9, kind: 'SPAN_KIND_CLIENT' });
const quiet = operation('quiet', { p95: null, callsPerSecond: 0 });

function check(order: Order, expected: string[]): void {
  expect(sortOperations([quiet, slow, fast], order).map(({ name }) => name)).toEqual(expected);
}

test('sorts by number and by text, both ways', () => {
  check({ column: 'rate', direction: 'descending' }, ['fast', 'slow', 'quiet']);
  check({ column: 'errors', direction: 'descending' }, ['slow', 'fast', 'quiet']);
  check({ column: 'name', direction: 'ascending' }, ['fast', 'quiet', 'slow']);
  check({ column: 'kind', direction: 'descending' }, ['quiet', 'slow', 'fast']);
});

test('puts operations without a call last, whichever way', () => {
  check({ column: 'p95', direction: 'ascending' }, ['fast', 'slow', 'quiet']);
  check({ column: 'p95', direction: 'descending' }, ['slow', 'fast', 'quiet']);
});

test('orders equal ones by service and name, numbers in names by value', () => {
  const equal = [operation('op 10'), operation('op 9'), operation('z', { service: 'cart' })];
  const sorted = sortOperations(equal, { column: 'rate', direction: 'descending' });
  expect(sorted.map(({ name }) => name)).toEqual(['z', 'op 9', 'op 10']);
});

test('a first click shows the largest numbers or the first names, a second turns around', () => {
  const byRate: Order = { column: 'rate', direction: 'descending' };
  expect(nextOrder(byRate, 'p99')).toEqual({ column: 'p99', direction: 'descending' });
  expect(nextOrder(byRate, 'service')).toEqual({ column: 'service', direction: 'ascending' });
  expect(nextOrder(byRate, 'rate')).toEqual({ column: 'rate', direction: 'ascending' });
});

test('a filter finds all its words anywhere, whatever the case', () => {
  const call = operation('POST /Checkout', { estimated: true });
  for (const text of ['', 'checkout', 'SHOP post', 'server', 'estimated']) expect(matches(call, text)).toBe(true);
  for (const text of ['cart', 'shop client', 'overflow']) expect(matches(call, text)).toBe(false);
});

test('holds an earlier order and puts newcomers last', () => {
  const held = holdOrder([fast, slow, quiet], [operationId(quiet), operationId(slow)]);
  expect(held.map(({ name }) => name)).toEqual(['quiet', 'slow', 'fast']);
});

test('an overflow series and an operation without a name are two', () => {
  expect(operationId(operation(''))).not.toBe(operationId(operation('', { overflow: true })));
});
