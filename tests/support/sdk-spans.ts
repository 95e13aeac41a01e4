// The spans that a program of the SDK sent to a receiver, as plain objects.
import type { Received } from './otlp-receiver.ts';
import { Request8 } from './otlp-schema.ts';

/** A span as it arrived. */
export interface ArrivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly droppedAttributes: number;
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

type Wire = Record<string, unknown>;

/** Whoever has bodies, over HTTP or gRPC. */
interface Bodies {
  readonly received: readonly Pick<Received, 'path' | 'body'>[];
}

/** Decodes every protobuf body on `path`, in the order of arrival. */
export function decodeSpans(receiver: Bodies, path = '/v1/traces'): ArrivedSpan[] {
  const bodies = receiver.received.filter((received) => received.path === path);
  return bodies.flatMap(({ body }) => {
    const { resourceSpans = [] } = Request8.toObject(Request8.decode(body), { longs: Number }) as {
      resourceSpans?: { resource?: Wire; scopeSpans: { spans: Wire[] }[] }[];
    };
    return resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map((span) => arrived(span, plain(resource?.['attributes'])))),
    );
  });
}

function arrived(span: Wire, resource: Readonly<Record<string, unknown>>): ArrivedSpan {
  const status = (span['status'] ?? {}) as { code?: number; message?: string };
  return {
    name: String(span['name']),
    kind: Number(span['kind']),
    traceId: hex(span['traceId']),
    spanId: hex(span['spanId']),
    parentSpanId: hex(span['parentSpanId']),
    attributes: plain(span['attributes']),
    droppedAttributes: Number(span['droppedAttributesCount'] ?? 0),
    statusCode: status.code ?? 0,
    statusMessage: status.message ?? '',
    resource,
  };
}

function hex(bytes: unknown): string {
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : '';
}

function plain(attributes: unknown): Record<string, unknown> {
  const pairs = (attributes ?? []) as { key: string; value: Record<string, unknown> }[];
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));
}
