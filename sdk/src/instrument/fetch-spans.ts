// Makes client spans of undici, which is also what `fetch` of Node is. Its channels are plain events, so a request is
// followed from its creation to the headers of the answer; the body may be read much later, or never.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { HttpSideNode } from '../config/model.ts';
import { ATTRIBUTE, ERROR_TYPE_OTHER, OTHER, RESOURCE_ATTRIBUTE, SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { state } from '../state.ts';

/** Methods of the conventions; any other is named in an attribute, because a client may invent it from data. */
const METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);

interface Request {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  /** Protocol that the connection goes over to. */
  readonly upgrade?: unknown;
  readonly headers?: unknown;
  addHeader(name: string, value: string): unknown;
}
interface Event {
  readonly request: Request;
  readonly headers?: unknown;
  readonly response?: { readonly statusCode: number; readonly headers?: unknown };
  readonly error?: unknown;
}

/** Makes spans until it is stopped, or until another instrumentation of undici is seen at work. */
export function startUndici(settings: HttpSideNode = {}): () => void {
  const spans = new WeakMap<object, Span>();
  const methods = settings.known_methods ? new Set(settings.known_methods) : METHODS;
  const requestHeaders = capturing(settings.request_captured_headers, 'http.request.header');
  const responseHeaders = capturing(settings.response_captured_headers, 'http.response.header');
  let hasGivenWay = false;

  function created({ request }: Event): void {
    const parent = context.active();
    if (!state.isOn || hasGivenWay || isTracingSuppressed(parent) || isTraced(request.headers)) return;
    // Nothing tells that a WebSocket is open, so that its span would never end.
    if (typeof request.upgrade === 'string') return pass(parent, request);
    const { method, attributes } = describe(request, methods);
    const options = { kind: SpanKind.CLIENT, attributes };
    const span = trace.getTracer(SCOPE_NAME, SCOPE_VERSION).startSpan(method, options, parent);
    span.setAttributes(requestHeaders(request.headers));
    spans.set(request, span);
    pass(trace.setSpan(parent, span), request);
  }

  /** Whoever else observes requests adds the same header. Spans that have begun are ended: open ones are told for long. */
  function sending({ headers }: Event): void {
    if (typeof headers === 'string' && headers.split(/^traceparent:/im).length > 2) hasGivenWay = true;
  }

  function answered({ request, response }: Event): void {
    const span = spans.get(request);
    if (!span) return;
    const status = response?.statusCode ?? 0;
    span.setAttribute(RESOURCE_ATTRIBUTE.httpStatus, status).setAttributes(responseHeaders(response?.headers));
    if (status >= 400) span.setAttribute(ATTRIBUTE.errorType, String(status)).setStatus({ code: SpanStatusCode.ERROR });
    spans.delete(request);
    span.end();
  }

  function failed({ request, error }: Event): void {
    const span = spans.get(request);
    if (!span) return;
    const { name, code } = (error ?? {}) as { name?: string; code?: string };
    span.setAttribute(ATTRIBUTE.errorType, code ?? name ?? ERROR_TYPE_OTHER);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    spans.delete(request);
    span.end();
  }

  const listeners = Object.entries({
    'undici:request:create': created,
    'undici:client:sendHeaders': sending,
    'undici:request:headers': answered,
    'undici:request:error': failed,
  }).map(([name, handle]) => ({ name, handle: (event: unknown) => attempt(() => handle(event as Event)) }));
  for (const { name, handle } of listeners) subscribe(name, handle);
  return () => {
    for (const { name, handle } of listeners) unsubscribe(name, handle);
  };
}

function pass(from: Context, request: Request): void {
  propagation.inject(from, request, { set: (carrier, name, value) => void carrier.addHeader(name, value) });
}

/** Whether the program passes a trace on, as a gateway does: a second header beside that one would make both invalid. */
function isTraced(headers: unknown): boolean {
  if (typeof headers === 'string') return /^traceparent:/im.test(headers);
  // Names and values in turn.
  return Array.isArray(headers) && headers.some((each, i) => i % 2 === 0 && /^traceparent$/i.test(String(each)));
}

/**
 * @param methods those of the conventions unless others are configured
 * @returns how spans of this method begin their name, and its attributes
 */
export function methodOf(
  method: string,
  methods: ReadonlySet<string> = METHODS,
): { readonly name: string; readonly attributes: Attributes } {
  if (methods.has(method)) return { name: method, attributes: { [RESOURCE_ATTRIBUTE.httpMethod]: method } };
  return {
    name: 'HTTP',
    attributes: { [RESOURCE_ATTRIBUTE.httpMethod]: OTHER, [RESOURCE_ATTRIBUTE.httpMethodOriginal]: method },
  };
}

/**
 * Makes the reader of the headers that are asked for; one that reads nothing where none are.
 *
 * @param key of their attributes, to be followed by the name of the header
 */
function capturing(names: readonly string[] | null | undefined, key: string): (headers: unknown) => Attributes {
  if (!names?.length) return () => ({});
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return (headers) => {
    const found: Record<string, string[]> = {};
    for (const [name, value] of pairsOf(headers)) {
      const lower = name.toLowerCase();
      if (wanted.has(lower)) (found[`${key}.${lower}`] ??= []).push(value);
    }
    return found;
  };
}

/** Of lines, or of names and values in turn, which are text or bytes; a name may have several values. */
function* pairsOf(headers: unknown): Generator<[name: string, value: string]> {
  if (typeof headers === 'string') {
    for (const [, name = '', value = ''] of headers.matchAll(/^([^:\r\n]+):[ \t]*(.*?)\r?$/gm)) yield [name, value];
  }
  if (!Array.isArray(headers)) return;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    for (const value of [headers[i + 1]].flat()) yield [String(headers[i]), String(value)];
  }
}

function describe(request: Request, methods: ReadonlySet<string>): { method: string; attributes: Attributes } {
  const url = new URL(request.path, request.origin);
  const { name, attributes } = methodOf(request.method, methods);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return {
    method: name,
    attributes: {
      ...attributes,
      [RESOURCE_ATTRIBUTE.urlFull]: url.href,
      [RESOURCE_ATTRIBUTE.serverAddress]: url.hostname,
      [RESOURCE_ATTRIBUTE.serverPort]: port,
    },
  };
}

/** A subscriber that throws would end the program. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // A newer undici may publish another shape.
  }
}
