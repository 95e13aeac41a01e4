// What is listed of groups.
import { expect, it } from 'vitest';
import { summaryOf } from '../../../collector/src/baseline/view.ts';
import { violation, violationGroup } from '../../support/violations.ts';

it('why the likely cause is one is not said of another that is shown in its place', () => {
  const because = 'the other one calls it, and is not called by it';
  const listed = (...severities: readonly ('critical' | 'none')[]) => {
    const members = severities.map((severity, i) => violation({ id: String(i), severity }));
    const { members: ordered, because: said } = summaryOf(violationGroup('critical', { members, because }), 5);
    return [ordered.map(({ id }) => id).join(' '), said];
  };
  expect(listed('critical', 'critical')).toEqual(['0 1', because]);
  expect(listed('critical', 'none')).toEqual(['0 1', because]);
  expect(listed('none', 'critical')).toEqual(['1 0', undefined]);
  expect(listed('none', 'none')).toEqual(['0 1', because]);
});
