// Matchers of conditions that depend on single spans: their attributes, their flags, their service, their name.
import type { Context } from '../otlp/context-table.ts';
import { sameBytes } from '../otlp/interner.ts';
import { ENTRY } from '../otlp/span-batch.ts';
import { compilePattern } from '../config/pattern.ts';
import { readVarint32, readVarint64 } from '../otlp/wire.ts';
import type { LeafConfig } from './condition-config.ts';
import type { SpanMatcher } from './facts.ts';
import { readValue, type SpanAttributes, value } from './span-attributes.ts';

type ConfigOf<T extends LeafConfig['type']> = Extract<LeafConfig, { type: T }>;
type AttributeConfig = ConfigOf<'numeric_attribute' | 'string_attribute' | 'boolean_attribute'>;

/** Judges the member in `value`, whose content stands in the attributes' source. */
type ValueTest = (attributes: SpanAttributes) => boolean;

/** Tags of AnyValue's members. */
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;

/** Bytes of a text that a pattern sees. */
const MAX_PATTERN_TEXT = 1024;

const SAMPLED = 1;

/** Matches spans of which the attribute, or that of their resource, is as configured. */
export function attributeMatcher(config: AttributeConfig, attributes: SpanAttributes): SpanMatcher {
  const { on, key } = config;
  const test = valueTest(config);
  const place = attributes.want(key);
  const matches = (): boolean => {
    const length = attributes.valueLength[place] ?? -1;
    if (length < 0) return false;
    const offset = attributes.valueOffset[place] ?? 0;
    readValue(attributes.source.bytes, offset, offset + length);
    return test(attributes);
  };
  const resourceMatches = oncePerContext(({ bytes, resourceLength }) => {
    attributes.readResource(bytes.subarray(0, resourceLength));
    return matches();
  });
  return {
    matches(batch, row, nowMs) {
      if (on !== 'span' && resourceMatches(batch.contexts[batch.context[row]])) return true;
      if (on === 'resource') return false;
      attributes.readSpan(batch, row, nowMs);
      return matches();
    },
  };
}

/** Matches spans whose sampled flag is as configured; without flags it is not set. */
export function flagsMatcher(sampled: boolean, attributes: SpanAttributes): SpanMatcher {
  return {
    matches(batch, row, nowMs) {
      attributes.readSpan(batch, row, nowMs);
      return ((attributes.flags & SAMPLED) !== 0) === sampled;
    },
  };
}

/** Matches spans of the named services. */
export function serviceMatcher(names: readonly string[]): SpanMatcher {
  const wanted = new Set(names);
  return {
    matches(batch, row) {
      const context = batch.contexts[batch.context[row]];
      return context !== undefined && wanted.has(context.serviceName);
    },
  };
}

/** Matches entry spans with one of the names. */
export function operationMatcher(names: readonly string[]): SpanMatcher {
  const wanted = texts(names);
  return {
    matches(batch, row) {
      if ((batch.flags[row] & ENTRY) === 0) return false;
      return isOneOf(wanted, batch.source.bytes, batch.nameOffset[row], batch.nameLength[row]);
    },
  };
}

function valueTest(config: AttributeConfig): ValueTest {
  switch (config.type) {
    case 'numeric_attribute': {
      const { min = -Infinity, max = Infinity } = config;
      return (attributes) => {
        const number = numberOf(attributes);
        // False for what is no number.
        return number >= min && number <= max;
      };
    }
    case 'boolean_attribute':
      return ({ source: { bytes } }) =>
        value.tag === BOOL && (readVarint64(bytes, value.start, value.end) !== 0n) === config.value;
    default:
      return textTest(config);
  }
}

function textTest({ values, pattern }: ConfigOf<'string_attribute'>): ValueTest {
  if (pattern === undefined) {
    const wanted = texts(values ?? []);
    return ({ source: { bytes } }) =>
      value.tag === STRING && isOneOf(wanted, bytes, value.start, value.end - value.start);
  }
  const matches = compilePattern(pattern);
  return ({ source: { bytes } }) => {
    if (value.tag !== STRING) return false;
    const end = Math.min(value.end, value.start + MAX_PATTERN_TEXT);
    return matches(decoder.decode(bytes.subarray(value.start, end)));
  };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Numbers above 2^53 are compared after rounding to a double. */
function numberOf({ source: { bytes, view } }: SpanAttributes): number {
  if (value.tag === DOUBLE) return view.getFloat64(value.start, true);
  return value.tag === INT ? integer(bytes, value.start, value.end) : NaN;
}

/** Reads a varint as a signed 64-bit integer, rounded to a double. */
function integer(bytes: Uint8Array, p: number, end: number): number {
  if (end - p < 5) return readVarint32(bytes, p, end);
  return Number(readVarint64(bytes, p, end));
}

/** Remembers what was found of each context. */
function oncePerContext(judge: (context: Context) => boolean): (context: Context | undefined) => boolean {
  // By context id: twice the serial of the context that was judged, plus one where it matched.
  const known: number[] = [];
  return (context) => {
    if (context === undefined) return false;
    const mark = context.serial * 2;
    if (known[context.id] === mark) return false;
    if (known[context.id] === mark + 1) return true;
    const matches = judge(context);
    known[context.id] = matches ? mark + 1 : mark;
    return matches;
  };
}

function texts(list: readonly string[]): Uint8Array[] {
  return list.map((each) => new TextEncoder().encode(each));
}

function isOneOf(wanted: readonly Uint8Array[], bytes: Uint8Array, start: number, length: number): boolean {
  for (const each of wanted) if (each.length === length && sameBytes(each, 0, bytes, start, length)) return true;
  return false;
}
