// What is told of each library. Messages have the shapes of redis 6.3, ioredis 6.0, mysql2 3.24 and bentocache 1.6, copied
// from runs of the real libraries; lru-cache publishes its own.
import { tracingChannel } from 'node:diagnostics_channel';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { instrumentCache } from '../../../sdk/src/index.ts';
import { startChannels } from '../../../sdk/src/instrument/channels.ts';
import { publish } from '../../support/published.ts';
import { recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const stop = startChannels({ switches: {}, installed: [] });
beforeEach(() => void log.take());
afterAll(stop);

const redis = { database: 0, serverAddress: '127.0.0.1', serverPort: 6379, clientId: 'c' };
const mysql = { database: 'shop', serverAddress: 'db', serverPort: 3306, values: undefined };

const spans = () => log.take().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));

describe('LIBRARIES', () => {
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
    // The libraries take no values out of these.
    await publish('node-redis:command', { ...redis, command: 'GETSET', args: ['GETSET', 'k', 'secret'] });
    await publish('ioredis:command', { ...redis, command: 'config', args: ['SET', 'requirepass', 'secret'] });
    await publish('ioredis:command', { ...redis, command: 'info', args: [] });
    expect(spans().map(({ attributes }) => attributes['db.query.text'])).toEqual(['GETSET ?', 'CONFIG ?', 'INFO']);
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
    expect(spans()).toMatchObject([{ name: 'DELETE orders', attributes: { 'db.collection.name': 'orders' } }]);
    await publish('mysql2:query', { ...mysql, query: '' });
    expect(spans()).toMatchObject([{ name: 'mysql' }]);
    for (let i = 0; i < 300; i++) await publish('mysql2:query', { ...mysql, query: `SELECT a FROM of_day_${i}` });
    const taken = spans();
    expect(new Set(taken.map(({ name }) => name)).size).toBeLessThanOrEqual(200);
    expect(taken.at(-1)).toMatchObject({
      name: 'SELECT',
      attributes: { 'db.query.summary': 'SELECT of_day_299' },
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
    gone = true;
    expect(await cache.fetch('a')).toBe('a');
    expect(spans()).toMatchObject([{ attributes: { 'cache.result': 'stale' } }]);
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
});
