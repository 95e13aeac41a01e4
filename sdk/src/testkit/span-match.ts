// What a test expects of a span, and what of it does not hold. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { TestAttributes, TestSpan } from './test-span.ts';

/** A value that has to be equal, a pattern for texts, or a question to be answered with yes. */
export type Expected = unknown;

/** What is left out may be anything. */
export interface ExpectedSpan {
  readonly name?: string | RegExp;
  readonly kind?: TestSpan['kind'];
  readonly status?: TestSpan['status'];
  readonly statusMessage?: string | RegExp;
  /** By key; `undefined` for one that must not be there. Others may be there as well. */
  readonly attributes?: Readonly<Record<string, Expected>>;
  /** There must be one event for each, in any order. */
  readonly events?: readonly {
    readonly name: string | RegExp;
    readonly attributes?: Readonly<Record<string, Expected>>;
  }[];
  /** `none` for a root; a span, the name of one, or what else is expected of the parent. */
  readonly parent?: string | { readonly spanId: string } | ExpectedSpan;
  /** Of a trace: 32 hexadecimal digits. */
  readonly traceId?: string;
  /** Name of the instrumentation scope. */
  readonly scope?: string | RegExp;
  /** Attributes of the resource, as `attributes`. */
  readonly resource?: Readonly<Record<string, Expected>>;
  readonly links?: number;
  readonly minDurationMs?: number;
  readonly maxDurationMs?: number;
}

/** @returns what does not hold, one line each; empty where all does */
export function mismatchesOf(span: TestSpan, expected: ExpectedSpan, all: readonly TestSpan[]): string[] {
  const found: string[] = [];
  const check = (what: string, wanted: Expected, is: unknown): void => {
    if (!holds(wanted, is)) found.push(`${what}: expected ${shown(wanted)}, is ${shown(is)}`);
  };
  if (expected.name !== undefined) check('name', expected.name, span.name);
  if (expected.kind !== undefined) check('kind', expected.kind, span.kind);
  if (expected.status !== undefined) check('status', expected.status, span.status);
  if (expected.statusMessage !== undefined) check('statusMessage', expected.statusMessage, span.statusMessage);
  if (expected.traceId !== undefined) check('traceId', expected.traceId, span.traceId);
  if (expected.scope !== undefined) check('scope', expected.scope, span.scope.name);
  if (expected.links !== undefined) check('links', expected.links, span.links.length);
  const { minDurationMs = 0, maxDurationMs = Infinity } = expected;
  if (span.durationMs < minDurationMs || span.durationMs > maxDurationMs)
    found.push(`durationMs: expected ${minDurationMs} to ${maxDurationMs}, is ${span.durationMs}`);
  checkAttributes('attributes', expected.attributes, span.attributes, check);
  checkAttributes('resource', expected.resource, span.resource, check);
  for (const event of expected.events ?? []) {
    const named = span.events.filter(({ name }) => holds(event.name, name));
    const isThere = named.some(({ attributes }) =>
      Object.entries(event.attributes ?? {}).every(([key, wanted]) => holds(wanted, attributes[key])),
    );
    if (!isThere) found.push(`events: expected ${shown(event)}, are ${shown(span.events)}`);
  }
  if (expected.parent !== undefined) found.push(...parentMismatches(span, expected.parent, all));
  return found;
}

/** Shows what is expected or seen, on one line of at most 200 characters. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text =
      JSON.stringify(value, (_, inner: unknown) => {
        if (inner instanceof RegExp || typeof inner === 'function' || typeof inner === 'bigint') return String(inner);
        return inner;
      }) ?? (value === undefined ? 'missing' : String(value));
  } catch {
    text = String(value);
  }
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

const MAX_SHOWN_CHARS = 200;

function checkAttributes(
  what: string,
  wanted: Readonly<Record<string, Expected>> | undefined,
  attributes: TestAttributes,
  check: (what: string, wanted: Expected, is: unknown) => void,
): void {
  for (const [key, value] of Object.entries(wanted ?? {})) check(`${what}[${key}]`, value, attributes[key]);
}

function parentMismatches(
  span: TestSpan,
  parent: NonNullable<ExpectedSpan['parent']>,
  all: readonly TestSpan[],
): string[] {
  if (parent === 'none') return span.parentSpanId === '' ? [] : [`parent: expected none, is ${span.parentSpanId}`];
  if (typeof parent === 'string') return parentMismatches(span, { name: parent }, all);
  if ('spanId' in parent) {
    const is = span.parentSpanId;
    return parent.spanId === is ? [] : [`parent: expected ${parent.spanId}, is ${is === '' ? 'none' : is}`];
  }
  const above = all.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  if (above === undefined) {
    const why = span.parentSpanId === '' ? 'none' : `${span.parentSpanId}, which is not among the spans`;
    return [`parent: expected ${shown(parent)}, is ${why}`];
  }
  return mismatchesOf(above, parent, all).map((line) => `parent ${above.name}: ${line}`);
}

function holds(wanted: Expected, is: unknown): boolean {
  if (wanted instanceof RegExp)
    return typeof is === 'string' && new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, '')).test(is);
  if (typeof wanted === 'function') return Boolean((wanted as (value: unknown) => unknown)(is));
  return isDeepStrictEqual(wanted, is);
}
