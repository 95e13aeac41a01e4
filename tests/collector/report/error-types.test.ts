import { expect, it } from 'vitest';
import type { OperationFacts } from '../../../collector/src/report/contract.ts';
import { ErrorTypes, errorsByType } from '../../../collector/src/report/error-types.ts';

const operation = (service: string, name: string, errors: number): OperationFacts => ({ service, name, kind: '', calls: 100, errors, meanMs: 1, p50Ms: 1, p95Ms: 1 }); // prettier-ignore

it('shares out what failed by what was looked at, to the last call', () => {
  const seen = new ErrorTypes();
  for (let i = 0; i < 2; i++) seen.see('shop', 'ETIMEDOUT');
  seen.see('shop', '500');
  seen.see('gone', '404');
  const operations = [operation('shop', 'a', 60), operation('shop', 'b', 40), operation('pay', 'c', 5)];
  expect(errorsByType(operations, seen.saved())).toEqual([
    { service: 'shop', type: 'ETIMEDOUT', count: 67 },
    { service: 'shop', type: '500', count: 33 },
    { service: 'pay', type: 'not named', count: 5 },
  ]);
});

it('counts types beyond its room under one name, also those of before a restart', () => {
  const seen = new ErrorTypes();
  for (let i = 0; i < 1500; i++) seen.see('shop', `type ${i}`);
  seen.see('shop', '');
  const again = new ErrorTypes();
  again.addAll(seen.saved());
  for (const types of [seen, again]) {
    expect(types.saved()).toHaveLength(1001);
    expect(types.saved().at(-1)).toEqual({ service: 'shop', type: 'other types', count: 501 });
  }
});
