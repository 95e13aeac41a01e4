// Spans made of what libraries publish. Messages have the shapes of redis 6.3, ioredis 6.0, mysql2 3.24 and bentocache 1.6,
// copied from runs of the real libraries; lru-cache publishes its own.
import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { type Context, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { LRUCache } from 'lru-cache';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { observedLibraries, startChannels } from '../../../sdk/src/instrument/channels.ts';
import { instrumentCache } from '../../../sdk/src/index.ts';
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
  it('makes a client span of a command of redis, without its arguments', async () => {
    await publish('node-redis:command', { ...redis, command: 'SET', args: ['SET', 'k', '?'] });
    await publish('ioredis:command', { ...redis, command: 'set', args: ['k', '?'] });
    const expected = {
      name: 'SET',
      kind: SpanKind.CLIENT,
      attributes: {
        'db.system.name': 'redis',
        'db.operation.name': 'SET',
        'db.query.text': 'SET ?',
        'db.namespace': '0',
        'server.address': '127.0.0.1',
        'server.port': 6379,
      },
      status: { code: SpanStatusCode.UNSET },
    };
    expect(spans()).toEqual([expected, expected]);
    exporter.reset();
    // The libraries take no values out of these.
    await publish('node-redis:command', { ...redis, command: 'GETSET', args: ['GETSET', 'k', 'secret'] });
    await publish('ioredis:command', { ...redis, command: 'config', args: ['SET', 'requirepass', 'secret'] });
    await publish('ioredis:command', { ...redis, command: 'info', args: [] });
    expect(spans().map(({ attributes }) => attributes['db.query.text'])).toEqual(['GETSET ?', 'CONFIG ?', 'INFO']);
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
    check('insert into `t1` values ("a\\"b", -1, 0xFF, NULL)', 'insert into `t1` values (?, NULL)');
    check('SELECT ? FROM t LIMIT 10', 'SELECT ? FROM t LIMIT ?');
    check("SELECT 'a\\\nb', 5, 'c'", 'SELECT ?');
    check('SELECT a FROM t WHERE b IN (1, 2, 3) AND c = TRUE # why', 'SELECT a FROM t WHERE b IN (?) AND c = ?');
    check(`SELECT '${'x'.repeat(4087)}\\'`, 'SELECT ?');
    check("SELECT 'never closed", 'SELECT ?');
  });

  it('names a statement by what it does, as long as there are few such names', async () => {
    await publish('mysql2:execute', { ...mysql, query: 'UPDATE orders o JOIN items i SET a = ?' });
    expect(spans()).toMatchObject([
      {
        name: 'UPDATE orders items',
        attributes: { 'db.operation.name': 'UPDATE', 'db.query.summary': 'UPDATE orders items' },
      },
    ]);
    await publish('mysql2:query', { ...mysql, query: 'DELETE FROM `orders` WHERE a = 1' });
    expect(spans()[1]).toMatchObject({ name: 'DELETE orders', attributes: { 'db.collection.name': 'orders' } });
    await publish('mysql2:query', { ...mysql, query: '' });
    expect(spans()[2]).toMatchObject({ name: 'mysql' });
    for (let i = 0; i < 300; i++) await publish('mysql2:query', { ...mysql, query: `SELECT a FROM of_day_${i}` });
    expect(new Set(spans().map(({ name }) => name)).size).toBeLessThanOrEqual(203);
    expect(spans().at(-1)).toMatchObject({
      name: 'SELECT',
      attributes: { 'db.query.summary': 'SELECT of_day_299' },
    });
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
      name: 'get_or_set m',
      attributes: {
        'cache.name': 'm',
        'cache.operation.name': 'get_or_set',
        'cache.result': 'hit',
        'cache.tier': 'l1',
      },
    });
  });

  it('makes a span of a cache that is waited for, and none of what it has', async () => {
    let gone = false;
    const cache = new LRUCache<string, string>({
      max: 9,
      ttl: 1,
      ttlResolution: 0,
      // Nothing is too old before it is said to be.
      perf: { now: () => (gone ? 100 : 1) },
      allowStaleOnFetchRejection: true,
      fetchMethod: async (key) => {
        if (gone) throw new Error('no');
        return key;
      },
    });
    await Promise.all([cache.fetch('a'), cache.fetch('a')]);
    expect(await cache.fetch('a')).toBe('a');
    expect(spans()).toMatchObject([
      { name: 'lru-cache fetch', attributes: { 'cache.operation.name': 'fetch', 'cache.result': 'miss' } },
      { name: 'lru-cache fetch', attributes: { 'cache.result': 'miss' } },
    ]);
    exporter.reset();
    gone = true;
    expect(await cache.fetch('a')).toBe('a');
    expect(spans()).toMatchObject([{ attributes: { 'cache.result': 'stale' } }]);
    exporter.reset();
    expect(await cache.fetch('a', { allowStale: true })).toBe('a');
    expect(spans()).toEqual([]);
  });

  it('leaves a call to whoever made a span of it', async () => {
    const cache = instrumentCache(new LRUCache<string, string>({ max: 9, fetchMethod: async (key) => key }), {
      name: 'twice',
      spans: true,
    });
    await cache.fetch('a');
    const bento = instrumentCache(
      {
        get: async () => publish('bentocache.cache.operation', { operation: 'get', key: 'x', store: 'm' }),
        getOrSet: async (_key: string, factory: () => Promise<void>) => {
          await factory();
          await publish('bentocache.cache.operation', { operation: 'set', key: 'x', store: 'm' });
        },
      },
      { name: 'bento', spans: true },
    );
    await bento.get();
    await bento.getOrSet('x', async () => publish('bentocache.cache.operation', { operation: 'get', store: 'other' }));
    expect(spans().map(({ name }) => name)).toEqual([
      'fetch twice',
      'get bento',
      'get other',
      'set m',
      'get_or_set bento',
    ]);
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
    expect(observedLibraries({}, [])).toEqual([
      'redis',
      'ioredis',
      'mysql2',
      'lru-cache',
      'bentocache',
      'h3',
      'undici',
    ]);
    const names = observedLibraries({ redis: { enabled: false }, ioredis: { enabled: true } }, [
      '@opentelemetry/instrumentation-undici',
      '@opentelemetry/instrumentation-mysql2',
    ]);
    expect(names).toEqual(['ioredis', 'lru-cache', 'bentocache', 'h3']);
    expect(observedLibraries({}, ['@opentelemetry/auto-instrumentations-node'])).toEqual([
      'lru-cache',
      'bentocache',
      'h3',
    ]);
  });
});
