import { expect, test } from 'vitest';
import { HAS_LINKS } from '../../../collector/src/otlp/span-batch.ts';
import { SpanLinks } from '../../../collector/src/otlp/span-links.ts';
import { hexId } from '../../../collector/src/otlp/trace-id.ts';
import { ProtobufWriter } from '../../../collector/src/otlp/writer.ts';
import { releaseBatch, rowsOf, testIntake } from '../../support/intake.ts';
import { bodyOf, traffic } from '../../support/traffic.ts';

const LINKS = 13;

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** A span of nothing but links, each a list of trace ids in hexadecimal: the fields 1 of one Link. */
function linksOf(...links: readonly string[][]): string[] {
  const writer = new ProtobufWriter(64);
  writer.text(5, 'a name');
  for (const ids of links) {
    const link = writer.open(LINKS);
    writer.text(3, 'ot=th:8');
    for (const id of ids) writer.content(1, bytesOf(id));
    writer.content(2, bytesOf('0102030405060708'));
    writer.close(link);
  }
  const span = writer.take();
  // Not at the start of its segment, and with something behind it.
  const bytes = Buffer.concat([Buffer.alloc(3, 0x6a), span, Buffer.alloc(20, 0x6a)]);
  const found: string[] = [];
  const cursor = new SpanLinks(bytes, 3, span.length);
  while (cursor.next()) found.push(hexId(cursor.id0, cursor.id1, cursor.id2, cursor.id3));
  return found;
}

test('reads the trace ids of all links, in order, the last of an id that is repeated', () => {
  const [a, b] = ['00112233445566778899aabbccddeeff', 'f'.repeat(32)];
  expect(linksOf()).toEqual([]);
  expect(linksOf([a], [b], [a])).toEqual([a, b, a]);
  expect(linksOf([a, b])).toEqual([b]);
});

test('passes over links without a valid trace id', () => {
  const a = '00112233445566778899aabbccddeeff';
  expect(linksOf([], ['0'.repeat(32)], ['0011'], [`${a}00`], [a], [''])).toEqual([a]);
});

test('flags spans that have links, and only those, also in a row used before', () => {
  const intake = testIntake();
  for (const seed of [1, 2, 3]) {
    const spans = traffic({ seed, traces: 60, maxSpans: 20, attributes: 2, rich: true }).flat();
    const body = bodyOf(spans);
    expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
    const flagged = rowsOf(intake.batch).map(({ traceId, name, flags }) => `${traceId} ${name} ${flags & HAS_LINKS}`);
    const expected = spans.map(({ traceId, name, more }) => {
      const links = Array.isArray(more?.links) ? more.links.length : 0;
      return `${traceId.toString('hex')} ${name} ${links > 0 ? HAS_LINKS : 0}`;
    });
    releaseBatch(intake.batch);
    expect(flagged.toSorted()).toEqual(expected.toSorted());
    expect(new Set(flagged.map((each) => each.at(-1)))).toEqual(new Set(['0', '8']));
  }
});
