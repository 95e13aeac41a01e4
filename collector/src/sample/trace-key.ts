// The key of a trace, by which policies tell one kind of traffic from another: text made of configured parts.
import type { Context } from '../otlp/context-table.ts';
import { FieldCursor } from '../otlp/field-cursor.ts';
import { MAX_TEXT_BYTES, sameBytes } from '../otlp/interner.ts';
import { ENTRY, ROOT } from '../otlp/span-batch.ts';
import { readVarint32, readVarint64 } from '../otlp/wire.ts';
import type { TraceFacts, TraceSpan } from './facts.ts';
import { pathShape } from './path-shape.ts';

/** What a key is made of. All but the path are those of the trace's main span: its root, else its first entry span. */
export type KeyPart = 'service' | 'operation' | 'status' | 'path' | { readonly attribute: string };

/** Between parts; a control character no name has. */
export const KEY_SEPARATOR = '\u001f';

/** Makes keys from parts; equal parts share one reader, so that a trace is read once for all policies. */
export class TraceKeys {
  readonly #main = new MainSpan();
  readonly #byParts = new Map<string, TraceKey>();

  of(parts: readonly KeyPart[]): TraceKey {
    const name = JSON.stringify(parts);
    const known = this.#byParts.get(name) ?? new TraceKey(parts, this.#main);
    this.#byParts.set(name, known);
    return known;
  }
}

/** Reads one kind of key. */
export class TraceKey {
  readonly #main: MainSpan;
  readonly #readers: readonly PartReader[];
  #facts: TraceFacts | undefined;
  #serial = -1;
  #text = '';

  constructor(parts: readonly KeyPart[], main: MainSpan) {
    this.#main = main;
    this.#readers = parts.map(readerOf);
  }

  /** The key of a trace; each part is at most MAX_TEXT_BYTES of text, beyond which keys are one. */
  of(facts: TraceFacts): string {
    if (facts === this.#facts && facts.serial === this.#serial) return this.#text;
    this.#facts = facts;
    this.#serial = facts.serial;
    const main = this.#main.of(facts);
    this.#text = main === undefined ? '' : this.#readers.map((read) => read(main, facts)).join(KEY_SEPARATOR);
    return this.#text;
  }
}

/** The span a trace is known by: its root, else an entry span, else any; the earliest of those. */
class MainSpan {
  #facts: TraceFacts | undefined;
  #serial = -1;
  #span: TraceSpan | undefined;

  of(facts: TraceFacts): TraceSpan | undefined {
    if (facts !== this.#facts || facts.serial !== this.#serial) this.#span = mainSpan(facts);
    this.#facts = facts;
    this.#serial = facts.serial;
    return this.#span;
  }
}

function mainSpan(facts: TraceFacts): TraceSpan | undefined {
  let best: TraceSpan[] = [];
  let bestRank = -1;
  for (const span of facts.spans()) {
    const rank = (span.flags & ROOT) !== 0 ? 2 : (span.flags & ENTRY) !== 0 ? 1 : 0;
    if (rank > bestRank) best = [];
    if (rank >= bestRank) best.push(span);
    bestRank = Math.max(bestRank, rank);
  }
  // Nearly always one: its start need not be read.
  return best.length < 2 ? best[0] : best.reduce((a, b) => (startNs(b) < startNs(a) ? b : a));
}

function startNs(span: TraceSpan): bigint {
  const field = fieldsOf(span);
  while (field.next()) if (field.tag === 0x39) return view(field, 8).getBigUint64(0, true);
  return 0n;
}

type PartReader = (main: TraceSpan, facts: TraceFacts) => string;

function readerOf(part: KeyPart): PartReader {
  switch (part) {
    case 'service':
      return (main) => main.context?.serviceName ?? '';
    case 'operation':
      return operation;
    case 'status':
      return status;
    case 'path':
      return (_, facts) => pathShape(facts.spans());
    default:
      return attributeReader(part.attribute);
  }
}

function operation(main: TraceSpan): string {
  const field = fieldsOf(main);
  while (field.next()) if (field.tag === 0x2a) return textOf(field);
  return '';
}

const STATUS_NAMES = ['unset', 'ok', 'error'];

function status(main: TraceSpan): string {
  const field = fieldsOf(main);
  while (field.next()) {
    if (field.tag !== 0x7a) continue;
    const inner = new FieldCursor(field.bytes, field.start, field.end);
    while (inner.next())
      if (inner.tag === 0x18) return STATUS_NAMES[readVarint32(field.bytes, inner.start, inner.end)] ?? 'unset';
  }
  return 'unset';
}

/** Looks on the main span, on any other span, then in the resource of either; empty where it is nowhere. */
function attributeReader(key: string): PartReader {
  const wanted = new TextEncoder().encode(key);
  const ofResource = new WeakMap<Context, string | undefined>();
  const inResource = (context: Context | undefined): string | undefined => {
    if (context === undefined) return undefined;
    if (!ofResource.has(context)) ofResource.set(context, resourceAttribute(context, wanted));
    return ofResource.get(context);
  };
  return (main, facts) => {
    const own = spanAttribute(main, wanted);
    if (own !== undefined) return own;
    for (const span of facts.spans()) {
      const found = spanAttribute(span, wanted);
      if (found !== undefined) return found;
    }
    const found = inResource(main.context);
    if (found !== undefined) return found;
    for (const { context } of facts.spans()) {
      const other = inResource(context);
      if (other !== undefined) return other;
    }
    return '';
  };
}

function spanAttribute(span: TraceSpan, key: Uint8Array): string | undefined {
  return attributeAmong(fieldsOf(span), 0x4a, key);
}

function resourceAttribute({ bytes, resourceLength }: Context, key: Uint8Array): string | undefined {
  const container = new FieldCursor(bytes, 0, resourceLength);
  while (container.next()) {
    if (container.tag !== 0x0a) continue;
    const found = attributeAmong(new FieldCursor(bytes, container.start, container.end), 0x0a, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param tag of attributes in the message `field` walks */
function attributeAmong(field: FieldCursor, tag: number, key: Uint8Array): string | undefined {
  while (field.next()) {
    if (field.tag !== tag) continue;
    const inner = new FieldCursor(field.bytes, field.start, field.end);
    let isWanted = false;
    let value = '';
    while (inner.next()) {
      if (inner.tag === 0x0a)
        isWanted = inner.end - inner.start === key.length && sameBytes(inner.bytes, inner.start, key, 0, key.length);
      else if (inner.tag === 0x12 && isWanted) value = valueText(inner);
    }
    if (isWanted) return value;
  }
  return undefined;
}

/** Text and numbers as they are; anything else by its length, which is all that is cheap to tell. */
function valueText({ bytes, start, end }: FieldCursor): string {
  const field = new FieldCursor(bytes, start, end);
  let value = '';
  while (field.next()) {
    if (field.tag === 0x0a) value = textOf(field);
    else if (field.tag === 0x10) value = String(readVarint64(bytes, field.start, field.end) !== 0n);
    else if (field.tag === 0x18) value = String(readVarint64(bytes, field.start, field.end));
    else if (field.tag === 0x21) value = String(view(field, 8).getFloat64(0, true));
    else value = `${field.end - field.start} bytes`;
  }
  return value;
}

function fieldsOf({ bytes, offset, length }: TraceSpan): FieldCursor {
  return new FieldCursor(bytes, offset, offset + length);
}

function view({ bytes, start }: FieldCursor, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + start, length);
}

/** A byte order mark is a character like others here: without it two names would be one. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function textOf({ bytes, start, end }: FieldCursor): string {
  return decoder.decode(bytes.subarray(start, Math.min(end, start + MAX_TEXT_BYTES)));
}
