import { describe, expect, it } from 'vitest';
import type { Notification } from '../../../collector/src/alert/contract.ts';
import { facts, headline, summary } from '../../../collector/src/alert/notification-text.ts';
import type { Violation } from '../../../collector/src/baseline/contract.ts';
import { notification } from '../../support/alert-channels.ts';
import { ONSET_MS, violation, violationGroup } from '../../support/violations.ts';

function of(members: readonly Violation[], wanted: Partial<Notification> = {}): Notification {
  return notification({ group: violationGroup('critical', { members }), ...wanted });
}

describe('the headline', () => {
  const check = (said: Notification, expected: string): void => expect(headline(said)).toBe(expected);

  it('names the likeliest cause that goes on, how far it is off, and how many go with it', () => {
    check(of([violation()]), '[critical] orders POST /orders: latency 5.2×');
    check(
      of([violation(), violation({ service: 'carts' })]),
      '[critical] orders POST /orders: latency 5.2× (and 1 more)',
    );
    const over = violation({ severity: 'none' });
    check(of([over, violation({ service: 'carts', kind: 'error' })]), '[critical] carts POST /orders: errors 5.2×');
  });

  it('has no ratio where it is no matter of one', () => {
    check(of([violation({ kind: 'hang' })], { severity: 'emergency' }), '[emergency] orders POST /orders: hanging');
    check(of([violation({ kind: 'data_loss' })]), '[critical] orders POST /orders: data may be lost');
    check(of([violation({ severity: 'none' })], { occasion: 'resolved' }), '[resolved] orders POST /orders: latency');
  });

  it('tells what goes on from what begins', () => {
    check(of([violation()], { occasion: 'repeated' }), '[still critical] orders POST /orders: latency 5.2×');
    check(of([violation()], { occasion: 'acknowledged' }), '[acknowledged] orders POST /orders: latency 5.2×');
  });
});

it('the summary says for how long it goes on or went on, and who took it on', () => {
  const after = (ms: number, occasion: Notification['occasion']): string =>
    summary(of([violation()], { occasion, atMs: ONSET_MS + ms, acknowledgedBy: 'ada' }));
  const said = 'POST /orders takes 5.2 times as long as it did.';
  expect(after(0, 'firing')).toBe(said);
  expect(after(90_000, 'resolved')).toBe(`It is over after 90 s. ${said}`);
  expect(after(600_000, 'repeated')).toBe(`It goes on for 10 min. ${said}`);
  expect(after(3 * 3_600_000, 'repeated')).toBe(`It goes on for 3.0 h. ${said}`);
  expect(after(0, 'acknowledged')).toBe(`ada took it on. ${said}`);
  const part = of([violation({ severity: 'none' })], { occasion: 'resolved' });
  expect(summary({ ...part, group: { ...part.group, joined: 'g7' } })).toBe(
    `It goes on as part of g7, which has the same cause. ${said}`,
  );
});

describe('the facts', () => {
  const named = (said: Notification, baseUrl?: string): string[] =>
    facts(said, baseUrl).map(({ name, value, link }) => `${name}: ${link ?? value}`);

  it('are what is known of the cause, and of those that moved with it', () => {
    const others = Array.from({ length: 7 }, (_, i) =>
      violation({ service: `s${i}`, severity: i === 0 ? 'none' : 'info' }),
    );
    const found = named(of([violation(), ...others]));
    expect(found).toEqual([
      'severity: critical',
      'since: 2027-01-15T07:59:50.000Z',
      'off by: 5.2× (4.8× to 5.7×)',
      'quantiles: p50 5.1×, p99 6×',
      'rests on: 240 calls; chance alone says so once in 4000 days',
      'bottleneck: payments charge has 0.84 of the added time: look at payments charge first',
      'changed nearby: service.version 1.3.0',
      'trace: 0123456789abcdef0123456789abcdef',
      'moved with it: s0 POST /orders (over); s1 POST /orders (latency 5.2×); s2 POST /orders (latency 5.2×); s3 POST /orders (latency 5.2×); s4 POST /orders (latency 5.2×); and 2 more',
    ]);
  });

  it('lead into the page where it is known where that is', () => {
    const said = of([violation()], { group: violationGroup('critical', { id: 'a/b' }) });
    expect(named(said, 'https://page')).toEqual(
      expect.arrayContaining([
        'trace: https://page/#/traces/0123456789abcdef0123456789abcdef',
        'page: https://page/#/violations/a%2Fb',
      ]),
    );
    const part = of([violation()], { group: violationGroup('none', { joined: 'g7' }) });
    expect(named(part, 'https://page')).toContain('page: https://page/#/violations/g7');
  });

  it('do not measure what is over, but say when it was and how bad', () => {
    const group = violationGroup('none', { peak: 'emergency' });
    const found = named(of([], { occasion: 'resolved', group, atMs: ONSET_MS + 60_000 }));
    expect(found.slice(0, 3)).toEqual([
      'severity: critical, at its worst emergency',
      'since: 2027-01-15T07:59:50.000Z',
      'until: 2027-01-15T08:00:50.000Z',
    ]);
    expect(found.join()).not.toMatch(/off by|quantiles|rests on/);
  });

  it('say why the first is likely the cause, as long as it goes on', () => {
    const [cause, other] = [violation(), violation({ service: 'carts' })];
    const because = 'the other one calls it, and is not called by it';
    const said = (members: readonly Violation[]): string =>
      named(of([], { group: violationGroup('critical', { members, because }) })).join();
    expect(said([cause, other])).toContain(`likely cause: orders POST /orders: ${because}`);
    expect(said([{ ...cause, severity: 'none' }, other])).not.toContain('likely cause');
  });

  it('leave out what is endless', () => {
    const plain = violation();
    const rare = { ...plain, explanation: { ...plain.explanation, oneInDays: Infinity } };
    expect(named(of([rare]))).toContain('rests on: 240 calls');
  });

  it('leave chance and intervals out where a target is missed, which it is or is not', () => {
    const missed = violation({ kind: 'target', ratio: { value: 1.23, low: 1.23, high: 1.23 } });
    expect(named(of([missed])).slice(2)).toEqual(expect.arrayContaining(['off by: 1.2×', 'rests on: 240 calls']));
  });
});
