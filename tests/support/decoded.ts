// What an independent decoder (protobufjs 8) reads of a body, flat: one entry a span, comparable as text.
import type { Message } from 'protobufjs-8';
import { Request8, schema8, Span8 } from './otlp-schema.ts';

const PLAIN = { longs: String, bytes: String, json: true } as const;
const ResourceSpans = schema8.lookupType('ResourceSpans');
const ScopeSpans = schema8.lookupType('ScopeSpans');

/** A span as plain data: bytes in base64, 64-bit numbers as decimal text, defaults left out. */
export interface PlainSpan {
  traceId: string;
  spanId: string;
  traceState?: string;
  parentSpanId?: string;
  name?: string;
  kind?: number;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  attributes?: { key?: string; value?: Record<string, unknown> }[];
  status?: { message?: string; code?: number };
  /** Fields the schema does not know, as received. */
  unknown?: string;
}

/** A span with what surrounds it. */
export interface DecodedSpan {
  /** Resource and its schema url, as JSON. */
  readonly resource: string;
  /** Scope and its schema url, as JSON. */
  readonly scope: string;
  readonly serviceName: string;
  readonly span: PlainSpan;
}

interface Container {
  scopeSpans?: Message[];
  spans?: unknown[];
}

/** Decodes a whole body. @throws what protobufjs throws */
export function decodeBody(body: Uint8Array): DecodedSpan[] {
  return flatten(Request8.decode(body), (span) => plainSpan(span as Message));
}

/** Flattens a decoded request; `read` answers undefined for a span to leave out. */
export function flatten(request: Message, read: (span: unknown) => PlainSpan | undefined): DecodedSpan[] {
  const all: DecodedSpan[] = [];
  for (const resourceSpans of (request as { resourceSpans?: Message[] }).resourceSpans ?? []) {
    const { resource, schemaUrl } = plainAround(ResourceSpans, resourceSpans, 'scopeSpans');
    for (const scopeSpans of (resourceSpans as Container).scopeSpans ?? []) {
      const around = plainAround(ScopeSpans, scopeSpans, 'spans');
      for (const raw of (scopeSpans as Container).spans ?? []) {
        const span = read(raw);
        if (span === undefined) continue;
        all.push({
          resource: JSON.stringify({ resource, schemaUrl }),
          scope: JSON.stringify(around),
          serviceName: serviceName(resource as PlainResource | undefined),
          span,
        });
      }
    }
  }
  return all;
}

interface PlainResource {
  attributes?: { key?: string; value?: { stringValue?: string } }[];
}

/** The first non-empty `service.name`, as the resource conventions have it. */
function serviceName(resource: PlainResource | undefined): string {
  for (const { key, value } of resource?.attributes ?? [])
    if (key === 'service.name' && value?.stringValue) return value.stringValue;
  return 'unknown_service';
}

function plainAround(type: typeof ResourceSpans, message: Message, without: string): Record<string, unknown> {
  const shallow = Object.assign(Object.create(Object.getPrototypeOf(message)), message, { [without]: [] });
  const { [without]: _, ...rest } = type.toObject(shallow, PLAIN);
  return rest;
}

export function plainSpan(span: Message): PlainSpan {
  const plain = Span8.toObject(span, PLAIN) as PlainSpan;
  const unknown = (span as { $unknowns?: Uint8Array[] }).$unknowns;
  return unknown === undefined ? plain : { ...plain, unknown: Buffer.concat(unknown).toString('hex') };
}

/** Order-free form for comparing what two paths made of the same spans: trace and span id, then all fields by name. */
export function asText(spans: readonly DecodedSpan[]): string[] {
  return spans
    .map(({ span, ...around }) => {
      const fields = Object.entries(span).sort(([a], [b]) => (a < b ? -1 : 1));
      return `${span.traceId} ${span.spanId} ${JSON.stringify({ ...Object.fromEntries(fields), ...around })}`;
    })
    .sort();
}

/** Names what differs between two sorted lists, at most three of each; empty where they are equal. */
export function differences(actual: readonly string[], expected: readonly string[]): string[] {
  const [inActual, inExpected] = [new Set(actual), new Set(expected)];
  const extra = actual.filter((text) => !inExpected.has(text)).slice(0, 3);
  const missing = expected.filter((text) => !inActual.has(text)).slice(0, 3);
  const lengths = actual.length === expected.length ? [] : [`${actual.length} instead of ${expected.length}`];
  return [...lengths, ...extra.map((text) => `unexpected ${text}`), ...missing.map((text) => `missing ${text}`)];
}
