// The text of a dimension's value: in place where it is a short string, else written out. What reads alike is one series.
import type { SpanBatch } from '../otlp/span-batch.ts';
import { valueText } from './value-text.ts';

/** AnyValue.string_value. */
const STRING_VALUE_TAG = 0x0a;
const NO_TEXT = new Uint8Array(0);
export const encoder = new TextEncoder();
/** A byte order mark is a character like others here: without it two names would show as one. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function utf8(key: Uint8Array): string {
  return decoder.decode(key);
}

/** Bytes of the value read last; one object, refilled. */
export class DimensionText {
  bytes: Uint8Array = NO_TEXT;
  start = 0;
  /** 0 where the attribute is absent or empty. */
  length = 0;

  /** @param place row times MAX_DIMENSIONS plus dimension */
  read({ source, dimensionOffset, dimensionLength }: SpanBatch, place: number): void {
    const { bytes } = source;
    const offset = dimensionOffset[place];
    const length = dimensionLength[place];
    if (length > 1 && bytes[offset] === STRING_VALUE_TAG && bytes[offset + 1] === length - 2 && length < 130) {
      this.bytes = bytes;
      this.start = offset + 2;
      this.length = length - 2;
      return;
    }
    this.bytes = length === 0 ? NO_TEXT : encoder.encode(valueText(bytes.subarray(offset, offset + length)));
    this.start = 0;
    this.length = this.bytes.length;
  }
}
