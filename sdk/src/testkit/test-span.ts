// A finished span as tests look at it, whether it was kept in this process or came in over OTLP.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** Kinds and status codes in the order of the API. */
export const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export const STATUSES = ['unset', 'ok', 'error'] as const;

export type TestAttributes = Readonly<Record<string, unknown>>;

export interface TestEvent {
  readonly name: string;
  readonly attributes: TestAttributes;
}

export interface TestSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly kind: (typeof KINDS)[number];
  readonly status: (typeof STATUSES)[number];
  readonly statusMessage: string;
  readonly attributes: TestAttributes;
  readonly events: readonly TestEvent[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: TestAttributes }[];
  readonly durationMs: number;
  readonly traceState: string;
  /** Attributes of the resource. */
  readonly resource: TestAttributes;
  readonly scope: { readonly name: string; readonly version: string };
}

/** Turns a span of the SDK into plain data. */
export function testSpanOf(span: ReadableSpan): TestSpan {
  const { traceId, spanId, traceState } = span.spanContext();
  return {
    name: span.name,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? '',
    kind: KINDS[span.kind] ?? 'internal',
    status: STATUSES[span.status.code] ?? 'unset',
    statusMessage: span.status.message ?? '',
    attributes: { ...span.attributes },
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes: { ...attributes } })),
    links: span.links.map(({ context, attributes = {} }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: { ...attributes },
    })),
    durationMs: span.duration[0] * 1000 + span.duration[1] / 1e6,
    traceState: traceState?.serialize() ?? '',
    resource: { ...span.resource.attributes },
    scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version ?? '' },
  };
}
