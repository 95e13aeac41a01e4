// A SERVER span for each HTTP request, after the stable HTTP conventions. Knows Express only for the route.
import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Request, RequestHandler, Response } from 'express';

/** Methods that may become part of a name; any other is `_OTHER`, so that callers cannot invent series. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY']);

/**
 * Makes middleware that runs the rest of the request inside a SERVER span. Install it before everything else.
 *
 * The span ends when the response is sent or the connection is lost; 5xx and lost connections are errors, 4xx are the
 * caller's and are not. The query string is left out: it holds what people typed.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 */
export function serverSpans(): RequestHandler {
  const tracer = trace.getTracer('@evenkeel/example-workflow-runtime');
  return (request, response, next) => {
    const parent = propagation.extract(context.active(), request.headers);
    const method = METHODS.has(request.method) ? request.method : '_OTHER';
    const attributes = {
      'http.request.method': method,
      'url.scheme': request.protocol,
      'url.path': request.path,
      'server.address': request.hostname,
      'server.port': request.socket.localPort,
      'network.protocol.version': request.httpVersion,
      'user_agent.original': request.get('user-agent'),
    };
    const name = method === '_OTHER' ? 'HTTP' : method;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    // Node emits `close` exactly once for each response, after `finish` or instead of it.
    response.once('close', () => endSpan(span, name, request, response));
    context.with(trace.setSpan(parent, span), next);
  };
}

function endSpan(span: Span, name: string, request: Request, response: Response): void {
  const route: unknown = request.route?.path;
  if (typeof route === 'string') {
    // Only now: routing happens after the span has started.
    span.updateName(`${name} ${request.baseUrl}${route}`);
    span.setAttribute('http.route', `${request.baseUrl}${route}`);
  }
  if (response.headersSent) span.setAttribute('http.response.status_code', response.statusCode);
  if (response.statusCode >= 500) {
    span.setAttribute('error.type', String(response.statusCode));
    span.setStatus({ code: SpanStatusCode.ERROR });
  } else if (!response.writableFinished) {
    span.setAttribute('error.type', 'connection_lost');
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'the connection was lost before the response was sent' });
  }
  span.end();
}
