import { expect, test } from 'vitest';
import type { Severity, Violation, ViolationsAnswer } from '../../../../collector/src/web/api.ts';
import { baselineKeyOf, violatedBy } from '../../../../collector/src/web/page/severities.ts';
import { operation } from './operations.ts';

function member(name: string, severity: Severity | 'none'): Violation {
  const key = baselineKeyOf(operation(name));
  return {
    id: `${name} ${severity}`,
    subject: { key, name: `shop ${name}`, attributes: {} },
    kind: 'latency',
    severity,
    peak: 'critical',
    onsetMs: 0,
    raisedMs: 0,
    changedMs: 0,
    ratio: { value: 2, low: 2, high: 2 },
    explanation: { summary: '', quantiles: [], calls: 0, oneInDays: 1, traceIds: [] },
  };
}

function answer(...groups: readonly (readonly Violation[])[]): ViolationsAnswer {
  return {
    open: { info: 0, warning: 0, critical: 0, emergency: 0 },
    groups: groups.map((members, i) => ({
      id: `group ${i}`,
      severity: 'none',
      peak: 'info',
      onsetMs: 0,
      changedMs: 0,
      members,
      memberCount: members.length,
    })),
    groupCount: groups.length,
  };
}

test('finds the worst that is open of an operation', () => {
  const violated = violatedBy(
    answer([member('read', 'info'), member('write', 'none')], [member('read', 'critical'), member('read', 'warning')]),
  );
  expect([...violated]).toEqual([[baselineKeyOf(operation('read')), { severity: 'critical', group: 'group 1' }]]);
  expect(violatedBy(undefined).size).toBe(0);
});

test('finds an operation that misses a target, and not a metric that does', () => {
  const { service, name, kind } = operation('read');
  const attributes = { 'service.name': service, 'span.name': name, 'span.kind': kind, 'target.name': 'slow' };
  const plain = member('read', 'warning');
  const slow = { ...plain, subject: { ...plain.subject, key: 'slow read', attributes } };
  const depth = { ...plain, subject: { key: 'depth', name: 'shop depth', attributes: { 'service.name': service } } };
  const violated = violatedBy(answer([slow, depth]));
  expect([...violated.keys()]).toEqual([baselineKeyOf(operation('read')), 'depth']);
});

test('operations are told apart by service, name and kind', () => {
  const keys = [{}, { service: 'other' }, { kind: 'SPAN_KIND_CLIENT' }].map((own) =>
    baselineKeyOf(operation('read', own)),
  );
  expect(new Set(keys).size).toBe(3);
});
