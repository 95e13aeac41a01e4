// Attributes of metrics as values, in one canonical order, and as the texts that name them.

/** OTLP's AnyValue: a bigint is an integer of 64 bits, a number a double. `null` is a value that was left empty. */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | AttributeMap;

/** A nested map; a class of its own so that it is never taken for a list. */
export interface AttributeMap {
  readonly entries: Attributes;
}

export type Attribute = readonly [key: string, value: AttributeValue];

/** Sorted by key in code units; keys are unique. Immutable, and shared between points. */
export type Attributes = readonly Attribute[];

export const NO_ATTRIBUTES: Attributes = Object.freeze([]);

/** Beyond so many, a sort is cheaper than to insert one by one. */
const INSERTED = 24;

/** Puts attributes into canonical order. Of several with one key the last wins, as receivers commonly have it. */
export function canonical(attributes: readonly Attribute[]): Attributes {
  if (attributes.length === 0) return NO_ATTRIBUTES;
  if (isCanonical(attributes)) return attributes;
  if (attributes.length > INSERTED) return [...new Map(attributes)].sort(([a], [b]) => (a < b ? -1 : 1));
  const sorted: Attribute[] = [];
  for (const attribute of attributes) insert(sorted, attribute);
  return sorted;
}

function isCanonical(attributes: readonly Attribute[]): boolean {
  let last: string | undefined;
  for (const [key] of attributes) {
    if (last !== undefined && last >= key) return false;
    last = key;
  }
  return true;
}

function insert(sorted: Attribute[], attribute: Attribute): void {
  const [key] = attribute;
  let place = sorted.length;
  while (place > 0 && (sorted[place - 1]?.[0] ?? '') > key) place--;
  if (place > 0 && sorted[place - 1]?.[0] === key) {
    sorted[place - 1] = attribute;
    return;
  }
  sorted.push(attribute);
  sorted.copyWithin(place + 1, place);
  sorted[place] = attribute;
}

/** The value of a key, undefined where there is none. */
export function attributeOf(attributes: Attributes, key: string): AttributeValue | undefined {
  return attributes.find(([name]) => name === key)?.[1];
}

/** Text that is equal exactly where attributes are: types count, so `"1"` and `1` differ. */
export function attributesKey(attributes: Attributes): string {
  let key = '';
  for (const [name, value] of attributes) {
    const text = valueKey(value);
    // Lengths in front, so that no text can pass for the end of another.
    key += `${name.length}:${name}${text.length}:${text}`;
  }
  return key;
}

function valueKey(value: AttributeValue): string {
  if (typeof value === 'string') return `s${value}`;
  if (typeof value === 'bigint') return `i${value}`;
  if (typeof value === 'number') return `d${Object.is(value, -0) ? '-0' : value}`;
  if (value === null || typeof value === 'boolean') return `${value}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('base64')}`;
  if (isMap(value)) return `m${attributesKey(value.entries)}`;
  return `l${value.map((each) => ((text) => `${text.length}:${text}`)(valueKey(each))).join('')}`;
}

/**
 * Writes a value as text, as a Prometheus label has it: strings as they are, everything else as JSON, bytes in base64.
 *
 * @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, Metric Attributes
 */
export function valueText(value: AttributeValue): string {
  return typeof value === 'string' ? value : jsonText(value);
}

function jsonText(value: AttributeValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isMap(value)) return `{${value.entries.map(([key, each]) => `${JSON.stringify(key)}:${jsonText(each)}`).join()}}`;
  return `[${value.map(jsonText).join()}]`;
}

/** Tells a nested map from a list. */
export function isMap(value: readonly AttributeValue[] | AttributeMap): value is AttributeMap {
  return !Array.isArray(value);
}
