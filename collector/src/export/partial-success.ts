// Reads how many spans, points or log records a receiver left out of a batch it otherwise took.
import { FieldCursor } from '../otlp/field-cursor.ts';
import { Malformed } from '../otlp/malformed.ts';
import { readVarint64 } from '../otlp/wire.ts';

/** One for each signal; in protobuf each is field 1. */
const REJECTED_KEYS = new Set(['rejectedSpans', 'rejectedDataPoints', 'rejectedLogRecords']);

/** @returns 0 for a full success, and for an answer that cannot be read: the status said it was taken */
export function readRejected(body: Uint8Array, contentType: string | undefined): number {
  try {
    return contentType?.startsWith('application/json') === true ? fromJson(body) : fromProtobuf(body);
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return 0;
    throw error;
  }
}

function fromJson(body: Uint8Array): number {
  const answer: unknown = JSON.parse(new TextDecoder().decode(body));
  if (typeof answer !== 'object' || answer === null || !('partialSuccess' in answer)) return 0;
  const partial = answer.partialSuccess;
  if (typeof partial !== 'object' || partial === null) return 0;
  const rejected = Object.entries(partial).find(([key]) => REJECTED_KEYS.has(key))?.[1] as unknown;
  return wholeOrZero(Number(rejected ?? 0));
}

function fromProtobuf(body: Uint8Array): number {
  const answer = new FieldCursor(body, 0, body.length);
  let rejected = 0;
  while (answer.next()) {
    if (answer.tag !== 0x0a) continue;
    const partial = new FieldCursor(body, answer.start, answer.end);
    while (partial.next()) if (partial.tag === 0x08) rejected = Number(readVarint64(body, partial.start, partial.end));
  }
  return wholeOrZero(rejected);
}

function wholeOrZero(value: number): number {
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
