// Spans made of what libraries publish. Messages have the shapes of redis 6.3, ioredis 5.11, mysql2 3.24, lru-cache 11.5
// and bentocache 1.6, copied from runs of the real libraries.
import type { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Context, context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { observedLibraries, startChannels } from '../../../sdk/src/instrument/channels.ts';
import { startUndici } from '../../../sdk/src/instrument/fetch-spans.ts';
import { setInstrumentation } from '../../../sdk/src/state.ts';

const exporter = new InMemorySpanExporter();
const manager = new AsyncLocalStorageContextManager().enable();
let stop: () => void = () => {};

beforeAll(() => {
  context.setGlobalContextManager(manager);
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  const { _asyncLocalStorage: contexts } = manager as unknown as { _asyncLocalStorage: AsyncLocalStorage<Context> };
  stop = startChannels({ switches: {}, installed: [], contexts });
});
beforeEach(() => exporter.reset());
afterAll(() => {
  stop();
  trace.disable();
  context.disable();
});

const redis = { database: 0, serverAddress: '127.0.0.1', serverPort: 6379, clientId: 'c' };
const mysql = { database: 'shop', serverAddress: 'db', serverPort: 3306, values: undefined };

async function publish(name: string, message: object, fails?: Error): Promise<void> {
  const work = async (): Promise<string> => {
    await Promise.resolve();
    if (fails) throw fails;
    return 'OK';
  };
  await tracingChannel(name)
    .tracePromise(work, message)
    .catch(() => {});
}

const spans = () =>
  exporter.getFinishedSpans().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));

describe('startChannels', () => {
  it('makes a client span of a command of redis, with keys and without values', async () => {
    await publish('node-redis:command', { ...redis, command: 'SET', args: ['SET', 'k', '?'] });
    await publish('ioredis:command', { ...redis, command: 'set', args: ['k', '?'] });
    const expected = {
      name: 'SET',
      kind: SpanKind.CLIENT,
      attributes: {
        'db.system.name': 'redis',
        'db.operation.name': 'SET',
        'db.query.text': 'SET k ?',
        'db.namespace': '0',
        'server.address': '127.0.0.1',
        'server.port': 6379,
      },
      status: { code: SpanStatusCode.UNSET },
    };
    expect(spans()).toEqual([expected, expected]);
  });

  it('makes one span of a batch, and none of the commands in it', async () => {
    await publish('node-redis:batch', { ...redis, batchMode: 'PIPELINE', batchSize: 2 });
    await publish('node-redis:command', {
      ...redis,
      batchMode: 'PIPELINE',
      batchSize: 2,
      command: 'GET',
      args: ['GET', 'a'],
    });
    expect(spans()).toMatchObject([{ name: 'PIPELINE', attributes: { 'db.operation.batch.size': 2 } }]);
  });

  it('tells failures by the code of the server', async () => {
    await publish(
      'ioredis:command',
      { ...redis, command: 'lpush', args: ['k', '?'] },
      new Error('WRONGTYPE Operation against a key'),
    );
    const failure = Object.assign(new Error('You have an error'), { code: 'ER_PARSE_ERROR', errno: 1064 });
    await publish('mysql2:query', { ...mysql, query: 'SELEC 1' }, failure);
    await publish('node-redis:connect', redis, new TypeError('nothing'));
    expect(spans()).toMatchObject([
      {
        attributes: { 'db.response.status_code': 'WRONGTYPE', 'error.type': 'WRONGTYPE' },
        status: { code: SpanStatusCode.ERROR, message: 'WRONGTYPE Operation against a key' },
      },
      { attributes: { 'db.response.status_code': '1064', 'error.type': 'ER_PARSE_ERROR' } },
      { name: 'connect redis', attributes: { 'error.type': 'TypeError' } },
    ]);
  });

  it('takes the literals out of statements', () => {
    const check = (query: string, expected: string): void => {
      exporter.reset();
      tracingChannel('mysql2:query').traceCallback(
        (done: (error: null) => void) => done(null),
        0,
        { ...mysql, query },
        null,
        () => {},
      );
      expect(spans()).toMatchObject([{ attributes: { 'db.query.text': expected, 'db.namespace': 'shop' } }]);
    };
    check("SELECT * FROM a1 WHERE b = 'x''y' AND c = 12.5", 'SELECT * FROM a1 WHERE b = ? AND c = ?');
    check('insert into `t1` values ("a\\"b", -1, 0xFF, NULL)', 'insert into `t1` values (?, ?, ?, NULL)');
    check('SELECT ? FROM t LIMIT 10', 'SELECT ? FROM t LIMIT ?');
    check("SELECT 'a\\\nb', 5, 'c'", 'SELECT ?, ?, ?');
    check(`SELECT '${'x'.repeat(4087)}\\'`, 'SELECT ?');
    check("SELECT 'never closed", 'SELECT ?');
    expect(spans()).toMatchObject([{ name: 'SELECT shop' }]);
  });

  it('makes what runs inside of an operation its child', async () => {
    const message = { operation: 'getOrSet', key: 'bentocache:x', store: 'm' };
    await tracingChannel('bentocache.cache.operation').tracePromise(async () => {
      await Promise.resolve();
      trace.getTracer('t').startSpan('inside').end();
      Object.assign(message, { hit: true, graced: false, tier: 'l1' });
    }, message);
    const [inside, outside] = exporter.getFinishedSpans();
    expect(inside?.parentSpanContext?.spanId).toBe(outside?.spanContext().spanId);
    expect(outside).toMatchObject({
      name: 'getOrSet m',
      attributes: { 'evenkeel.cache.name': 'm', 'evenkeel.cache.result': 'hit', 'evenkeel.cache.tier': 'l1' },
    });
  });

  it('makes a span of a cache that loads, and none of one that has', async () => {
    await publish('lru-cache', { op: 'fetch', key: 'a', fetch: 'miss', trace: true });
    await publish('lru-cache', { op: 'fetch', key: 'a', fetch: 'hit', trace: true });
    expect(spans()).toMatchObject([{ name: 'lru-cache fetch', attributes: { 'evenkeel.cache.result': 'miss' } }]);
  });

  it('ends the span of a call that throws at once', () => {
    const work = (): never => {
      throw new RangeError('now');
    };
    expect(() =>
      tracingChannel('ioredis:command').tracePromise(work as never, { ...redis, command: 'get', args: [] }),
    ).toThrow('now');
    expect(spans()).toMatchObject([{ attributes: { 'error.type': 'RangeError' } }]);
  });

  it('ends the span of a failure that has no text, and lets nothing of it into the program', async () => {
    await publish('lru-cache', { op: 'fetch', key: 'a', fetch: 'miss', trace: true }, Object.create(null) as Error);
    expect(spans()).toMatchObject([{ attributes: { 'error.type': '_OTHER' }, status: { code: SpanStatusCode.ERROR } }]);
  });

  it('makes nothing while it is off, where tracing is suppressed, or of messages it does not know', async () => {
    setInstrumentation(false);
    await publish('ioredis:command', { ...redis, command: 'get', args: [] });
    setInstrumentation(true);
    await context.with(suppressTracing(context.active()), () =>
      publish('ioredis:command', { ...redis, command: 'get', args: [] }),
    );
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    await publish('lru-cache', hostile);
    expect(spans()).toEqual([]);
  });
});

describe('observedLibraries', () => {
  it('leaves to an installed instrumentation, or to nobody, what it is told to', () => {
    expect(observedLibraries({}, [])).toEqual(['redis', 'ioredis', 'mysql2', 'lru-cache', 'bentocache', 'undici']);
    const names = observedLibraries({ redis: { enabled: false }, ioredis: { enabled: true } }, [
      '@opentelemetry/instrumentation-undici',
      '@opentelemetry/instrumentation-mysql2',
    ]);
    expect(names).toEqual(['ioredis', 'lru-cache', 'bentocache']);
    expect(observedLibraries({}, ['@opentelemetry/auto-instrumentations-node'])).toEqual(['lru-cache', 'bentocache']);
  });
});

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

  it('gives way for good to another instrumentation that is seen at work', () => {
    const [first, second] = [{ ...request }, { ...request }];
    say('request:create', { request: first });
    say('client:sendHeaders', {
      request: first,
      headers: 'GET / HTTP/1.1\r\ntraceparent: 00-a\r\ntraceparent: 00-b\r\n',
    });
    say('request:headers', { request: first, response: { statusCode: 200 } });
    say('request:create', { request: second });
    say('request:headers', { request: second, response: { statusCode: 200 } });
    expect(spans()).toEqual([]);
  });
});
