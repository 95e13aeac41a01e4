import { expect, test } from 'vitest';
import { readValue, SpanAttributes, value } from '../../../collector/src/sample/span-attributes.ts';
import { Arena } from '../../../collector/src/otlp/arena.ts';
import { ContextTable } from '../../../collector/src/otlp/context-table.ts';
import { Scanner } from '../../../collector/src/otlp/scan.ts';
import { SpanBatch } from '../../../collector/src/otlp/span-batch.ts';
import { byteSource } from '../../../collector/src/otlp/wire.ts';
import { ProtobufWriter } from '../../../collector/src/otlp/writer.ts';
import { releaseBatch, testIntake } from '../../support/intake.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

/** The text of the only wanted attribute in a span sent now. */
function reader(key: string): (body: Uint8Array) => string | undefined {
  const intake = testIntake();
  const attributes = new SpanAttributes();
  const place = attributes.want(key);
  return (body) => {
    expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
    attributes.readSpan(intake.batch, 0, 0);
    releaseBatch(intake.batch);
    const [offset = 0, length = -1] = [attributes.valueOffset[place], attributes.valueLength[place]];
    if (length < 0) return undefined;
    readValue(attributes.source.bytes, offset, offset + length);
    return Buffer.from(attributes.source.bytes.subarray(value.start, value.end)).toString();
  };
}

function span(trace: string, ...attributes: (readonly [string, string])[]): Uint8Array {
  const plain = attributes.map(([key, text]) => ({ key, value: { stringValue: text } }));
  return bodyOf([{ ...testSpan({ trace }), attributes: plain }]);
}

test('finds an attribute by its whole key, the last where it stands twice', () => {
  const read = reader('http.route');
  const check = (attributes: (readonly [string, string])[], expected: string | undefined): void =>
    expect(read(span('any', ...attributes))).toBe(expected);
  check([['http.route', '/a']], '/a');
  check([['http.routes', '/a']], undefined);
  check([['http.roure', '/a']], undefined);
  check([], undefined);
  check(
    [
      ['http.route', '/a'],
      ['other', 'x'],
      ['http.route', '/b'],
    ],
    '/b',
  );
  check([['http.route', '']], '');
  check([['http.route', 'x'.repeat(300)]], 'x'.repeat(300));
});

test('tells a span from another that takes its place in memory in the same moment', () => {
  const contexts = new ContextTable(10, 1, () => ({ serviceName: '', unsampled: false }));
  const scanner = new Scanner(contexts, []);
  const batch = new SpanBatch(new Arena(), contexts);
  const source = byteSource(new Uint8Array(1000));
  const attributes = new SpanAttributes();
  const place = attributes.want('k');
  // Of one length, but laid out differently, so that a place found before would be the wrong one.
  const orders = [
    [
      ['k', 'value'],
      ['other', 'x'],
    ],
    [
      ['other', 'x'],
      ['k', 'value'],
    ],
  ] as const;
  const check = (trace: string, order: 0 | 1): void => {
    const body = span(trace, ...orders[order]);
    source.bytes.set(body);
    scanner.scan(source, 0, body.length, batch);
    attributes.readSpan(batch, 0, 0);
    const [offset = 0, length = 0] = [attributes.valueOffset[place], attributes.valueLength[place]];
    readValue(source.bytes, offset, offset + length);
    expect(Buffer.from(source.bytes.subarray(value.start, value.end)).toString()).toBe('value');
  };
  check('00000000000000000000000000000001', 0);
  check('00000000000000000000000000000002', 1);
  check('00000000000000010000000000000002', 0);
  check('00000000000000020000000000000002', 1);
  check('00000001000000020000000000000002', 0);
  check('00000001000000020000000100000002', 1);
  check('00000001000000030000000100000002', 0);
});

test('finds attributes behind whatever stands before them', () => {
  const read = reader('k');
  const span2 = testSpan({ trace: 'odd', traceState: 'a=b' });
  const attributes = [
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'k' }, { intValue: 1 }] } } },
    { key: 'k', value: { stringValue: 'found' } },
  ];
  const more = {
    events: [{ name: 'event', attributes: [{ key: 'k', value: { stringValue: 'of the event' } }] }],
    links: [
      {
        traceId: span2.traceId,
        spanId: span2.spanId,
        attributes: [{ key: 'k', value: { stringValue: 'of the link' } }],
      },
    ],
  };
  expect(read(bodyOf([{ ...span2, attributes, more }]))).toBe('found');
  expect(read(bodyOf([{ ...span2, attributes: [], more }]))).toBeUndefined();
});

test('reads the attributes of a resource and of nothing else around it', () => {
  const attributes = new SpanAttributes();
  const place = attributes.want('k');
  const check = (write: (out: ProtobufWriter) => void, found: boolean): void => {
    const out = new ProtobufWriter();
    write(out);
    attributes.readResource(out.bytes());
    expect((attributes.valueLength[place] ?? -1) >= 0).toBe(found);
  };
  const attribute = (out: ProtobufWriter, field: number): void => {
    const start = out.open(field);
    out.text(1, 'k');
    const inner = out.open(2);
    out.text(1, 'value');
    out.close(inner);
    out.close(start);
  };
  const resource = (field: number) => (out: ProtobufWriter) => {
    const start = out.open(1);
    attribute(out, field);
    out.close(start);
  };
  check(resource(1), true);
  // Field 9 is where spans, not resources, have attributes.
  check(resource(9), false);
  check((out) => out.text(3, 'https://example.com/schema'), false);
  check(() => {}, false);
});
