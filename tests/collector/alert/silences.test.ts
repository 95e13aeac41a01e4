import { describe, expect, it } from 'vitest';
import { alertConfig } from '../../../collector/src/alert/config.ts';
import type { Silence } from '../../../collector/src/alert/contract.ts';
import { Silences } from '../../../collector/src/alert/silences.ts';
import type { ViolationGroup } from '../../../collector/src/baseline/contract.ts';
import { violation, violationGroup } from '../../support/violations.ts';

const NOW_MS = Date.parse('2027-03-01T08:00:00Z');

/** Why a group is held back by what is configured. */
function heldBy(config: object, group: ViolationGroup, nowMs = NOW_MS): string | undefined {
  return new Silences(alertConfig.parse(config)).at(nowMs)(group);
}

function check(silence: object, group: ViolationGroup, isHeld: boolean): void {
  expect(heldBy({ silences: [silence] }, group)).toBe(isHeld ? 'silence' : undefined);
}

const slow = violationGroup('critical');

describe('a silence', () => {
  it('holds what has the attributes it names, all of them', () => {
    check({ attributes: { 'service.name': 'orders' } }, slow, true);
    check({ attributes: { 'service.name': 'carts' } }, slow, false);
    check({ attributes: { 'service.name': 'orders', 'span.name': 'GET /orders' } }, slow, false);
    check({ attributes: { 'deployment.environment.name': 'test' } }, slow, false);
    check({ attributes: { toString: '*' } }, slow, false);
  });

  it('takes a star for any text', () => {
    for (const pattern of ['*', 'POST *', '*orders', 'P*S* /*s', 'POST /orders*', '*POST /orders'])
      check({ attributes: { 'span.name': pattern } }, slow, true);
    for (const pattern of ['', 'post *', 'POST', '*orders/', 'POST /orders*s', '*/*/*', 'POST /ordersPOST*'])
      check({ attributes: { 'span.name': pattern } }, slow, false);
  });

  it('holds the kinds and severities it names', () => {
    check({ kinds: ['latency'] }, slow, true);
    check({ kinds: ['error', 'hang'] }, slow, false);
    check({ severities: ['info', 'warning'] }, slow, false);
    check({ severities: ['critical'], kinds: ['latency'] }, slow, true);
    check({}, slow, true);
  });

  it('holds a group only where everything that goes on in it is meant', () => {
    const others = [violation(), violation({ service: 'carts' })];
    check({ attributes: { 'service.name': 'orders' } }, violationGroup('critical', { members: others }), false);
    const over = [violation(), violation({ service: 'carts', severity: 'none' })];
    check({ attributes: { 'service.name': 'orders' } }, violationGroup('critical', { members: over }), true);
    const silences = [{ attributes: { 'service.name': 'orders' } }, { attributes: { 'service.name': 'carts' } }];
    expect(heldBy({ silences }, violationGroup('critical', { members: others }))).toBe('silence');
  });

  it('holds from its start until its end', () => {
    const silences = [{ start: '2027-03-01T08:00:00Z', end: '2027-03-01T09:00:00Z' }];
    expect(heldBy({ silences }, slow, NOW_MS - 1)).toBeUndefined();
    expect(heldBy({ silences }, slow, NOW_MS)).toBe('silence');
    expect(heldBy({ silences }, slow, NOW_MS + 3_600_000)).toBeUndefined();
  });

  it('may be made and ended while the sidecar runs; one of the configuration may not be ended', () => {
    const silences = new Silences(alertConfig.parse({ silences: [{ kinds: ['hang'] }] }));
    const made: Silence = {
      id: 's1',
      attributes: {},
      kinds: [],
      severities: [],
      startMs: NOW_MS,
      endMs: NOW_MS + 1000,
      comment: 'deploy',
      by: 'ada',
      isConfigured: false,
    };
    silences.add(made, NOW_MS);
    expect(silences.at(NOW_MS + 999)(slow)).toBe('silence');
    expect(silences.at(NOW_MS + 1000)(slow)).toBeUndefined();
    expect(silences.list(NOW_MS).map(({ id }) => id)).toEqual(['configured-1', 's1']);
    expect(silences.list(NOW_MS + 1000).map(({ id }) => id)).toEqual(['configured-1']);
    silences.add(made, NOW_MS);
    expect([silences.remove('s1'), silences.remove('s1'), silences.remove('configured-1')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(silences.at(NOW_MS)(slow)).toBeUndefined();
  });

  it('is refused where there are a thousand', () => {
    const silences = new Silences(alertConfig.parse({}));
    const add = (id: number, endMs: number): boolean =>
      silences.add(
        {
          id: String(id),
          attributes: {},
          kinds: [],
          severities: [],
          startMs: 0,
          endMs,
          comment: '',
          by: '',
          isConfigured: false,
        },
        NOW_MS,
      );
    for (let id = 0; id < 1000; id++) expect(add(id, NOW_MS + 1)).toBe(true);
    expect(add(1000, NOW_MS + 1)).toBe(false);
    silences.list(NOW_MS + 1);
    expect(add(1000, NOW_MS + 1)).toBe(true);
  });
});

it('a maintenance window holds what it means while it is open', () => {
  const window = {
    name: 'vacuum',
    days: ['mon'],
    from: '07:00',
    to: '09:00',
    attributes: { 'service.name': 'orders' },
  };
  expect(heldBy({ maintenance: [window] }, slow)).toBe('maintenance');
  expect(heldBy({ maintenance: [window] }, slow, NOW_MS + 3_600_000)).toBeUndefined();
  expect(heldBy({ maintenance: [{ ...window, kinds: ['error'] }] }, slow)).toBeUndefined();
});

it('a holiday holds what is milder than is told on such days', () => {
  const holidays = { dates: ['2027-03-01'] };
  expect(heldBy({ holidays }, violationGroup('warning'))).toBe('holiday');
  expect(heldBy({ holidays }, violationGroup('critical'))).toBeUndefined();
  expect(heldBy({ holidays: { ...holidays, min_severity: 'emergency' } }, violationGroup('critical'))).toBe('holiday');
  expect(heldBy({ holidays }, violationGroup('warning'), NOW_MS + 86_400_000)).toBeUndefined();
});

describe('what is shown of the calendar', () => {
  const once = { name: 'upgrade', start: '2027-03-01T07:00:00Z', end: '2027-03-01T09:00:00Z' };
  const past = { name: 'past', start: '2027-02-01T07:00:00Z', end: '2027-02-01T09:00:00Z' };
  const config = { maintenance: [once, past], holidays: { dates: ['2027-03-02'], min_severity: 'emergency' } };
  const calendar = new Silences(alertConfig.parse(config));
  const DAY_MS = 86_400_000;

  it('is which windows are open or will be, and whether it is a holiday', () => {
    const times = { startMs: NOW_MS - 3_600_000, endMs: NOW_MS + 3_600_000 };
    const matchers = { attributes: {}, kinds: [], severities: [] };
    expect(calendar.maintenance(NOW_MS)).toEqual([{ name: 'upgrade', ...matchers, isOpen: true, once: times }]);
    expect(calendar.maintenance(NOW_MS + DAY_MS)).toEqual([]);
    expect([NOW_MS, NOW_MS + DAY_MS].map((ms) => calendar.holidayFrom(ms))).toEqual([undefined, 'emergency']);
  });

  it('becomes another one with what begins or ceases to hold, and not with time', () => {
    const revisions = [0, 1000, 2 * 3_600_000, 2 * 3_600_000 + 1000, DAY_MS, DAY_MS + 1000].map((passedMs) => {
      calendar.at(NOW_MS + passedMs);
      return calendar.revision;
    });
    expect(revisions).toEqual([1, 1, 2, 2, 3, 3]);
  });
});
