// Checks attributes (KeyValue) and their values (AnyValue) without reading them into objects.
// The layout of nearly every SDK is judged in two looks; anything else goes through the general walk.
import {
  at,
  type ByteSource,
  fault,
  isAscii,
  isText,
  MAX_DEPTH,
  readLength,
  readTag,
  skipUnknown,
  skipVarint,
} from './wire.ts';

/** Bit n set: field n is known. KeyValue has key, value, key_strindex; AnyValue fields 1..8. */
const KEY_VALUE_FIELDS = 0b1110;
const ANY_VALUE_FIELDS = 0b1_1111_1110;
const LIST_FIELDS = 0b10;

/** Where the key and the value message of the attribute looked at last stand; -1 lengths where absent. */
export const found = { keyOffset: 0, keyLength: -1, valueOffset: 0, valueLength: -1 };

/**
 * Judges the structure of a span's attribute in two looks, where it is as nearly every SDK writes it:
 * 4A length, 0A length key, 12 length value, each length in one byte, the value one text or number.
 * Its text is for the caller to judge, by `arePlainTexts`, in one go with that of its neighbours: what stands between
 * texts is ASCII too.
 *
 * @param p the attribute's tag
 * @returns where the attribute ends, negative where its value is a number; 0 where only the general walk can tell
 */
export function plainAttributeEnd(source: ByteSource, p: number, end: number): number {
  if (p + 8 > end) return 0;
  const { view } = source;
  const head = view.getInt32(p);
  if ((head & TAGS_AND_SHORT_LENGTHS) !== 0x4a000a00) return 0;
  const after = p + 2 + ((head >>> 16) & 127);
  const value = p + 4 + (head & 127);
  if (after > end || value + 4 > after) return 0;
  const valueHead = view.getInt32(value);
  const valueLength = (valueHead >>> 16) & 127;
  if ((valueHead & TAG_AND_SHORT_LENGTH) !== 0x12000000 || value + 2 + valueLength !== after) return 0;
  if ((valueHead & 0xff80) === 0x0a00) return valueLength === (valueHead & 127) + 2 ? after : 0;
  return isNumber(source.bytes, value + 2, after) ? -after : 0;
}

/** Two tags, each with a length below 128. */
const TAGS_AND_SHORT_LENGTHS = 0xff80ff80 | 0;
const TAG_AND_SHORT_LENGTH = 0xff800000 | 0;

/**
 * Tells whether keys and values of attributes that `plainAttributeEnd` found sound are UTF-8.
 *
 * @param start tag of the first attribute
 * @param textEnd where text ends: before the value of the last attribute, where that is a number, else `end`
 * @param end of the last attribute
 */
export function arePlainTexts(source: ByteSource, start: number, textEnd: number, end: number): boolean {
  if (isAscii(source, start, textEnd)) return true;
  let text = true;
  for (let p = start; p < end;) {
    const content = p + 2;
    p = content + source.bytes[p + 1];
    text = checkAttribute(source, content, p, 4) && text;
  }
  return text;
}

function isNumber(bytes: Uint8Array, v: number, end: number): boolean {
  const tag = bytes[v];
  if (tag !== 0x10 && tag !== 0x18) return tag === 0x21 && v + 9 === end;
  const last = end - 1;
  let p = v + 1;
  while (p < last && bytes[p] > 127) p++;
  return p === last && bytes[p] < 128 && last - v <= 10;
}

/**
 * Checks one attribute and leaves the place of its key and value in `found`: fields in any order, repeated, unknown ones
 * among them.
 *
 * @returns whether all its text is UTF-8
 * @throws Malformed on a structural fault
 */
export function checkAttribute(source: ByteSource, p: number, end: number, depth: number): boolean {
  if (depth > MAX_DEPTH) fault('depth', p);
  const { bytes } = source;
  let keyOffset = 0;
  let keyLength = -1;
  let valueOffset = 0;
  let valueLength = -1;
  let text = true;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x0a) {
      keyLength = readLength(bytes, p, end);
      keyOffset = at;
      p = keyOffset + keyLength;
      text = isText(source, keyOffset, p) && text;
    } else if (tag === 0x12) {
      valueLength = readLength(bytes, p, end);
      valueOffset = at;
      p = valueOffset + valueLength;
      text = checkValue(source, valueOffset, p, depth + 1) && text;
    } else if (tag === 0x18) p = skipVarint(bytes, p, end);
    else p = skipUnknown(bytes, p, end, tag, KEY_VALUE_FIELDS);
  }
  found.keyOffset = keyOffset;
  found.keyLength = keyLength;
  found.valueOffset = valueOffset;
  found.valueLength = valueLength;
  return text;
}

/**
 * Checks an AnyValue message.
 *
 * @returns whether all its text is UTF-8
 * @throws Malformed on a structural fault
 */
export function checkValue(source: ByteSource, p: number, end: number, depth: number): boolean {
  if (depth > MAX_DEPTH) fault('depth', p);
  const { bytes } = source;
  let text = true;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x10 || tag === 0x18 || tag === 0x40) {
      p = skipVarint(bytes, p, end);
    } else if (tag === 0x21) {
      if ((p += 8) > end) fault('truncated', p);
    } else if (tag === 0x0a || tag === 0x2a || tag === 0x32 || tag === 0x3a) {
      const length = readLength(bytes, p, end);
      p = at + length;
      if (tag === 0x0a) text = isText(source, at, p) && text;
      else if (tag !== 0x3a) text = checkList(source, at, p, depth + 1, tag === 0x32) && text;
    } else p = skipUnknown(bytes, p, end, tag, ANY_VALUE_FIELDS);
  }
  return text;
}

/** ArrayValue and KeyValueList differ in their elements only. */
function checkList(source: ByteSource, p: number, end: number, depth: number, ofAttributes: boolean): boolean {
  if (depth > MAX_DEPTH) fault('depth', p);
  const { bytes } = source;
  let text = true;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag !== 0x0a) {
      p = skipUnknown(bytes, p, end, tag, LIST_FIELDS);
      continue;
    }
    const length = readLength(bytes, p, end);
    const element = at;
    p = element + length;
    const good = ofAttributes
      ? checkAttribute(source, element, p, depth + 1)
      : checkValue(source, element, p, depth + 1);
    text = good && text;
  }
  return text;
}
