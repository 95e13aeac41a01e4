import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { redactionConfig } from '../../../collector/src/receive/redaction-config.ts';
import { createRedaction } from '../../../collector/src/receive/redaction.ts';
import { decodeBody, type DecodedSpan } from '../../support/decoded.ts';
import { reencode, releaseBatch, rowsOf, testIntake } from '../../support/intake.ts';
import type { NaiveRule } from '../../support/naive-redaction.ts';
import { hashOf, redactionOf } from '../../support/redaction.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, type TestAttribute, type TestSpan } from '../../support/traffic.ts';

/** What the exporters would send of one body. */
function through(body: Uint8Array, rules: readonly NaiveRule[]): DecodedSpan[] {
  const intake = testIntake({ redaction: redactionOf(rules) });
  expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
  const decoded = decodeBody(reencode(intake.batch));
  releaseBatch(intake.batch);
  expect(intake.arena.liveBytes).toBe(0);
  return decoded;
}

const text = (key: string, value: string): TestAttribute => ({ key, value: { stringValue: value } });

/** Attributes as they go in and as they come out; everything else of the span has to stay as it was. */
function check(rule: Omit<NaiveRule, 'name'>, before: TestAttribute[], after: TestAttribute[]): void {
  const span = { ...testSpan({ traceState: 'ot=th:8' }), attributes: before };
  const [redacted] = through(bodyOf([span]), [{ name: 'rule', ...rule }]);
  const [expected] = decodeBody(bodyOf([{ ...span, attributes: after }]));
  expect(redacted).toEqual(expected);
}

describe('keys', () => {
  it('name attributes exactly', () => {
    const others = [text('password2', 'a'), text('Password', 'b'), text('passwor', 'c'), text('', 'd')];
    check({ keys: ['password'], action: 'delete' }, [text('password', 'x'), ...others], others);
  });

  it('name every attribute that begins as they do, with a * at the end', () => {
    const before = [text('db.query', 'x'), text('db.', 'y'), text('db', 'z'), text(`db.${'k'.repeat(300)}`, 'w')];
    check({ keys: ['db.*'], action: 'delete' }, before, [text('db', 'z')]);
    const [all] = through(bodyOf([{ ...testSpan(), attributes: [...before, text('', 'e')] }]), [
      { name: 'all', keys: ['*'], action: 'delete' },
    ]);
    expect([all?.span.attributes, all?.resource]).toEqual([undefined, '{"resource":{}}']);
  });

  it('reach pairs at any depth', () => {
    const nested = (inner: object[]): TestAttribute => ({
      key: 'request',
      value: { arrayValue: { values: [{ kvlistValue: { values: inner } }, { intValue: 1 }] } },
    });
    const stays = text('user', 'ann');
    check({ keys: ['password'], action: 'delete' }, [nested([text('password', 'x'), stays])], [nested([stays])]);
  });
});

describe('values', () => {
  it('match somewhere in texts, numbers and bytes', () => {
    const rule = { values: ['4\\d{3}'], action: 'drop' } as const;
    const gone = (key: string): TestAttribute => text(key, 'redacted');
    check(
      rule,
      [
        text('text', 'größe 4111 日本'),
        { key: 'int', value: { intValue: 4111 } },
        { key: 'long', value: { intValue: '411111111111111111' } },
        { key: 'negative', value: { intValue: -4111 } },
        { key: 'double', value: { doubleValue: 0.4111 } },
        { key: 'bytes', value: { bytesValue: Buffer.from('id 4111') } },
        { key: 'stays', value: { boolValue: true } },
        text('4111', 'a key is no value'),
      ],
      [
        ...['text', 'int', 'long', 'negative', 'double', 'bytes'].map(gone),
        { key: 'stays', value: { boolValue: true } },
        text('4111', 'a key is no value'),
      ],
    );
  });

  it('are anchored to the whole text where they say so', () => {
    const before = [text('a', 'secret'), text('b', 'a secret'), text('c', 'secrets')];
    check({ values: ['^secret$'], action: 'delete' }, before, before.slice(1));
  });

  it('take out the element or pair they match, and nothing beside it', () => {
    const list = (...values: object[]): TestAttribute => ({ key: 'list', value: { arrayValue: { values } } });
    const pairs = (...values: object[]): TestAttribute => ({ key: 'pairs', value: { kvlistValue: { values } } });
    const [secret, other] = [{ stringValue: 'a@b' }, { stringValue: 'ab' }];
    check({ values: ['@'], action: 'delete' }, [list(secret, other, secret)], [list(other)]);
    check({ values: ['@'], action: 'drop' }, [list(secret, other)], [list({ stringValue: 'redacted' }, other)]);
    check({ values: ['@'], action: 'delete' }, [pairs(text('x', 'a@b'), text('y', 'ab'))], [pairs(text('y', 'ab'))]);
    check({ values: ['@'], action: 'hash' }, [pairs(text('x', 'a@b'))], [pairs(text('x', hashOf('a@b')))]);
  });

  it('look at the listed keys only where a rule has both, and then at every depth', () => {
    const rule = { keys: ['user.*'], values: ['@'], action: 'drop' } as const;
    const deep = { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'a@b' }] } };
    check(
      rule,
      [text('user.mail', 'a@b'), text('user.name', 'ab'), text('other', 'a@b'), { key: 'user.list', value: deep }],
      [text('user.mail', 'redacted'), text('user.name', 'ab'), text('other', 'a@b'), text('user.list', 'redacted')],
    );
  });
});

describe('actions', () => {
  it('hash the text of a value, whatever its type', () => {
    const checkHash = (value: Record<string, unknown>, hashed: string | Uint8Array): void => {
      const span = { ...testSpan(), attributes: [{ key: 'id', value }] };
      const [redacted] = through(bodyOf([span]), [{ name: 'ids', keys: ['id'], action: 'hash' }]);
      expect(redacted?.span.attributes).toEqual([{ key: 'id', value: { stringValue: hashOf(hashed) } }]);
    };
    checkHash({ stringValue: 'größe' }, 'größe');
    checkHash({ stringValue: '' }, '');
    checkHash({ intValue: 42 }, '42');
    checkHash({ intValue: '-9223372036854775808' }, '-9223372036854775808');
    checkHash({ doubleValue: 1.5 }, '1.5');
    checkHash({ boolValue: true }, 'true');
    checkHash({ bytesValue: Buffer.from([0xff, 0]) }, Buffer.from([0xff, 0]));
  });

  it('hash with a key of their own where none is configured', () => {
    const hashes = Array.from({ length: 2 }, () => {
      const config = redactionConfig.parse({ rules: [{ name: 'ids', keys: ['id'], action: 'hash' }] });
      const intake = testIntake({ redaction: createRedaction(config) });
      const body = bodyOf([{ ...testSpan(), attributes: [text('id', 'ann'), text('id', 'ann')] }]);
      intake.take([body], body.length, 0, 0);
      const [first, second] = decodeBody(reencode(intake.batch))[0]?.span.attributes ?? [];
      expect(first).toEqual(second);
      expect(first?.value?.['stringValue']).toMatch(/^[0-9a-f]{64}$/);
      return first?.value?.['stringValue'];
    });
    expect(hashes[0]).not.toBe(hashes[1]);
    expect(hashes).not.toContain(createHmac('sha256', '').update('ann').digest('hex'));
  });

  it('are those of the first rule that matches', () => {
    const rules: NaiveRule[] = [
      { name: 'mails', values: ['@'], action: 'drop' },
      { name: 'users', keys: ['user'], action: 'delete' },
    ];
    const span = { ...testSpan(), attributes: [text('user', 'a@b'), text('user', 'ann'), text('x', 'a@b')] };
    const kept = (all: NaiveRule[]): unknown => through(bodyOf([span]), all)[0]?.span.attributes;
    expect(kept(rules)).toEqual([text('user', 'redacted'), text('x', 'redacted')]);
    expect(kept(rules.toReversed())).toEqual([text('x', 'redacted')]);
  });
});

describe('places', () => {
  it('are attributes of resource, scope, span, event and link, and texts of the span', () => {
    const own = [text('token', 's3cret'), text('stays', 'x')];
    const span: TestSpan = {
      ...testSpan({ name: 'GET /s3cret' }),
      attributes: own,
      source: { key: 'own', resourceAttributes: own, scope: { name: 'lib', attributes: own } },
      more: {
        events: [{ name: 's3cret happened', timeUnixNano: '5', attributes: own, droppedAttributesCount: 2 }],
        links: [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 2), attributes: own, flags: 3 }],
        status: { code: 2, message: 'no s3cret' },
      },
    };
    const before = JSON.stringify(decodeBody(bodyOf([span])));
    expect(before.split('s3cret')).toHaveLength(9);
    const dropped = through(bodyOf([span]), [{ name: 'all', values: ['s3cret'], action: 'drop' }]);
    const expected = before
      .replaceAll(/GET \/s3cret|s3cret happened|no s3cret/g, 'redacted')
      .replaceAll('s3cret', 'redacted');
    expect(JSON.stringify(dropped)).toBe(expected);
    // Text that stands alone cannot be taken out: a span without a name would be another series.
    const deleted = through(bodyOf([span]), [{ name: 'all', values: ['s3cret'], action: 'delete' }]);
    expect(JSON.stringify(deleted)).not.toMatch(/s3cret|token/);
    expect(deleted[0]?.span).toMatchObject({ name: 'redacted', status: { code: 2, message: 'redacted' } });
  });

  it('decide what series and services are made of', () => {
    const span = { ...testSpan({ service: 'shop-ann', name: 'GET ann' }), attributes: [text('user', 'ann')] };
    const body = bodyOf([span]);
    const redaction = redactionOf([{ name: 'ann', values: ['ann'], action: 'drop' }]);
    const intake = testIntake({ dimensions: ['user'], redaction });
    intake.take([body], body.length, 0, 0);
    const [row] = rowsOf(intake.batch);
    expect(row).toMatchObject({ service: 'redacted', name: 'redacted' });
    expect(Buffer.from(row?.dimensions[0] ?? '', 'hex').toString()).toBe('\n\bredacted');
  });
});
