// Redaction at the intake against its plain twin, on spans of every shape with secrets in every place a rule looks at.
import { expect, test } from 'vitest';
import type { TraceIntake } from '../../../collector/src/receive/trace-intake.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { asText, decodeBody, differences } from '../../support/decoded.ts';
import { reencode, releaseBatch, rowsOf, testIntake } from '../../support/intake.ts';
import { mutate } from '../../support/mutate.ts';
import { naiveRedaction, type NaiveRule } from '../../support/naive-redaction.ts';
import { Request7 } from '../../support/otlp-schema.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { HASH_KEY, redactionOf } from '../../support/redaction.ts';
import { bodyOf, requestOf, type TestAttribute, type TestSpan, traffic } from '../../support/traffic.ts';

const DIMENSIONS = ['http.route', 'http.status'];
const MAIL = '[\\w.+-]+@example\\.com';
const CARD = '4\\d{15}';

/** Every one of these sets takes the mail addresses and card numbers out, wherever a rule may look. */
const RULE_SETS: readonly (readonly NaiveRule[])[] = [
  [{ name: 'all', values: [MAIL, CARD], action: 'delete' }],
  [{ name: 'all', values: [MAIL, CARD], action: 'hash' }],
  [
    { name: 'routes', keys: ['http.*', 'service.name'], action: 'drop' },
    { name: 'deep', keys: ['k1', 'k2'], action: 'delete' },
    { name: 'mail', values: [MAIL], action: 'drop' },
    { name: 'cards', values: [CARD], action: 'hash' },
  ],
  [
    {
      name: 'some',
      keys: ['text.4', 'nested', 'secret*', 'team'],
      values: ['ü', '@', 'tief', '^-\\d$'],
      action: 'delete',
    },
    { name: 'listed', keys: ['nested', 'bytes', 'negative', 'flag.2', 'empty', 'http.route'], action: 'hash' },
    { name: 'all', values: [MAIL, CARD], action: 'drop' },
  ],
  [
    { name: 'every', keys: ['*'], action: 'hash' },
    { name: 'all', values: [MAIL, CARD], action: 'hash' },
  ],
];

const SECRET = /secret-\d+@example|4000000\d{9}/;

function secretValue(random: Random): Record<string, unknown> {
  const mail = `secret-${pick(random, 1e6)}@example.com`;
  const card = `4${String(pick(random, 1e9)).padStart(15, '0')}`;
  return oneOf<Record<string, unknown>>(random, [
    { stringValue: mail },
    { stringValue: `größe ${mail} 日本` },
    { stringValue: `${'x'.repeat(pick(random, 300))} ${card}` },
    { intValue: card },
    { doubleValue: Number(card) },
    { bytesValue: Buffer.from(`bytes ${mail}`) },
    { arrayValue: { values: [{ intValue: 1 }, { stringValue: mail }, { stringValue: 'stays' }] } },
    {
      kvlistValue: {
        values: [{ key: 'inner', value: { arrayValue: { values: [{ stringValue: mail }] } } }, { key: 'k1' }],
      },
    },
  ]);
}

/** Puts secrets wherever a rule looks. */
function plant(random: Random, span: TestSpan): TestSpan {
  const secret = (): TestAttribute => ({
    key: oneOf(random, ['secret.mail', 'user', 'http.route']),
    value: secretValue(random),
  });
  const some = (): TestAttribute[] => (random() < 0.2 ? [secret()] : []);
  const mail = `secret-${pick(random, 1e6)}@example.com`;
  const source = {
    key: `planted ${pick(random, 3)}`,
    resourceAttributes: some(),
    scope: { name: 'tests', attributes: some() },
  };
  return {
    ...span,
    name: random() < 0.1 ? `GET /users/${mail}` : span.name,
    attributes: [...span.attributes, ...some(), ...some()],
    ...(random() < 0.2 ? { source } : {}),
    more: {
      ...span.more,
      ...(random() < 0.2 ? { events: [{ name: oneOf(random, ['sent', `to ${mail}`]), attributes: some() }] } : {}),
      ...(random() < 0.2 ? { links: [{ traceId: span.traceId, spanId: span.spanId, attributes: some() }] } : {}),
      ...(random() < 0.2 ? { status: { code: 2, message: `no ${mail}` } } : {}),
    },
  };
}

test('redacts random spans exactly as the plain twin does, in bytes and in columns', () => {
  let found = 0;
  for (const [i, rules] of RULE_SETS.entries()) {
    const random = seeded(500 + i);
    const redaction = redactionOf(rules);
    const intake = testIntake({ dimensions: DIMENSIONS, redaction });
    const plain = testIntake({ dimensions: DIMENSIONS });
    for (const trace of traffic({ seed: 60 + i, traces: 60, maxSpans: 30, attributes: 6, rich: true })) {
      const spans = trace.map((span) => plant(random, span));
      const body = bodyOf(spans);
      const expected = Request7.encode(Request7.fromObject(naiveRedaction(requestOf(spans), rules, HASH_KEY))).finish();
      if (SECRET.test(Buffer.from(body).toString('latin1'))) found++;
      expect(intake.take([body], body.length, i, i)).toBe('accepted');
      const sent = reencode(intake.batch);
      expect(differences(asText(decodeBody(sent)), asText(decodeBody(expected)))).toEqual([]);
      expect(SECRET.test(Buffer.from(sent).toString('latin1'))).toBe(false);
      expect(plain.take([expected], expected.length, i, i)).toBe('accepted');
      expect(rowsOf(intake.batch)).toEqual(rowsOf(plain.batch));
      releaseBatch(intake.batch);
      releaseBatch(plain.batch);
      expect(intake.arena.liveBytes).toBe(0);
    }
  }
  expect(found).toBeGreaterThan(200);
}, 30_000);

test('refuses no body that would be taken without it, and ends in nothing but a refusal', () => {
  const random = seeded(77);
  const outcomes = { accepted: 0, refused: 0 };
  const bodies = traffic({ seed: 78, traces: 40, maxSpans: 6, attributes: 6, rich: true }).map((trace) =>
    bodyOf(trace.map((span) => plant(random, span))),
  );
  const taken = (intake: TraceIntake, body: Uint8Array): boolean => {
    try {
      expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
      releaseBatch(intake.batch);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(Malformed);
      return false;
    } finally {
      expect(intake.arena.liveBytes).toBe(0);
    }
  };
  const plain = testIntake();
  const redacting = RULE_SETS.map((rules) => testIntake({ redaction: redactionOf(rules) }));
  for (let i = 0; i < 3000; i++) {
    const body = mutate(random, bodies[i % bodies.length] ?? Buffer.alloc(0));
    const intake = redacting[i % redacting.length] ?? plain;
    const isTaken = taken(intake, body);
    if (taken(plain, body)) expect(isTaken).toBe(true);
    outcomes[isTaken ? 'accepted' : 'refused']++;
  }
  expect(outcomes.accepted).toBeGreaterThan(500);
  expect(outcomes.refused).toBeGreaterThan(500);
}, 30_000);
