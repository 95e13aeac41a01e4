// Redaction as its description reads, on plain requests: the oracle. Shares no code with the collector.
import { createHmac } from 'node:crypto';
import { schema7 } from './otlp-schema.ts';

export interface NaiveRule {
  readonly name: string;
  readonly keys?: readonly string[];
  readonly values?: readonly string[];
  readonly action: 'delete' | 'hash' | 'drop';
}

type Plain = Record<string, unknown>;

const ATTRIBUTE_LISTS = new Set(['attributes', 'filteredAttributes', 'metadata']);
/** Texts that are looked at, by the field in which their message stands. */
const TEXTS: Readonly<Record<string, string>> = {
  spans: 'name',
  events: 'name',
  status: 'message',
  logRecords: 'eventName',
};

/** Redacts a plain request, as given to an encoder, into a new one. */
export function naiveRedaction(request: object, rules: readonly NaiveRule[], hashKey: string): Plain {
  const redactor = new NaiveRedaction(rules, hashKey);
  return redactor.node('', request) as Plain;
}

class NaiveRedaction {
  readonly #rules: readonly NaiveRule[];
  readonly #hashKey: string;

  constructor(rules: readonly NaiveRule[], hashKey: string) {
    this.#rules = rules;
    this.#hashKey = hashKey;
  }

  node(field: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.node(field, each));
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        if (ATTRIBUTE_LISTS.has(name)) return [name, this.#attributes(inner as Plain[])];
        if (TEXTS[field] === name) return [name, this.#text(inner as string)];
        if (field === 'logRecords' && name === 'body') return [name, this.#value(inner as Plain)];
        return [name, this.node(name, inner)];
      }),
    );
  }

  #attributes(all: readonly Plain[]): Plain[] {
    return all.flatMap((attribute) => {
      const { key = '', value } = attribute as { key?: string; value?: Plain };
      const rule = this.#rules.find(({ keys = [], values = [] }) => {
        if (keys.length === 0) return matches(values, textOf(value));
        if (!keys.some((name) => (name.endsWith('*') ? key.startsWith(name.slice(0, -1)) : key === name))) return false;
        return values.length === 0 || textsIn(value).some((text) => matches(values, text));
      });
      if (rule?.action === 'delete') return [];
      if (value === undefined) return [attribute];
      return [{ ...attribute, value: rule === undefined ? this.#inside(value) : this.#replaced(rule, value) }];
    });
  }

  #value(value: Plain): Plain {
    const rule = this.#ofText(textOf(value));
    return rule === undefined ? this.#inside(value) : this.#replaced(rule, value);
  }

  #inside(value: Plain): Plain {
    const { arrayValue, kvlistValue } = value as Record<string, { values?: Plain[] } | undefined>;
    if (kvlistValue !== undefined) return { kvlistValue: { values: this.#attributes(kvlistValue.values ?? []) } };
    if (arrayValue === undefined) return value;
    const values = (arrayValue.values ?? []).flatMap((element) =>
      this.#ofText(textOf(element))?.action === 'delete' ? [] : [this.#value(element)],
    );
    return { arrayValue: { values } };
  }

  #text(text: string): string {
    const rule = this.#ofText(text);
    if (rule === undefined) return text;
    return rule.action === 'hash' ? this.#hash(text) : 'redacted';
  }

  #ofText(text: string | undefined): NaiveRule | undefined {
    return this.#rules.find(({ keys = [], values = [] }) => keys.length === 0 && matches(values, text));
  }

  #replaced({ action }: NaiveRule, value: Plain): Plain {
    if (action !== 'hash') return { stringValue: 'redacted' };
    const [[member = '', content] = []] = Object.entries(value);
    if (member === 'bytesValue') return { stringValue: this.#hash(content as Buffer) };
    if (member === 'arrayValue' || member === 'kvlistValue') {
      const type = schema7.lookupType(member === 'arrayValue' ? 'ArrayValue' : 'KeyValueList');
      return { stringValue: this.#hash(type.encode(type.fromObject(content as Plain)).finish()) };
    }
    return { stringValue: this.#hash(member === 'boolValue' ? String(content) : (textOf(value) ?? '')) };
  }

  #hash(content: string | Uint8Array): string {
    return createHmac('sha256', this.#hashKey).update(content).digest('hex');
  }
}

function matches(patterns: readonly string[], text: string | undefined): boolean {
  return text !== undefined && patterns.some((pattern) => new RegExp(pattern, 'u').test(text));
}

function textOf(value: Plain = {}): string | undefined {
  const [[member = '', content] = []] = Object.entries(value);
  if (member === 'bytesValue') return (content as Buffer).toString();
  return member === 'stringValue' || member === 'intValue' || member === 'doubleValue' ? String(content) : undefined;
}

function textsIn(value: Plain = {}): string[] {
  const { arrayValue, kvlistValue } = value as Record<string, { values?: Plain[] } | undefined>;
  if (arrayValue !== undefined) return (arrayValue.values ?? []).flatMap((each) => textsIn(each));
  if (kvlistValue !== undefined) return (kvlistValue.values ?? []).flatMap((each) => textsIn(each['value'] as Plain));
  const text = textOf(value);
  return text === undefined ? [] : [text];
}
