// Requests of undici, which the built-in fetch makes too.
import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startChannels } from '../../../sdk/src/instrument/channels.ts';
import { startUndici } from '../../../sdk/src/instrument/fetch-spans.ts';
import { recordSpans } from '../../support/spans.ts';

let started = 0;
const log = recordSpans({
  shouldSample: () => {
    started++;
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  },
  toString: () => 'counting',
});
const stop = startChannels({ switches: {}, installed: [] });
beforeEach(() => void log.take());
afterAll(stop);

const spans = () => log.take().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));

describe('undici', () => {
  const request = { origin: 'https://api.example', path: '/a?b=1', method: 'PURGE', addHeader: () => {} };
  const say = (name: string, message: object): void => channel(`undici:${name}`).publish(message);

  it('names unknown methods in an attribute only', () => {
    say('request:create', { request });
    say('request:headers', { request, response: { statusCode: 404 } });
    expect(spans()).toMatchObject([
      {
        name: 'HTTP',
        attributes: {
          'http.request.method': '_OTHER',
          'http.request.method_original': 'PURGE',
          'url.full': 'https://api.example/a?b=1',
          'server.port': 443,
          'http.response.status_code': 404,
          'error.type': '404',
        },
        status: { code: SpanStatusCode.ERROR },
      },
    ]);
  });

  it('captures the headers that are asked for, in whatever shape undici has them', () => {
    const end = startUndici({
      request_captured_headers: ['Accept', 'X-Team'],
      response_captured_headers: ['Age'],
      known_methods: ['PURGE'],
    });
    onTestFinished(end);
    const age = [
      Buffer.from('age'),
      Buffer.from('7'),
      Buffer.from('Age'),
      Buffer.from('8'),
      Buffer.from('x'),
      Buffer.from('9'),
    ];
    for (const headers of ['accept: a\r\nX-Team: t: u\r\n', ['Accept', 'a', 'x-team', ['t', 'u'], 'x', '1']]) {
      const asked = { ...request, headers };
      say('request:create', { request: asked });
      say('request:headers', { request: asked, response: { statusCode: 200, headers: age } });
    }
    const captured = spans().filter(({ name }) => name === 'PURGE');
    expect(captured.map(({ attributes }) => attributes['http.request.header.x-team'])).toEqual([['t: u'], ['t', 'u']]);
    for (const { attributes } of captured) {
      expect(attributes).toMatchObject({
        'http.request.method': 'PURGE',
        'http.request.header.accept': ['a'],
        'http.response.header.age': ['7', '8'],
      });
      expect(Object.keys(attributes).filter((key) => key.includes('header'))).toHaveLength(3);
    }
  });

  it('leaves a request alone that passes a trace on, and follows the next one', async () => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const seen: unknown[] = [];
    const server = createServer((incoming, answer) => {
      seen.push(incoming.headersDistinct['traceparent']);
      answer.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      propagation.disable();
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const passed = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await fetch(url, { headers: { traceparent: passed } });
    await fetch(url);
    expect(seen).toEqual([[passed], [expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)]]);
    expect(spans()).toMatchObject([{ name: 'GET' }]);
  });

  it('makes no span of a WebSocket, which nothing tells the end of, but passes the trace on', () => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    onTestFinished(() => propagation.disable());
    const added: string[] = [];
    const opening = { ...request, upgrade: 'websocket', addHeader: (name: string) => void added.push(name) };
    const span = trace.getTracer('t').startSpan('inside');
    started = 0;
    context.with(trace.setSpan(context.active(), span), () => say('request:create', { request: opening }));
    expect([started, added]).toEqual([0, ['traceparent']]);
  });

  it('gives way for good to another instrumentation that is seen at work, but for what has begun', () => {
    const [first, second] = [{ ...request }, { ...request }];
    say('request:create', { request: first });
    say('client:sendHeaders', {
      request: first,
      headers: 'GET / HTTP/1.1\r\ntraceparent: 00-a\r\ntraceparent: 00-b\r\n',
    });
    say('request:headers', { request: first, response: { statusCode: 200 } });
    say('request:create', { request: second });
    say('request:headers', { request: second, response: { statusCode: 200 } });
    expect(spans()).toMatchObject([{ attributes: { 'http.response.status_code': 200 } }]);
  });
});
