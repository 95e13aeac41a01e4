// Redacts metrics and logs in OTLP/JSON: as objects, with numbers that a double cannot hold kept as they were written.
import { Malformed } from '../otlp/malformed.ts';
import { MAX_DEPTH } from '../otlp/wire.ts';
import type { Signal } from './instruments.ts';
import { type Place, type Places, REQUESTS } from './redaction-places.ts';
import { NO_RULE, type RedactionRules } from './redaction-rules.ts';

type JsonObject = Record<string, unknown>;
type Matches = (text: string) => boolean;

/** A number by its own digits. @see TC39, JSON.parse source text access; in V8 since 11.4 */
interface RawJson {
  readonly rawJSON: string;
}
const { rawJSON, isRawJSON } = JSON as typeof JSON & {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

/** A decoder that refuses bad UTF-8 instead of replacing it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Redacts one request.
 *
 * @returns the body itself where writing it anew changes nothing; a repeated key, of which one value shows, is a change
 * @throws Malformed with reason `json`, `utf8` or `depth`; Refusal
 */
export function redactJson(body: Buffer, signal: Signal, rules: RedactionRules): Buffer {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Malformed('utf8', -1);
  }
  try {
    const request = JSON.parse(text, exactNumber as Parameters<typeof JSON.parse>[1]) as unknown;
    redactMessage(rules, object(request, 'the body'), REQUESTS[signal], 0);
    const written = JSON.stringify(request);
    return written === text ? body : Buffer.from(written);
  } catch (error) {
    // Nesting deeper than the stack ends in a RangeError.
    if (error instanceof SyntaxError || error instanceof RangeError) bad('the body', 'is no JSON document');
    throw error;
  }
}

function exactNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  return typeof value === 'number' && source !== undefined && source !== String(value) ? rawJSON(source) : value;
}

function redactMessage(rules: RedactionRules, message: JsonObject, { byName }: Places, depth: number): void {
  for (const [name, value] of Object.entries(message)) {
    const place = byName.get(camelCase(name));
    if (place !== undefined && value !== null) message[name] = redactPlace(rules, place, name, value, depth + 1);
  }
}

function redactPlace(rules: RedactionRules, place: Place, name: string, value: unknown, depth: number): unknown {
  switch (place.kind) {
    case 'attribute':
      return attributes(rules, list(value, name), depth);
    case 'value':
      return anyValue(rules, ruleOfValue(rules, value), value, depth);
    case 'text': {
      const rule = rules.ofText(string(value, name));
      return rule === NO_RULE ? value : rules.replacement(rule, string(value, name));
    }
    case 'message':
      for (const each of Array.isArray(value) ? value : [value])
        if (each !== null) redactMessage(rules, object(each, name), place.message, depth);
      return value;
  }
}

/** Answers the attributes that stay. */
function attributes(rules: RedactionRules, all: readonly unknown[], depth: number): unknown[] {
  if (depth > MAX_DEPTH) throw new Malformed('depth', -1);
  return all.filter((each) => {
    const attribute = object(each, 'attribute');
    const { value } = attribute;
    const key = isAbsent(attribute['key']) ? '' : string(attribute['key'], 'key');
    const byKey = rules.ofKey(key, (matches) => holds(value, depth + 1, matches));
    const rule = Math.min(byKey, ruleOfValue(rules, value));
    if (rule !== NO_RULE && rules.isDelete(rule)) {
      rules.count(rule);
      return false;
    }
    if (!isAbsent(value)) attribute['value'] = anyValue(rules, rule, value, depth + 1);
    return true;
  });
}

/** Answers what stands in the place of an AnyValue that falls under `rule` as a whole; else redacts what it holds. */
function anyValue(rules: RedactionRules, rule: number, value: unknown, depth: number): unknown {
  if (rule !== NO_RULE) return { stringValue: rules.replacement(rule, hashed(value)) };
  if (depth > MAX_DEPTH) throw new Malformed('depth', -1);
  for (const [member, content] of members(value)) {
    if (member !== 'arrayValue' && member !== 'kvlistValue') continue;
    const container = object(content, member);
    const values = list(container['values'] ?? [], member);
    if (member === 'kvlistValue') container['values'] = attributes(rules, values, depth + 2);
    else container['values'] = elements(rules, values, depth + 2);
  }
  return value;
}

function elements(rules: RedactionRules, values: readonly unknown[], depth: number): unknown[] {
  return values.flatMap((value) => {
    const rule = ruleOfValue(rules, value);
    if (rule === NO_RULE || !rules.isDelete(rule)) return [anyValue(rules, rule, value, depth)];
    rules.count(rule);
    return [];
  });
}

function ruleOfValue(rules: RedactionRules, value: unknown): number {
  let rule = NO_RULE;
  if (!rules.readsTexts) return rule;
  for (const [member, content] of members(value)) {
    const text = memberText(member, content);
    if (text !== undefined) rule = Math.min(rule, rules.ofText(text));
  }
  return rule;
}

/** Whether a text or number in an AnyValue, at any depth, satisfies. */
function holds(value: unknown, depth: number, matches: Matches): boolean {
  if (depth > MAX_DEPTH) throw new Malformed('depth', -1);
  return members(value).some(([member, content]) => {
    const text = memberText(member, content);
    if (text !== undefined) return matches(text);
    if (member !== 'arrayValue' && member !== 'kvlistValue') return false;
    const values = list(object(content, member)['values'] ?? [], member);
    return values.some((each) =>
      holds(member === 'kvlistValue' ? object(each, member)['value'] : each, depth + 2, matches),
    );
  });
}

/** Members of an AnyValue that are present, by their names. */
function members(value: unknown): [name: string, content: unknown][] {
  if (isAbsent(value)) return [];
  return Object.entries(object(value, 'value'))
    .filter(([, content]) => !isAbsent(content))
    .map(([name, content]) => [camelCase(name), content]);
}

/** A member as the text that patterns see, the same as of its protobuf form; undefined for what has none of its own. */
function memberText(member: string, content: unknown): string | undefined {
  if (member === 'stringValue') return string(content, member);
  if (member === 'bytesValue') return Buffer.from(string(content, member), 'base64').toString();
  if (member === 'intValue') return number(content, member);
  if (member === 'doubleValue') return String(Number(number(content, member)));
  return undefined;
}

/** What is hashed of an AnyValue: the text of a text, number or boolean; of a structure its JSON. */
function hashed(value: unknown): string | Uint8Array {
  const [member = '', content] = members(value).at(-1) ?? [];
  if (member === 'bytesValue') return Buffer.from(string(content, member), 'base64');
  return memberText(member, content) ?? JSON.stringify(content ?? '');
}

/** ProtoJSON allows the names of the .proto files too. */
function camelCase(name: string): string {
  return name.includes('_') ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function number(value: unknown, name: string): string {
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  return isRawJSON(value) ? value.rawJSON : bad(name, 'is no number');
}

function string(value: unknown, name: string): string {
  return typeof value === 'string' ? value : bad(name, 'is no string');
}

function list(value: unknown, name: string): readonly unknown[] {
  return Array.isArray(value) ? value : bad(name, 'is no array');
}

function object(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRawJSON(value))
    return bad(name, 'is no object');
  return value as JsonObject;
}

function bad(name: string, what: string): never {
  throw new Malformed('json', -1, `${name} ${what}`);
}
