import { describe, expect, it } from 'vitest';
import type { Subject } from '../../../collector/src/baseline/contract.ts';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { Violations } from '../../../collector/src/baseline/violations.ts';

function subject(name: string): Subject {
  return { key: name, name: `shop ${name}`, attributes: { 'service.name': 'shop', 'span.name': name } };
}

function change(own: Partial<Change>): Change {
  const ratio = { value: 2.5, low: 2.1, high: 3 };
  return {
    timeMs: 60_000,
    kind: 'latency',
    severity: 'warning',
    onsetMs: 40_000,
    ratio,
    nats: 20,
    calls: 80,
    quantiles: [],
    ...own,
  };
}

function registry(): Violations {
  let id = 0;
  return new Violations(() => `id-${++id}`);
}

describe('violations', () => {
  it('that began together are one group, others are not', () => {
    const all = registry();
    const first = all.take(subject('a'), change({}), []).groupId;
    expect(all.take(subject('b'), change({ onsetMs: 70_000 }), []).groupId).toBe(first);
    expect(all.take(subject('c'), change({ onsetMs: 200_000 }), []).groupId).not.toBe(first);
    expect(all.groups()).toHaveLength(2);
  });

  it('keep their group, its worst severity, and the worst it was', () => {
    const all = registry();
    all.take(subject('a'), change({}), []);
    all.take(subject('b'), change({ severity: 'critical' }), []);
    const { groupId, isNew } = all.take(subject('b'), change({ severity: 'none', timeMs: 90_000 }), []);
    expect(isNew).toBe(false);
    expect(all.group(groupId)).toMatchObject({
      severity: 'warning',
      peak: 'critical',
      onsetMs: 40_000,
      changedMs: 90_000,
    });
    expect(all.openBySeverity()).toEqual({ info: 0, warning: 1, critical: 0, emergency: 0 });
    all.take(subject('a'), change({ severity: 'none' }), []);
    expect(all.group(groupId)?.severity).toBe('none');
  });

  it('say what, since when and by how much, with traces that show it', () => {
    const all = registry();
    all.take(subject('a'), change({}), ['aa']);
    all.take(subject('a'), change({ severity: 'critical' }), ['aa', 'bb']);
    const [{ explanation }] = all.groups()[0].members;
    expect(explanation.summary).toBe('shop a takes 2.5 times (2.1 to 3.0) as long since 00:00:40');
    expect(explanation.traceIds).toEqual(['aa', 'bb']);
    expect(explanation.calls).toBe(80);
    expect(explanation.oneInDays).toBeGreaterThan(100);
  });

  it('of the past are remembered up to a number', () => {
    const all = registry();
    for (let i = 0; i < 300; i++) {
      all.take(subject(`a${i}`), change({ onsetMs: i * 100_000 }), []);
      all.take(subject(`a${i}`), change({ onsetMs: i * 100_000, severity: 'none' }), []);
    }
    expect(all.groups()).toHaveLength(200);
    expect(all.groups()[0].members[0].subject.key).toBe('a299');
  });
});
