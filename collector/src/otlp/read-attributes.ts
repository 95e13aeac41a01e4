// Reads OTLP's KeyValue lists into attributes of metrics.
// What a message says twice is merged, as protobuf has it: messages into one, lists end to end, of all else the last counts.
import {
  type Attribute,
  type AttributeMap,
  type Attributes,
  type AttributeValue,
  canonical,
  NO_ATTRIBUTES,
} from '../model/attributes.ts';
import type { AttributeMemory, ByteMemory } from './attribute-memory.ts';
import type { MessageReader } from './message-reader.ts';

/** As objects, attributes may take thirty times their bytes. */
export const MAX_PART_BYTES = 256 * 1024;

/** Attributes of one message, which commonly come in one run of fields. */
export class AttributeRuns {
  readonly #memory: AttributeMemory;
  #first: Attributes = NO_ATTRIBUTES;
  #more: Attribute[] | undefined;
  #sizeBytes = 0;

  constructor(memory: AttributeMemory) {
    this.#memory = memory;
  }

  /** Takes the run of KeyValue fields that begins where the message stands. */
  add(message: MessageReader): void {
    const fields = message.run();
    this.#sizeBytes += fields.end - fields.start;
    if (this.isTooLarge) return;
    const run = readRun(fields, this.#memory);
    if (this.#first.length === 0) this.#first = run;
    else (this.#more ??= [...this.#first]).push(...run);
  }

  /** There are more than `MAX_PART_BYTES` of them; those are not read. */
  get isTooLarge(): boolean {
    return this.#sizeBytes > MAX_PART_BYTES;
  }

  /** All of them, in canonical order. */
  joined(): Attributes {
    return this.#more === undefined ? this.#first : canonical(this.#more);
  }
}

/** Reads a run, or finds what the same bytes came to before. */
function readRun(run: MessageReader, { lists, pairs }: AttributeMemory): Attributes {
  const { source, start, end } = run;
  const known = lists.find(source, start, end);
  if (known !== undefined) return known;
  const { slot } = lists;
  const found: Attribute[] = [];
  while (run.next()) found.push(rememberedAttribute(run, pairs));
  const attributes = canonical(found);
  if (attributes.every(isPlain)) lists.keep(slot, source, start, end, attributes);
  return attributes;
}

function rememberedAttribute(message: MessageReader, pairs: ByteMemory<Attribute>): Attribute {
  const { source, start, end } = message;
  const known = pairs.find(source, start, end);
  if (known !== undefined) return known;
  const { slot } = pairs;
  const attribute = readAttribute(message.message());
  if (isPlain(attribute)) pairs.keep(slot, source, start, end, attribute);
  return attribute;
}

/** What nests is not remembered, because whether it nests too deep depends on where it stands. */
function isPlain([, value]: Attribute): boolean {
  return typeof value !== 'object' || value === null;
}

/** Reads one KeyValue. @throws Malformed */
function readAttribute(message: MessageReader): Attribute {
  let key = '';
  let value: Draft = null;
  while (message.next()) {
    if (message.field === 1) key = message.text();
    else if (message.field === 2) value = readValue(message.message(), value);
    // An index into the tables of profiles, which metrics have none of.
    else if (message.field === 3) message.varint32();
  }
  return [key, finished(value)];
}

/** @param known what the same field said before; lists and maps of it are added to */
function readValue(message: MessageReader, known: Draft): Draft {
  let value = known;
  while (message.next()) value = valueOf(message, value);
  return value;
}

/** A value that may still be added to: the entries of a map are in the order they came in. */
type Draft = Exclude<AttributeValue, readonly AttributeValue[] | AttributeMap> | AttributeValue[] | MapDraft;

class MapDraft {
  readonly entries: Attribute[] = [];
}

function finished(value: Draft): AttributeValue {
  return value instanceof MapDraft ? { entries: canonical(value.entries) } : value;
}

function valueOf(message: MessageReader, known: Draft): Draft {
  switch (message.field) {
    case 1:
      return message.text();
    case 2:
      return message.boolean();
    case 3:
      return message.varint64();
    case 4:
      return message.double();
    case 5: {
      const values = Array.isArray(known) ? known : [];
      const array = message.message();
      while (array.next()) if (array.field === 1) values.push(finished(readValue(array.message(), null)));
      return values;
    }
    case 6: {
      const map = known instanceof MapDraft ? known : new MapDraft();
      const pairs = message.message();
      while (pairs.next()) if (pairs.field === 1) map.entries.push(readAttribute(pairs.message()));
      return map;
    }
    case 7:
      return message.content();
    case 8:
      // As in readAttribute.
      message.varint32();
      return null;
    default:
      return known;
  }
}
