// Groups of violations of a day: counted once, bounded, and true about what there was no room for.
import { expect, it } from 'vitest';
import { countsOf, DayIncidents, joinCounts, openWithin } from '../../../collector/src/report/day-incidents.ts';
import { violation, violationGroup } from '../../support/violations.ts';

const DAY = { fromMs: 1000, toMs: 2000 };

function group(id: string, severity: 'critical' | 'none', raisedMs: number, changedMs = raisedMs) {
  const member = violation({ severity, onsetMs: raisedMs - 10, raisedMs, changedMs });
  return violationGroup(severity, { id, onsetMs: raisedMs - 10, changedMs, members: [member] });
}

it('counts a group as it was told last, on the day it was raised', () => {
  const incidents = new DayIncidents(DAY);
  incidents.take(group('a', 'critical', 1100));
  incidents.take(group('a', 'critical', 1100, 1200));
  incidents.take(group('b', 'none', 900, 1050));
  incidents.take(group('a', 'none', 1100, 1300));
  const counts = countsOf(incidents.saved(), DAY);
  expect(counts).toEqual([{ kind: 'latency', severity: 'critical', count: 1, openMs: 210 + 50 }]);
  expect(incidents.open()).toEqual([]);
});

it('only counts those that there is no room for, the ones that are over first', () => {
  const incidents = new DayIncidents(DAY);
  incidents.take(group('open', 'critical', 1100));
  for (let i = 0; i < 600; i++) incidents.take(group(`g${i}`, 'none', 1100 + (i % 100), 1900));
  const saved = incidents.saved();
  expect(saved).toHaveLength(500);
  expect(incidents.open().map(({ id }) => id)).toEqual(['open']);
  const all = joinCounts([...countsOf(saved, DAY), ...incidents.onlyCounted]);
  expect(all).toMatchObject([{ count: 601 }]);
});

it('measures how long a violation was open within a time', () => {
  const check = (onsetMs: number, endMs: number | undefined, expected: number): void =>
    expect(openWithin({ onsetMs, ...(endMs === undefined ? {} : { endMs }) }, DAY)).toBe(expected);
  check(1200, 1500, 300);
  check(500, 1500, 500);
  check(1500, undefined, 500);
  check(500, 900, 0);
  check(2500, undefined, 0);
  check(1500, 1400, 0);
});

it('keeps the likely causes of a large group, and how many there are', () => {
  const incidents = new DayIncidents(DAY);
  const members = Array.from({ length: 300 }, (_, i) => violation({ operation: `${i}`, raisedMs: 1500 }));
  incidents.take(violationGroup('critical', { id: 'large', members }));
  const [saved] = incidents.saved();
  expect([saved?.memberCount, saved?.members.length, saved?.cause]).toEqual([300, 100, 'orders 0']);
});
