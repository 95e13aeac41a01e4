import { expect, test } from 'vitest';
import { repeat, repeatAsync, Slowdowns } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';

test('does the work as many times as asked and returns the last result', async () => {
  let done = 0;
  expect(repeat(1, () => ++done)).toBe(1);
  expect(repeat(5, () => ++done)).toBe(6);
  expect(await repeatAsync(4, async () => ++done)).toBe(10);
});

test('ends at the first failure', async () => {
  let done = 0;
  const failSecond = () => {
    if (++done === 2) throw new Error('second');
  };
  expect(() => repeat(5, failSecond)).toThrow('second');
  expect(done).toBe(2);
  await expect(repeatAsync(5, async () => Promise.reject(new Error('first')))).rejects.toThrow('first');
});

test('slows only the dependency it was asked to', () => {
  const slowdowns = new Slowdowns();
  slowdowns.set('table', 30);
  expect(slowdowns.toJSON()).toEqual({ table: 30, readme: 1, manifest: 1, vectors: 1 });
  slowdowns.set('table', 1);
  expect(slowdowns.times('table')).toBe(1);
});
