import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from '../../../collector/src/otlp/writer.ts';
import { receiveInstruments } from '../../../collector/src/receive/instruments.ts';
import { testIntake } from '../../support/intake.ts';
import { redactionOf } from '../../support/redaction.ts';
import { testHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, type TestAttribute } from '../../support/traffic.ts';

const text = (key: string, value: string): TestAttribute => ({ key, value: { stringValue: value } });

describe('a body', () => {
  it('keeps fields nobody knows, in spans that are changed too', () => {
    const written = (value: string): Buffer => {
      const out = new ProtobufWriter();
      const within = (field: number, write: () => void): void => {
        const start = out.open(field);
        write();
        out.close(start);
      };
      const attribute = (): void => {
        out.text(900, 'before');
        out.text(1, 'token');
        out.text(901, 'between');
        within(2, () => out.text(1, value));
        out.text(902, 'after');
      };
      within(1, () => {
        out.text(700, 'resource spans');
        within(1, () => within(1, attribute));
        within(2, () => {
          out.text(701, 'scope spans');
          within(2, () => {
            out.content(1, Buffer.alloc(16, 1));
            out.content(2, Buffer.alloc(8, 1));
            out.text(800, 'span');
            within(9, attribute);
            out.fixed32(801, 7);
          });
        });
      });
      return Buffer.from(out.take());
    };
    const redaction = redactionOf([{ name: 'token', keys: ['token'], action: 'drop' }]);
    expect(redaction.redact(written('x'.repeat(200)), 'traces', 'protobuf')).toEqual(written('redacted'));
    expect(redaction.redact(written(''), 'traces', 'protobuf')).toEqual(written('redacted'));
  });

  it('is not copied where no rule concerns it', () => {
    const body = Buffer.from(bodyOf([{ ...testSpan(), attributes: [text('a', 'b'), text('tokens', 'c')] }]));
    for (const rule of [{ keys: ['token'] }, { keys: ['nowhere'] }, { values: ['nothing'] }]) {
      const redaction = redactionOf([{ name: 'rule', action: 'drop', ...rule }]);
      expect(redaction.redact(body, 'traces', 'protobuf')).toBe(body);
    }
  });

  it('hides nothing behind repeated keys, values or members', () => {
    const out = new ProtobufWriter();
    for (const key of ['token', 'innocent']) out.text(1, key);
    for (const value of ['s3cret', 's3cret too']) {
      const start = out.open(2);
      out.text(1, value);
      out.uint32(2, 1);
      out.close(start);
    }
    const attribute = out.take();
    const span = new ProtobufWriter();
    for (const field of [1, 2, 2]) span.open(field);
    span.content(9, attribute);
    const spanBytes = span.take().slice(6);
    const body = new ProtobufWriter();
    const starts = [1, 2, 2].map((field) => body.open(field));
    body.raw(spanBytes);
    for (const start of starts.toReversed()) body.close(start);
    for (const rule of [{ keys: ['token'] }, { keys: ['innocent'] }, { values: ['s3cret'] }]) {
      for (const action of ['delete', 'hash', 'drop'] as const) {
        const redaction = redactionOf([{ name: 'rule', action, ...rule }]);
        expect(redaction.redact(Buffer.from(body.bytes()), 'traces', 'protobuf').includes('s3cret')).toBe(false);
      }
    }
  });

  it('is told from another by what was sent, not by what is left of it', () => {
    const redaction = redactionOf([{ name: 'token', keys: ['token'], action: 'drop' }]);
    const intake = testIntake({ redaction, duplicateWindowMs: 60_000 });
    const span = testSpan();
    const take = (token: string): string => {
      const body = bodyOf([{ ...span, attributes: [text('token', token)] }]);
      return intake.take([body], body.length, 0, 0);
    };
    expect([take('one'), take('two'), take('one'), take('two')]).toEqual([
      'accepted',
      'accepted',
      'duplicate',
      'duplicate',
    ]);
  });

  it('is counted by rule', () => {
    const own = testHost('receive', receiveInstruments);
    const redaction = redactionOf([
      { name: 'tokens', keys: ['token'], action: 'delete' },
      { name: 'mails', values: ['@'], action: 'hash' },
      { name: 'unused', keys: ['nowhere'], action: 'drop' },
    ]);
    const attributes = [text('token', 'x'), text('token', 'a@b'), text('user', 'a@b')];
    const body = Buffer.from(bodyOf([{ ...testSpan({ name: 'a@b' }), attributes }]));
    redaction.redact(body, 'traces', 'protobuf');
    redaction.count(own.host);
    expect(own.counts('redacted')).toEqual({ tokens: 2, mails: 2 });
    redaction.redact(Buffer.from(bodyOf([testSpan()])), 'traces', 'protobuf');
    redaction.count(own.host);
    expect(own.counts('redacted')).toEqual({ tokens: 2, mails: 2 });
  });

  it('is refused where too much of it would be redacted', () => {
    const redaction = redactionOf([{ name: 'all', keys: ['*'], action: 'drop' }]);
    const many = bodyOf([{ ...testSpan(), attributes: Array.from({ length: 131_072 }, () => text('a', '')) }]);
    expect(() => redaction.redact(Buffer.from(many), 'traces', 'protobuf')).toThrow(/more than 131072 values/);
  });
});
