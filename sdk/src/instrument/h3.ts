// Requests that h3 answers, by the convention for HTTP servers. Spans of its routes alone: what its middleware does shows in
// what that calls.
import { type Attributes, context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { ATTRIBUTE, ERROR_TYPE_OTHER, RESOURCE_ATTRIBUTE } from '../names.ts';
import type { Operation } from './channels.ts';
import { methodOf } from './fetch-spans.ts';

type Message = Readonly<Record<string, unknown>>;

interface Event {
  readonly req: Request;
  readonly url: URL;
  readonly context: { readonly matchedRoute?: { readonly route?: string } };
}

/** The span of the request where nothing else made one, such as an instrumentation of `node:http`; else one within it. */
export function h3Request(message: Message): Operation | undefined {
  if (message['type'] !== 'route') return undefined;
  const { req, url, context: about } = message['event'] as Event;
  const isServer = trace.getActiveSpan() === undefined;
  const { name, attributes } = methodOf(req.method);
  const route = about.matchedRoute?.route;
  return {
    name: route === undefined ? name : `${name} ${route}`,
    kind: isServer ? SpanKind.SERVER : SpanKind.INTERNAL,
    ...(isServer && { parent: propagation.extract(context.active(), req.headers, HEADERS) }),
    attributes: {
      ...attributes,
      ...(route !== undefined && { [RESOURCE_ATTRIBUTE.httpRoute]: route }),
      [RESOURCE_ATTRIBUTE.urlPath]: url.pathname,
      [RESOURCE_ATTRIBUTE.urlScheme]: url.protocol.replace(':', ''),
    },
  };
}

const HEADERS = {
  keys: (headers: Headers) => [...headers.keys()],
  get: (headers: Headers, name: string) => headers.get(name) ?? undefined,
};

/** The status of what is no response is decided when the route is over. */
export function h3Result({ result }: Message): Attributes {
  return result instanceof Response ? { [RESOURCE_ATTRIBUTE.httpStatus]: result.status } : {};
}

export function h3Failure(error: unknown): Attributes {
  const status = statusOf(error);
  const type = error instanceof Error ? error.name : ERROR_TYPE_OTHER;
  return {
    [RESOURCE_ATTRIBUTE.httpStatus]: status ?? 500,
    ...(isServerFault(error) && { [ATTRIBUTE.errorType]: status === undefined ? type : String(status) }),
  };
}

/** What a client did wrong is no failure of a server (convention). */
export function isServerFault(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500;
}

function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}
