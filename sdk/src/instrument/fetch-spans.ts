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
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
}

/** Makes spans until it is stopped, or until another instrumentation of undici is seen at work. */
export function startUndici(): () => void {
  const spans = new WeakMap<object, Span>();
  let hasGivenWay = false;

  function created({ request }: Event): void {
    const parent = context.active();
    if (!state.isOn || hasGivenWay || isTracingSuppressed(parent) || isTraced(request.headers)) return;
    // Nothing tells that a WebSocket is open, so that its span would never end.
    if (typeof request.upgrade === 'string') return pass(parent, request);
    const { method, attributes } = describe(request);
    const options = { kind: SpanKind.CLIENT, attributes };
    const span = trace.getTracer(SCOPE_NAME, SCOPE_VERSION).startSpan(method, options, parent);
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
    span.setAttribute(RESOURCE_ATTRIBUTE.httpStatus, status);
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

/** @returns how spans of this method begin their name, and its attributes */
export function methodOf(method: string): { readonly name: string; readonly attributes: Attributes } {
  if (METHODS.has(method)) return { name: method, attributes: { [RESOURCE_ATTRIBUTE.httpMethod]: method } };
  return {
    name: 'HTTP',
    attributes: { [RESOURCE_ATTRIBUTE.httpMethod]: OTHER, [RESOURCE_ATTRIBUTE.httpMethodOriginal]: method },
  };
}

function describe(request: Request): { method: string; attributes: Attributes } {
  const url = new URL(request.path, request.origin);
  const { name, attributes } = methodOf(request.method);
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
