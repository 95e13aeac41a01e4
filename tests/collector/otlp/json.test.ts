import { expect, test } from 'vitest';
import { logsFromJson, tracesFromJson } from '../../../collector/src/otlp/json.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { decodeBody, type PlainSpan } from '../../support/decoded.ts';
import { decodeSignal } from '../../support/otlp-signals.ts';

function spanOf(span: object): PlainSpan | undefined {
  const body = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
  return decodeBody(tracesFromJson(Buffer.from(JSON.stringify(body))))[0]?.span;
}

function refusal(text: string | Buffer): string {
  try {
    tracesFromJson(Buffer.from(text));
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
  return 'accepted';
}

test('reads the forms OTLP/JSON allows', () => {
  const check = (span: object, expected: object): void =>
    expect(spanOf(span), JSON.stringify(span)).toMatchObject(expected);
  check({ traceId: '5B8EFFF798038103D269B633813FC60C' }, { traceId: 'W47/95gDgQPSabYzgT/GDA==' });
  check({ startTimeUnixNano: '18446744073709551615' }, { startTimeUnixNano: '18446744073709551615' });
  check({ startTimeUnixNano: 1000 }, { startTimeUnixNano: '1000' });
  check({ kind: 2 }, { kind: 2 });
  check({ kind: 'SPAN_KIND_CONSUMER' }, { kind: 5 });
  check({ kind: 77 }, { kind: 77 });
  check({ status: { code: 'STATUS_CODE_ERROR', message: 'größe' } }, { status: { code: 2, message: 'größe' } });
  check({ name: null, kind: null, attributes: null, status: null, flags: null }, {});
  check({ unknownField: [1, { a: 2 }], name: 'x' }, { name: 'x' });
  check({ flags: 4_294_967_295 }, { flags: 4_294_967_295 });
  check({ name: '\ud83d\ude9a' }, { name: '🚚' });
});

test('reads every kind of attribute value', () => {
  const check = (value: object, expected: object): void =>
    expect(spanOf({ attributes: [{ key: 'k', value }] })?.attributes?.[0]?.value, JSON.stringify(value)).toEqual(
      expected,
    );
  check({ stringValue: '' }, { stringValue: '' });
  check({ boolValue: false }, { boolValue: false });
  check({ intValue: '-9223372036854775808' }, { intValue: '-9223372036854775808' });
  check({ intValue: 5 }, { intValue: '5' });
  check({ doubleValue: 0.1 }, { doubleValue: 0.1 });
  check({ doubleValue: 'NaN' }, { doubleValue: 'NaN' });
  check({ doubleValue: '-Infinity' }, { doubleValue: '-Infinity' });
  check({ doubleValue: '-1.5e3' }, { doubleValue: -1500 });
  check({ bytesValue: 'AAH/' }, { bytesValue: 'AAH/' });
  check({ arrayValue: { values: [{ intValue: 1 }, {}] } }, { arrayValue: { values: [{ intValue: '1' }, {}] } });
  check({ kvlistValue: { values: [{ key: 'a' }] } }, { kvlistValue: { values: [{ key: 'a' }] } });
  check({ arrayValue: {} }, { arrayValue: {} });
  check({}, {});
});

test('refuses what is no OTLP/JSON and names what is wrong', () => {
  const check = (text: string | Buffer, message: RegExp): void => expect(refusal(text), String(text)).toMatch(message);
  const inSpan = (span: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
  check('', /json, the body is no JSON document/);
  check('{', /no JSON document/);
  check('[]', /request is no object/);
  check('null', /request is no object/);
  check('"text"', /request is no object/);
  check(Buffer.from('{"a":"\xff"}', 'latin1'), /utf8/);
  check('{"resourceSpans":{}}', /resourceSpans is no array/);
  check('{"resourceSpans":[null]}', /resourceSpans is no object/);
  check(inSpan('5'), /spans is no object/);
  check(inSpan('{"traceId":"zz"}'), /traceId is not hexadecimal/);
  check(inSpan('{"traceId":"abc"}'), /traceId is not hexadecimal/);
  check(inSpan('{"traceId":12}'), /traceId is no string/);
  check(inSpan('{"name":12}'), /name is no string/);
  check(inSpan('{"kind":"SERVER"}'), /kind is no whole number/);
  check(inSpan('{"kind":1.5}'), /kind is no whole number/);
  check(inSpan('{"startTimeUnixNano":-1}'), /startTimeUnixNano is out of range/);
  check(inSpan('{"startTimeUnixNano":"18446744073709551616"}'), /out of range/);
  check(inSpan('{"startTimeUnixNano":1e40}'), /out of range/);
  check(inSpan('{"droppedLinksCount":4294967296}'), /out of range/);
  check(inSpan('{"attributes":[{"key":"k","value":{"boolValue":1}}]}'), /boolValue is no boolean/);
  check(inSpan('{"attributes":[{"key":"k","value":{"doubleValue":"0x10"}}]}'), /doubleValue is no number/);
  check(inSpan('{"attributes":[{"key":"k","value":{"intValue":"9223372036854775808"}}]}'), /out of range/);
  check(inSpan('{"attributes":[{"key":"k","value":{"intValue":true}}]}'), /no whole number/);
});

test('refuses attributes nested without end instead of running out of stack', () => {
  const depth = 100_000;
  const value = `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}`;
  expect(
    refusal(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":${value}}]}]}]}]}`),
  ).toMatch(/json/);
});

test('reads every field of a log record, with what surrounds it', () => {
  const record = {
    timeUnixNano: '1800000000000000000',
    observedTimeUnixNano: '1800000000000000001',
    severityNumber: 'SEVERITY_NUMBER_WARN2',
    severityText: 'WARN',
    body: { kvlistValue: { values: [{ key: 'k', value: { arrayValue: { values: [{ intValue: 5 }] } } }] } },
    attributes: [{ key: 'größe', value: { doubleValue: 1.5 } }],
    droppedAttributesCount: 3,
    flags: 1,
    traceId: '5B8EFFF798038103D269B633813FC60C',
    spanId: 'eee19b7ec3c1b174',
    eventName: 'event',
    unknown: [1],
  };
  const around = { resource: { attributes: [{ key: 'a', value: { boolValue: true } }] }, schemaUrl: 'https://r' };
  const inScope = { scope: { name: 'logger', version: '2' }, schemaUrl: 'https://s' };
  const request = { resourceLogs: [{ ...around, scopeLogs: [{ ...inScope, logRecords: [record] }] }] };
  const { unknown: _, ...known } = record;
  const expected = {
    ...known,
    severityNumber: 14,
    body: { kvlistValue: { values: [{ key: 'k', value: { arrayValue: { values: [{ intValue: '5' }] } } }] } },
    traceId: 'W47/95gDgQPSabYzgT/GDA==',
    spanId: '7uGbfsPBsXQ=',
  };
  expect(decodeSignal('logs', logsFromJson(Buffer.from(JSON.stringify(request))))).toEqual({
    resourceLogs: [{ ...around, scopeLogs: [{ ...inScope, logRecords: [expected] }] }],
  });
});

test('reads severities by number or name and refuses others', () => {
  const convert = (severityNumber: unknown): unknown => {
    const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber }] }] }] };
    return decodeSignal('logs', logsFromJson(Buffer.from(JSON.stringify(request))));
  };
  const check = (severityNumber: unknown, expected: object): void =>
    expect(convert(severityNumber), String(severityNumber)).toEqual({
      resourceLogs: [{ scopeLogs: [{ logRecords: [expected] }] }],
    });
  check(13, { severityNumber: 13 });
  check('SEVERITY_NUMBER_UNSPECIFIED', {});
  check('SEVERITY_NUMBER_TRACE', { severityNumber: 1 });
  check('SEVERITY_NUMBER_INFO', { severityNumber: 9 });
  check('SEVERITY_NUMBER_FATAL4', { severityNumber: 24 });
  check(null, {});
  expect(() => convert('WARN')).toThrow(/severityNumber is no whole number/);
});
