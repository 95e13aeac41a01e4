// The text of an attribute value as a label shows it.
import { FieldCursor } from '../otlp/field-cursor.ts';
import { readVarint64 } from '../otlp/wire.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Members of AnyValue's oneof; unknown fields beyond say nothing. */
const LAST_MEMBER = 8;

/** Reads a checked AnyValue; arrays, lists and bytes, which make poor labels, show as their kind only. */
export function valueText(value: Uint8Array): string {
  const field = new FieldCursor(value, 0, value.length);
  let text = '';
  while (field.next()) {
    if (field.tag === 0x0a) text = decoder.decode(value.subarray(field.start, field.end));
    else if (field.tag === 0x10) text = readVarint64(value, field.start, field.end) === 0n ? 'false' : 'true';
    else if (field.tag === 0x18) text = readVarint64(value, field.start, field.end).toString();
    else if (field.tag === 0x21)
      text = String(new DataView(value.buffer, value.byteOffset + field.start, 8).getFloat64(0, true));
    else if (field.tag >>> 3 <= LAST_MEMBER) text = '[complex]';
  }
  return text;
}
