// The nested messages of a span: status, events and links.
import { checkAttribute } from './attributes.ts';
import type { SpanBatch } from './span-batch.ts';
import {
  at,
  type ByteSource,
  fault,
  isText,
  readLength,
  readTag,
  readVarint32,
  skipUnknown,
  skipVarint,
} from './wire.ts';

/** Known fields, bit n for field n: Status has message and code, Event fields 1..4, Link fields 1..6. */
const STATUS_FIELDS = 0b1100;
const EVENT_FIELDS = 0b1_1110;
const LINK_FIELDS = 0b111_1110;

/** Reads the status code into the row; answers whether the message is UTF-8. A repeated status merges, as protobuf has it. */
export function scanStatus(source: ByteSource, p: number, end: number, batch: SpanBatch, row: number): boolean {
  const { bytes } = source;
  let text = true;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x18) {
      const code = readVarint32(bytes, p, end);
      p = at;
      batch.status[row] = code > 2 ? 0 : code;
    } else if (tag === 0x12) {
      const length = readLength(bytes, p, end);
      p = at + length;
      text = isText(source, at, p) && text;
    } else p = skipUnknown(bytes, p, end, tag, STATUS_FIELDS);
  }
  return text;
}

/** Checks Span.Event; answers whether all its text is UTF-8. */
export function checkEvent(source: ByteSource, p: number, end: number): boolean {
  const { bytes } = source;
  let text = true;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x09) {
      if ((p += 8) > end) fault('truncated', p);
    } else if (tag === 0x12 || tag === 0x1a) {
      const length = readLength(bytes, p, end);
      p = at + length;
      text = (tag === 0x12 ? isText(source, at, p) : checkAttribute(source, at, p, 5)) && text;
    } else if (tag === 0x20) p = skipVarint(bytes, p, end);
    else p = skipUnknown(bytes, p, end, tag, EVENT_FIELDS);
  }
  return text;
}

/** Checks Span.Link; answers whether all its text is UTF-8. Its ids are kept as they are: they point elsewhere. */
export function checkLink(source: ByteSource, p: number, end: number): boolean {
  const { bytes } = source;
  let text = true;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x0a || tag === 0x12 || tag === 0x1a || tag === 0x22) {
      const length = readLength(bytes, p, end);
      p = at + length;
      if (tag === 0x1a) text = isText(source, at, p) && text;
      else if (tag === 0x22) text = checkAttribute(source, at, p, 5) && text;
    } else if (tag === 0x28) p = skipVarint(bytes, p, end);
    else if (tag === 0x35) {
      if ((p += 4) > end) fault('truncated', p);
    } else p = skipUnknown(bytes, p, end, tag, LINK_FIELDS);
  }
  return text;
}
