import { expect, test } from 'vitest';
import { moment } from '../../../../collector/src/web/page/alert-words.ts';
import {
  SILENCE_TIMES,
  silencedText,
  silenceOf,
  type TypedSilence,
  typedFor,
} from '../../../../collector/src/web/page/silence-wish.ts';
import { alertPage } from '../../../support/alert-page.ts';
import { violation, violationGroup } from '../../../support/violations.ts';

const NOW_MS = 1_800_000_000_000;
const BESIDE = { alertId: 'g2', kind: 'latency' } as const;
const OF_ORDERS = { 'service.name': 'orders', 'span.name': 'POST /orders', 'span.kind': 'SPAN_KIND_SERVER' };

const typed = (stated: Partial<TypedSilence> = {}): TypedSilence => ({ ...typedFor(violation()), ...stated });

test('the form begins with what the violation is of', () => {
  expect(typed()).toEqual({ attributes: OF_ORDERS, meant: 'matching', comment: '', until: '' });
});

test('what was typed becomes what the API takes; what is empty may be anything', () => {
  expect(silenceOf(typed(), BESIDE, '8h', NOW_MS)).toEqual({
    attributes: OF_ORDERS,
    kinds: [],
    comment: '',
    for: '8h',
  });
  const attributes = { ...OF_ORDERS, 'span.name': '', 'span.kind': '' };
  const wish = typed({ attributes, meant: 'kind', comment: ' deploy ', until: '2027-01-15T09:30' });
  expect(silenceOf(wish, BESIDE, undefined, NOW_MS)).toEqual({
    attributes: { 'service.name': 'orders' },
    kinds: ['latency'],
    comment: 'deploy',
    until: new Date('2027-01-15T09:30').toISOString(),
  });
});

test('an alert is meant as such, whatever it is of', () => {
  expect(silenceOf(typed({ meant: 'alert', attributes: {} }), BESIDE, '1h', NOW_MS)).toEqual({
    alert: 'g2',
    comment: '',
    for: '1h',
  });
});

test('what is missing is said', () => {
  const check = (stated: Partial<TypedSilence>, time: string | undefined, said: string): void =>
    expect(silenceOf(typed(stated), BESIDE, time, NOW_MS)).toBe(said);
  check({ attributes: { 'service.name': '' } }, '1h', 'Say what shall be silent.');
  check({}, undefined, 'Say until when.');
  check({ until: 'tomorrow' }, undefined, 'Say until when.');
  check({ until: '2001-01-01T00:00' }, undefined, 'That is over already.');
});

test('the API takes every time there is to choose, and it is said whether the alert is silent now', async () => {
  const page = await alertPage();
  await page.take(violationGroup('critical'));
  await page.take(violationGroup('critical', { id: 'g2', members: [violation(), violation({ service: 'carts' })] }));
  for (const { value } of SILENCE_TIMES) {
    const wish = silenceOf(typed(), BESIDE, value, NOW_MS);
    const [status, answer] = await page.ask('POST', 'silences', wish);
    expect(status).toBe(200);
    const { silence } = answer as Parameters<typeof silencedText>[0];
    expect(silencedText({ silence, covers: ['g1'] }, 'g1')).toBe(`Silenced until ${moment(silence.endMs ?? 0)}.`);
    expect(silencedText(answer as Parameters<typeof silencedText>[0], 'g2')).toMatch(/this alert is still told/);
  }
  const [, whole] = await page.ask('POST', 'silences', silenceOf(typed({ meant: 'alert' }), BESIDE, '1h', NOW_MS));
  expect(silencedText(whole as Parameters<typeof silencedText>[0], 'g2')).toMatch(/^Silenced until/);
});
