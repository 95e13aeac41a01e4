// Redacts OTLP requests in protobuf: finds what falls under a rule and writes the body anew around it.
// Everything else, unknown fields included, is copied as it stands; a body without a finding is not copied at all.
import { isUtf8 } from 'node:buffer';
import { at, fault, LENGTH, MAX_DEPTH, readTag, readVarint32, readVarint64, skipUnknown } from '../otlp/wire.ts';
import type { Signal } from './instruments.ts';
import { EditList, lengthPrefixed, NOTHING, textField } from './redaction-edits.ts';
import { type Places, REQUESTS } from './redaction-places.ts';
import { NO_RULE, type RedactionRules } from './redaction-rules.ts';

/** Fields of KeyValue by tag, and by bit, for those of a wrong wire type. */
const KEY = 0x0a;
const VALUE = 0x12;
const KEY_VALUE_FIELDS = 0b110;
/** Members of AnyValue. */
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;
const ARRAY = 0x2a;
const KVLIST = 0x32;
const BYTES = 0x3a;
const STRING_INDEX = 0x40;
const MEMBERS = new Set([STRING, BOOL, INT, DOUBLE, ARRAY, KVLIST, BYTES, STRING_INDEX]);
const MEMBER_FIELDS = 0b1_1111_1110;
/** Elements of ArrayValue and KeyValueList. */
const ELEMENT = 0x0a;
const LIST_FIELDS = 0b10;

/** Redacts requests, one at a time. */
export class ProtobufRedactor {
  readonly #rules: RedactionRules;
  #edits = new EditList();
  #bytes: Buffer = Buffer.alloc(0);
  /** Bad text in spans is for the scan to judge, which leaves out that span alone. */
  #refusesBadText = false;

  constructor(rules: RedactionRules) {
    this.#rules = rules;
  }

  /**
   * Redacts one request.
   *
   * @returns the body itself where nothing in it falls under a rule
   * @throws Malformed where the structure is broken, or text of metrics and logs; Refusal
   */
  redact(body: Buffer, signal: Signal): Buffer {
    if (!this.#rules.mayConcern(body)) return body;
    this.#bytes = body;
    this.#refusesBadText = signal !== 'traces';
    this.#edits = new EditList();
    const length = body.length + this.#message(REQUESTS[signal], 0, body.length, 0);
    if (this.#edits.count === 0) return body;
    return this.#edits.apply(body, length);
  }

  // Each of those below walks a message that ends at `end` and answers by how much its edits change the length.

  #message({ byNumber }: Places, p: number, end: number, depth: number): number {
    const bytes = this.#bytes;
    const edits = this.#edits;
    let change = 0;
    while (p < end) {
      const field = p;
      const tag = readTag(bytes, p, end);
      const lengthAt = at;
      p = skipUnknown(bytes, lengthAt, end, tag, 0);
      const start = at;
      const place = byNumber.get(tag >>> 3);
      if (place === undefined) continue;
      if ((tag & 7) !== LENGTH) fault('wire_type', lengthAt);
      if (place.kind === 'attribute') change += this.#attribute(field, lengthAt, start, p, depth + 1);
      else if (place.kind === 'text') change += this.#text(tag, field, start, p);
      else if (place.kind === 'value')
        change += this.#valueField(this.#ruleOfValue(start, p), lengthAt, start, p, depth + 1);
      else {
        const edit = edits.open(lengthAt, start);
        change += edits.close(edit, p - start, this.#message(place.message, start, p, depth + 1));
      }
    }
    return change;
  }

  #text(tag: number, field: number, start: number, end: number): number {
    if (!this.#rules.readsTexts) return 0;
    const text = this.#decode(start, end);
    const rule = this.#rules.ofText(text);
    if (rule === NO_RULE) return 0;
    return this.#edits.add(field, end, textField(tag, this.#rules.replacement(rule, text)));
  }

  /** A KeyValue as field of any message. Keys and values may be repeated; whichever falls under a rule counts. */
  #attribute(field: number, lengthAt: number, start: number, end: number, depth: number): number {
    if (depth > MAX_DEPTH) fault('depth', start);
    const bytes = this.#bytes;
    const rules = this.#rules;
    let rule = NO_RULE;
    let isPlain = true;
    for (let p = start; p < end;) {
      const tag = readTag(bytes, p, end);
      p = skipUnknown(bytes, at, end, tag, tag === KEY || tag === VALUE ? 0 : KEY_VALUE_FIELDS);
      const content = at;
      if (tag === KEY && rules.mayMatchKey(bytes, content, p)) {
        const key = this.#decode(content, p);
        rule = Math.min(
          rule,
          rules.ofKey(key, (matches) => this.#attributeHolds(start, end, depth, matches)),
        );
      } else if (tag === VALUE) {
        if (rules.readsTexts) rule = Math.min(rule, this.#ruleOfValue(content, p));
        isPlain &&= this.#isOneShortText(content, p);
      }
    }
    if (rule === NO_RULE && isPlain) return 0;
    if (rule !== NO_RULE && rules.isDelete(rule)) {
      rules.count(rule);
      return this.#edits.add(field, end, NOTHING);
    }
    const edit = this.#edits.open(lengthAt, start);
    return this.#edits.close(edit, end - start, this.#attributeValues(rule, start, end, depth));
  }

  /** One text of less than 128 bytes and nothing beside it: in this value there is nothing to walk. */
  #isOneShortText(start: number, end: number): boolean {
    const length = this.#bytes[start + 1] ?? 0;
    return this.#bytes[start] === STRING && length < 128 && start + 2 + length === end;
  }

  #attributeValues(rule: number, start: number, end: number, depth: number): number {
    const bytes = this.#bytes;
    let change = 0;
    let isReplaced = false;
    for (let p = start; p < end;) {
      const field = p;
      const tag = readTag(bytes, p, end);
      const lengthAt = at;
      p = skipUnknown(bytes, lengthAt, end, tag, 0);
      if (tag !== VALUE) continue;
      if (isReplaced) change += this.#edits.add(field, p, NOTHING);
      else change += this.#valueField(rule, lengthAt, at, p, depth + 1);
      isReplaced = rule !== NO_RULE;
    }
    return change;
  }

  /** An AnyValue that falls under `rule` as a whole; without one, what it holds is looked through. */
  #valueField(rule: number, lengthAt: number, start: number, end: number, depth: number): number {
    const edits = this.#edits;
    if (rule !== NO_RULE) {
      const text = this.#rules.replacement(rule, this.#hashed(start, end));
      return edits.add(lengthAt, end, lengthPrefixed(textField(STRING, text)));
    }
    const edit = edits.open(lengthAt, start);
    return edits.close(edit, end - start, this.#members(start, end, depth));
  }

  #members(p: number, end: number, depth: number): number {
    if (depth > MAX_DEPTH) fault('depth', p);
    const edits = this.#edits;
    let change = 0;
    while (p < end) {
      const tag = this.#memberTag(p, end);
      const lengthAt = at;
      p = skipUnknown(this.#bytes, lengthAt, end, tag, 0);
      if (tag !== ARRAY && tag !== KVLIST) continue;
      const start = at;
      const edit = edits.open(lengthAt, start);
      change += edits.close(edit, p - start, this.#list(tag, start, p, depth + 1));
    }
    return change;
  }

  #list(kind: number, p: number, end: number, depth: number): number {
    if (depth > MAX_DEPTH) fault('depth', p);
    const bytes = this.#bytes;
    let change = 0;
    while (p < end) {
      const field = p;
      const tag = readTag(bytes, p, end);
      const lengthAt = at;
      p = skipUnknown(bytes, lengthAt, end, tag, tag === ELEMENT ? 0 : LIST_FIELDS);
      if (tag !== ELEMENT) continue;
      const start = at;
      if (kind === KVLIST) change += this.#attribute(field, lengthAt, start, p, depth + 1);
      else change += this.#element(field, lengthAt, start, p, depth + 1);
    }
    return change;
  }

  #element(field: number, lengthAt: number, start: number, end: number, depth: number): number {
    const rule = this.#ruleOfValue(start, end);
    if (rule === NO_RULE || !this.#rules.isDelete(rule)) return this.#valueField(rule, lengthAt, start, end, depth);
    this.#rules.count(rule);
    return this.#edits.add(field, end, NOTHING);
  }

  /** The first rule without keys for the texts and numbers that stand right in an AnyValue. */
  #ruleOfValue(p: number, end: number): number {
    if (!this.#rules.readsTexts) return NO_RULE;
    let rule = NO_RULE;
    while (p < end) {
      const tag = this.#memberTag(p, end);
      p = skipUnknown(this.#bytes, at, end, tag, 0);
      const text = this.#memberText(tag, at, p);
      if (text !== undefined) rule = Math.min(rule, this.#rules.ofText(text));
    }
    return rule;
  }

  #attributeHolds(p: number, end: number, depth: number, matches: (text: string) => boolean): boolean {
    while (p < end) {
      const tag = readTag(this.#bytes, p, end);
      p = skipUnknown(this.#bytes, at, end, tag, 0);
      if (tag === VALUE && this.#valueHolds(at, p, depth + 1, matches)) return true;
    }
    return false;
  }

  /** Whether a text or number in an AnyValue, at any depth, satisfies. */
  #valueHolds(p: number, end: number, depth: number, matches: (text: string) => boolean): boolean {
    if (depth > MAX_DEPTH) fault('depth', p);
    while (p < end) {
      const tag = this.#memberTag(p, end);
      p = skipUnknown(this.#bytes, at, end, tag, 0);
      const start = at;
      if (tag === ARRAY || tag === KVLIST) {
        if (this.#listHolds(tag, start, p, depth + 1, matches)) return true;
        continue;
      }
      const text = this.#memberText(tag, start, p);
      if (text !== undefined && matches(text)) return true;
    }
    return false;
  }

  #listHolds(kind: number, p: number, end: number, depth: number, matches: (text: string) => boolean): boolean {
    while (p < end) {
      const tag = readTag(this.#bytes, p, end);
      p = skipUnknown(this.#bytes, at, end, tag, tag === ELEMENT ? 0 : LIST_FIELDS);
      if (tag !== ELEMENT) continue;
      const holds =
        kind === KVLIST ? this.#attributeHolds(at, p, depth + 1, matches) : this.#valueHolds(at, p, depth + 1, matches);
      if (holds) return true;
    }
    return false;
  }

  /** Reads the tag of a member of AnyValue; `at` stands behind it. */
  #memberTag(p: number, end: number): number {
    const tag = readTag(this.#bytes, p, end);
    const field = tag >>> 3;
    if (!MEMBERS.has(tag) && field < 32 && (MEMBER_FIELDS >>> field) & 1) fault('wire_type', p);
    return tag;
  }

  /** A member as the text that patterns see; undefined for what has none of its own. */
  #memberText(tag: number, start: number, end: number): string | undefined {
    if (tag === STRING) return this.#decode(start, end);
    if (tag === BYTES) return this.#bytes.toString('utf8', start, end);
    if (tag === DOUBLE) return String(this.#bytes.readDoubleLE(start));
    if (tag !== INT) return undefined;
    return String(end - start < 5 ? readVarint32(this.#bytes, start, end) : readVarint64(this.#bytes, start, end));
  }

  /** What is hashed of an AnyValue: the text of a text, number or boolean; of anything else its bytes. */
  #hashed(p: number, end: number): string | Uint8Array {
    let hashed: string | Uint8Array = '';
    while (p < end) {
      const tag = this.#memberTag(p, end);
      p = skipUnknown(this.#bytes, at, end, tag, 0);
      const start = at;
      if (tag === INT || tag === DOUBLE) hashed = this.#memberText(tag, start, p) ?? '';
      else if (tag === BOOL) hashed = String(readVarint32(this.#bytes, start, p) !== 0);
      else if (MEMBERS.has(tag)) hashed = this.#bytes.subarray(start, p);
    }
    return hashed;
  }

  #decode(start: number, end: number): string {
    const text = this.#bytes.toString('utf8', start, end);
    if (this.#refusesBadText && text.includes('\uFFFD') && !isUtf8(this.#bytes.subarray(start, end)))
      fault('utf8', start);
    return text;
  }
}
