import { expect, test } from 'vitest';
import { History } from '../../../../collector/src/web/page/history.ts';
import { operationId } from '../../../../collector/src/web/page/operation-order.ts';
import { operation } from './operations.ts';

const read = operation('read', { callsPerSecond: 4, errorRatio: 0.25, p50: 0.5, p95: null });
const id = operationId(read);

test('answers readings oldest first, errors per second, and null where there was no call', () => {
  const history = new History({ points: 4, operations: 2 });
  history.record(1000, [read]);
  history.record(2000, [operation('read', { callsPerSecond: 8 })]);
  const { times, rate, errors, p50, p95 } = history.points(id);
  expect(times).toEqual([1, 2]);
  expect(rate).toEqual([4, 8]);
  expect(errors).toEqual([1, 0]);
  expect(p50[0]).toBe(0.5);
  expect(p95[0]).toBeNull();
});

test('forgets the oldest reading when full', () => {
  const history = new History({ points: 3, operations: 2 });
  for (let second = 1; second <= 5; second++)
    history.record(second * 1000, [operation('read', { callsPerSecond: second })]);
  expect(history.points(id)).toMatchObject({ times: [3, 4, 5], rate: [3, 4, 5] });
});

test('leaves a hole where nothing was heard or the operation was not reported', () => {
  const history = new History({ points: 4, operations: 2 });
  history.record(1000, [read]);
  history.gap(2000);
  history.record(3000, []);
  history.record(4000, [read]);
  expect(history.points(id).rate).toEqual([4, null, null, 4]);
});

test('a hole stays a hole after the ring has come around', () => {
  const history = new History({ points: 2, operations: 2 });
  for (const second of [1, 2, 3]) history.record(second * 1000, second === 3 ? [] : [read]);
  expect(history.points(id).rate).toEqual([4, null]);
});

test('keeps no more operations than allowed; those no longer reported make room', () => {
  const history = new History({ points: 2, operations: 2 });
  history.record(1000, [operation('a'), operation('b'), operation('c')]);
  expect(history.size).toBe(2);
  expect(history.points(operationId(operation('c'))).rate).toEqual([null]);
  history.record(2000, [operation('b'), operation('c')]);
  expect(history.points(operationId(operation('c'))).rate).toEqual([null, 1]);
  expect(history.size).toBe(2);
});

test('prefers the busiest operations, and always takes in the followed one', () => {
  const history = new History({ points: 2, operations: 2 });
  const operations = [
    operation('idle', { callsPerSecond: 0 }),
    operation('busy', { callsPerSecond: 9 }),
    operation('calm'),
  ];
  const rateOf = (name: string) => history.points(operationId(operation(name))).rate.at(-1);
  history.record(1000, operations);
  expect(['idle', 'busy', 'calm'].map(rateOf)).toEqual([null, 9, 1]);
  history.follow(operationId(operation('idle')));
  history.record(2000, operations);
  expect(rateOf('idle')).toBe(0);
  expect(history.size).toBe(2);
});

test('knows nothing of an operation it never saw', () => {
  expect(new History({ points: 2, operations: 1 }).points(id)).toMatchObject({ times: [], rate: [] });
});
