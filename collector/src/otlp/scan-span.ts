// One span's bytes into one row of a SpanBatch. This is the innermost loop of the program: no closure, no allocation.
import { arePlainTexts, checkAttribute, found, plainAttributeEnd } from './attributes.ts';
import { ENTRY, HAS_LINKS, HAS_TRACE_STATE, MAX_DIMENSIONS, ROOT, type SpanBatch } from './span-batch.ts';
import { checkEvent, checkLink, scanStatus } from './span-parts.ts';
import {
  at,
  type ByteSource,
  fault,
  isAscii,
  isText,
  readLength,
  readTag,
  readVarint32,
  skipUnknown,
  skipVarint,
} from './wire.ts';

/** Fields 1..16 of Span; bit n set where field n is known. */
const SPAN_FIELDS = 0b1_1111_1111_1111_1110;

/** Span attributes that become dimensions of a series. */
export interface DimensionKeys {
  readonly keys: readonly Uint8Array[];
  /** Bit d set where key d has this length: every other attribute costs one look. 256 entries. */
  readonly byKeyLength: Uint8Array;
}

/** @param names attribute keys, at most MAX_DIMENSIONS are used */
export function dimensionKeys(names: readonly string[]): DimensionKeys {
  const keys = names.slice(0, MAX_DIMENSIONS).map((name) => new TextEncoder().encode(name));
  const byKeyLength = new Uint8Array(256);
  keys.forEach((key, d) => (byKeyLength[key.length & 255] |= 1 << d));
  return { keys, byKeyLength };
}

/** What a span's bytes say while it is being scanned; -1 lengths mean absent. */
const span = {
  traceOffset: 0,
  traceLength: -1,
  idOffset: 0,
  idLength: -1,
  parentOffset: 0,
  parentLength: 0,
  text: true,
  /** HAS_LINKS once a link was seen. */
  links: 0,
};

/**
 * Scans one span into a row.
 *
 * @returns whether the span may be taken: ids of the right length and not all zero, all text UTF-8
 * @throws Malformed on a structural fault
 */
export function scanSpan(
  source: ByteSource,
  start: number,
  end: number,
  batch: SpanBatch,
  row: number,
  dimensions: DimensionKeys,
): boolean {
  const { bytes } = source;
  batch.offset[row] = start;
  batch.length[row] = end - start;
  clearRest(batch, row, dimensions);
  let p = plainHeadEnd(source, start, end, batch, row);
  if (p === start) clearHead(batch, row);
  // First of the attributes in a row whose text is not judged yet; no attribute stands at 0.
  let texts = 0;
  while (p < end) {
    // Attributes are most of a span.
    const after = bytes[p] === 0x4a ? plainAttributeEnd(source, p, end) : 0;
    if (after !== 0) {
      // The key's length stands behind the attribute's tag and length and the key's tag.
      const keyLength = bytes[p + 3];
      const next = after < 0 ? -after : after;
      if (dimensions.byKeyLength[keyLength] !== 0) takeDimension(source, p + 2, next, batch, row, dimensions);
      if (texts === 0) texts = p;
      if (after < 0) {
        // The bytes of a number are not text.
        if (!arePlainTexts(source, texts, p + 4 + keyLength, next)) span.text = false;
        texts = 0;
      }
      p = next;
      continue;
    }
    if (texts !== 0) {
      if (!arePlainTexts(source, texts, p, p)) span.text = false;
      texts = 0;
    }
    p = scanField(source, p, end, batch, row, dimensions);
  }
  if (texts !== 0 && !arePlainTexts(source, texts, end, end)) return false;
  if (!span.text || span.traceLength !== 16 || span.idLength !== 8) return false;
  if (span.parentLength !== 0 && span.parentLength !== 8) return false;
  return readIds(source, batch, row);
}

/** Scans one field of whatever kind and layout; answers the position after it. */
function scanField(
  source: ByteSource,
  p: number,
  end: number,
  batch: SpanBatch,
  row: number,
  dimensions: DimensionKeys,
): number {
  const { bytes, view } = source;
  let tag = bytes[p++];
  if (tag > 127) {
    tag = readTag(bytes, p - 1, end);
    p = at;
  }
  if ((tag & 7) === 2) {
    // Past the end stands a neighbour's byte or, at the end of a segment, none, with which every comparison is false.
    if (p >= end) fault('truncated', p);
    let length = bytes[p++];
    if (length > 127 || p + length > end) {
      length = readLength(bytes, p - 1, end);
      p = at;
    }
    const after = p + length;
    if (tag === 0x4a) {
      if (!checkAttribute(source, p, after, 4)) span.text = false;
      if (found.keyLength >= 0 && dimensions.byKeyLength[found.keyLength & 255] !== 0)
        takeDimension(source, p, after, batch, row, dimensions);
    } else scanLengthField(source, tag, p, after, batch, row);
    return after;
  }
  if (tag === 0x39 || tag === 0x41) {
    if (p + 8 > end) fault('truncated', p);
    if (tag === 0x39) {
      batch.startLow[row] = view.getUint32(p, true);
      batch.startHigh[row] = view.getUint32(p + 4, true);
    } else {
      batch.endLow[row] = view.getUint32(p, true);
      batch.endHigh[row] = view.getUint32(p + 4, true);
    }
    return p + 8;
  }
  if (tag === 0x30) {
    const kind = readVarint32(bytes, p, end);
    // Unknown kinds count as unspecified; the exported span keeps what it said.
    batch.kind[row] = kind > 5 ? 0 : kind;
    return at;
  }
  if (tag === 0x50 || tag === 0x60 || tag === 0x70) return skipVarint(bytes, p, end);
  if (tag !== 0x85) return skipUnknown(bytes, p, end, tag, SPAN_FIELDS);
  if (p + 4 > end) fault('truncated', p);
  return p + 4;
}

/**
 * Reads what a span begins with, where it stands as nearly every SDK writes it: trace id, span id, parent if there is
 * one, name of less than 128 ASCII bytes, kind, start and end, each once and in this order.
 *
 * @returns the position after the end time; `start`, with nothing read, where only the general walk can tell
 */
function plainHeadEnd(source: ByteSource, start: number, end: number, batch: SpanBatch, row: number): number {
  // The shortest head, and the longest but for its name, so that what is read below is the span's own.
  if (start + HEAD_BYTES > end) return start;
  const { bytes, view } = source;
  if (view.getUint16(start) !== 0x0a10 || view.getUint16(start + 18) !== 0x1208) return start;
  const parent = start + 28;
  const hasParent = view.getUint16(parent) === 0x2208;
  const name = hasParent ? parent + 10 : parent;
  const nameLength = bytes[name + 1];
  const kind = name + 2 + nameLength;
  if (bytes[name] !== 0x2a || nameLength > 127 || kind + 20 > end) return start;
  if (bytes[kind] !== 0x30 || bytes[kind + 1] > 5 || bytes[kind + 2] !== 0x39 || bytes[kind + 11] !== 0x41)
    return start;
  if (!isAscii(source, name + 2, kind)) return start;
  span.traceOffset = start + 2;
  span.traceLength = 16;
  span.idOffset = start + 20;
  span.idLength = 8;
  span.parentOffset = parent + 2;
  span.parentLength = hasParent ? 8 : 0;
  batch.nameOffset[row] = name + 2;
  batch.nameLength[row] = nameLength;
  batch.kind[row] = bytes[kind + 1];
  batch.startLow[row] = view.getUint32(kind + 3, true);
  batch.startHigh[row] = view.getUint32(kind + 7, true);
  batch.endLow[row] = view.getUint32(kind + 12, true);
  batch.endHigh[row] = view.getUint32(kind + 16, true);
  return kind + 20;
}

/** Two ids, a parent, an empty name, kind and two times. */
const HEAD_BYTES = 18 + 10 + 10 + 2 + 2 + 9 + 9;

/** One field of the span that has a length, attributes aside; `p..end` is its content. */
function scanLengthField(source: ByteSource, tag: number, p: number, end: number, batch: SpanBatch, row: number): void {
  switch (tag) {
    case 0x0a:
      span.traceOffset = p;
      span.traceLength = end - p;
      return;
    case 0x12:
      span.idOffset = p;
      span.idLength = end - p;
      return;
    case 0x1a:
      batch.stateOffset[row] = p;
      batch.stateLength[row] = end - p;
      span.text = isText(source, p, end) && span.text;
      return;
    case 0x22:
      span.parentOffset = p;
      span.parentLength = end - p;
      return;
    case 0x2a:
      batch.nameOffset[row] = p;
      batch.nameLength[row] = end - p;
      span.text = isText(source, p, end) && span.text;
      return;
    case 0x5a:
      span.text = checkEvent(source, p, end) && span.text;
      return;
    case 0x6a:
      span.text = checkLink(source, p, end) && span.text;
      span.links = HAS_LINKS;
      return;
    case 0x7a:
      span.text = scanStatus(source, p, end, batch, row) && span.text;
      return;
    default:
      // Already skipped by its length; only the tag is left to judge.
      if (tag >>> 3 === 0) fault('tag', p);
      if (tag >>> 3 <= 16) fault('wire_type', p);
  }
}

/** Takes the attribute at `p..end` if its key is that of a dimension; it was found sound before. */
function takeDimension(
  source: ByteSource,
  p: number,
  end: number,
  batch: SpanBatch,
  row: number,
  dimensions: DimensionKeys,
): void {
  const { bytes } = source;
  checkAttribute(source, p, end, 4);
  const { keyOffset, keyLength, valueOffset, valueLength } = found;
  for (let d = 0; d < dimensions.keys.length; d++) {
    const key = dimensions.keys[d];
    if (key.length !== keyLength || valueLength <= 0) continue;
    let i = 0;
    while (i < keyLength && key[i] === bytes[keyOffset + i]) i++;
    if (i < keyLength) continue;
    batch.dimensionOffset[row * MAX_DIMENSIONS + d] = valueOffset;
    batch.dimensionLength[row * MAX_DIMENSIONS + d] = valueLength;
  }
}

/** Clears what no head has. */
function clearRest(batch: SpanBatch, row: number, dimensions: DimensionKeys): void {
  span.text = true;
  span.links = 0;
  batch.stateLength[row] = 0;
  batch.status[row] = 0;
  if (dimensions.keys.length === 0) return;
  const d = row * MAX_DIMENSIONS;
  const { dimensionLength } = batch;
  dimensionLength[d] = dimensionLength[d + 1] = dimensionLength[d + 2] = dimensionLength[d + 3] = 0;
}

/** Clears what a plain head has in any case. */
function clearHead(batch: SpanBatch, row: number): void {
  span.traceLength = -1;
  span.idLength = -1;
  span.parentLength = 0;
  batch.startHigh[row] = batch.startLow[row] = 0;
  batch.endHigh[row] = batch.endLow[row] = 0;
  batch.nameLength[row] = 0;
  batch.kind[row] = 0;
}

/** Reads the ids of a span whose id lengths are right; false for an all-zero id, which means absent. */
function readIds(source: ByteSource, batch: SpanBatch, row: number): boolean {
  const { view } = source;
  const t = span.traceOffset;
  const trace0 = (batch.trace0[row] = view.getUint32(t));
  const trace1 = (batch.trace1[row] = view.getUint32(t + 4));
  const trace2 = (batch.trace2[row] = view.getUint32(t + 8));
  const trace3 = (batch.trace3[row] = view.getUint32(t + 12));
  if ((trace0 | trace1 | trace2 | trace3) === 0) return false;
  if ((view.getInt32(span.idOffset) | view.getInt32(span.idOffset + 4)) === 0) return false;
  const kind = batch.kind[row];
  // Some senders write the absent parent as zeros, as trace context has it.
  const parent = span.parentOffset;
  const isRoot = span.parentLength === 0 || (view.getInt32(parent) | view.getInt32(parent + 4)) === 0;
  // Kinds 2 and 5 are SERVER and CONSUMER.
  const entry = isRoot ? ROOT | ENTRY : kind === 2 || kind === 5 ? ENTRY : 0;
  batch.flags[row] = (batch.stateLength[row] > 0 ? HAS_TRACE_STATE : 0) | span.links | entry;
  return true;
}
