// Operations hear that they are in violation once each, however much of them is open.
import { expect, it } from 'vitest';
import { ViolatedOperations } from '../../../collector/src/pipeline/violated-operations.ts';
import { violation, violationGroup } from '../../support/violations.ts';

it('an operation is in violation until nothing of it is open', () => {
  const heard: string[] = [];
  const violated = new ViolatedOperations((service, name, isOpen) => heard.push(`${service} ${name} ${isOpen}`));
  const take = (...members: Parameters<typeof violation>[0][]): string[] => {
    heard.length = 0;
    violated.take(violationGroup('critical', { members: members.map((each) => violation(each)) }));
    return heard.slice();
  };
  take({ id: 'slow' });
  take({ id: 'missed', kind: 'target' }, { id: 'other', operation: 'GET /orders' });
  // Its latency is over, whatever order they are told of in; the target is missed all the same.
  expect(take({ id: 'missed', kind: 'target' }, { id: 'slow', severity: 'none' })).toEqual([
    'orders POST /orders true',
  ]);
  // Nobody hears of an end twice.
  expect(take({ id: 'slow', severity: 'none' })).toEqual([]);
  expect(take({ id: 'missed', kind: 'target', severity: 'none' }, { id: 'other', operation: 'GET /orders' })).toEqual([
    'orders POST /orders false',
    'orders GET /orders true',
  ]);
});
