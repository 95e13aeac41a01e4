// Routes of h3. Messages have the shape of h3 2.0, copied from a run of it.
import { tracingChannel } from 'node:diagnostics_channel';
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startChannels } from '../../../sdk/src/instrument/channels.ts';
import { publish } from '../../support/published.ts';
import { recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const stop = startChannels({ switches: {}, installed: [] });
beforeEach(() => void log.take());
afterAll(stop);

const spans = () => log.take().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));

describe('h3', () => {
  const event = (method: string, headers: Record<string, string> = {}): object => ({
    req: new Request('http://api.example/users/5?a=b', { method, headers }),
    url: new URL('http://api.example/users/5?a=b'),
    context: { matchedRoute: { route: '/users/:id' } },
  });
  const thrown = (status: number): Error => Object.assign(new Error('told'), { name: 'HTTPError', status });

  it('makes the span of a request, of the trace that it belongs to', async () => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    onTestFinished(() => propagation.disable());
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const message = { type: 'route', event: event('GET', { traceparent }) };
    await tracingChannel('h3.request').tracePromise(async () => new Response('', { status: 201 }), message);
    const [span] = log.take();
    expect(span?.parentSpanContext).toMatchObject({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) });
    expect([span]).toMatchObject([
      {
        name: 'GET /users/:id',
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/users/:id',
          'url.path': '/users/5',
          'url.scheme': 'http',
          'http.response.status_code': 201,
        },
        status: { code: SpanStatusCode.UNSET },
      },
    ]);
  });

  it('makes a part of a request that has a span, and nothing of middleware', async () => {
    await trace.getTracer('t').startActiveSpan('GET', async (span) => {
      await publish('h3.request', { type: 'middleware', event: event('GET') });
      await publish('h3.request', { type: 'route', event: event('GET') });
      span.end();
    });
    expect(spans()).toMatchObject([{ name: 'GET /users/:id', kind: SpanKind.INTERNAL }, { name: 'GET' }]);
  });

  it('fails by what is the fault of the server alone', async () => {
    await publish('h3.request', { type: 'route', event: event('GET') }, thrown(404));
    await publish('h3.request', { type: 'route', event: event('GET') }, thrown(503));
    await publish('h3.request', { type: 'route', event: event('GET') }, new TypeError('x'));
    expect(
      spans().map(({ attributes, status }) => [
        attributes['http.response.status_code'],
        attributes['error.type'],
        status.code,
      ]),
    ).toEqual([
      [404, undefined, SpanStatusCode.UNSET],
      [503, '503', SpanStatusCode.ERROR],
      [500, 'TypeError', SpanStatusCode.ERROR],
    ]);
  });
});
