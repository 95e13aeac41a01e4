// Objects that do what no library should: the program goes on as if nothing watched it.
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  instrumentBreaker,
  instrumentCache,
  instrumentConnections,
  instrumentObjectPool,
  instrumentPool,
  instrumentQueue,
  instrumentWebSocket,
  uninstrument,
} from '../../../sdk/src/index.ts';
import { collectMetrics } from '../../support/collected-metrics.ts';

const log = collectMetrics();
const INSTRUMENTS: Readonly<Record<string, (target: object) => object>> = {
  instrumentBreaker,
  instrumentCache,
  instrumentConnections,
  instrumentObjectPool,
  instrumentPool,
  instrumentQueue,
  instrumentWebSocket,
};
const NAMES = [
  'acquire', 'add', 'borrowed', 'connect', 'dispatch', 'execute', 'fire', 'get', 'idleCount', 'numUsed', 'on', 'onSuccess',
  'send', 'size', 'sockets', 'stats', 'totalCount', 'used', 'wrapped',
]; // prettier-ignore
const warnings: string[] = [];

beforeAll(() => {
  const say = (message: string): void => void warnings.push(message);
  const logger = { error: say, warn: say, info: say, debug: say, verbose: say };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN });
});
afterAll(() => diag.disable());

/** Members of every kind of object that is known, all of the same making. */
function made(descriptor: PropertyDescriptor): object {
  return Object.defineProperties({}, Object.fromEntries(NAMES.map((name) => [name, descriptor])));
}

const thrower = (): never => {
  throw new Error('hostile');
};

const HOSTILE: Readonly<Record<string, () => object>> = {
  'an empty object': () => ({}),
  'a frozen object': () => Object.freeze(made({ value: () => 1, enumerable: true })),
  'getters that throw': () => made({ get: thrower }),
  'methods that throw': () => made({ value: thrower, configurable: true, writable: true }),
  'members of other kinds': () => made({ value: Symbol('odd'), configurable: true }),
  'a proxy that throws': () =>
    new Proxy(
      {},
      {
        get: thrower,
        getOwnPropertyDescriptor: thrower,
        defineProperty: thrower,
        getPrototypeOf: thrower,
        isExtensible: thrower,
      },
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
};

describe('an object that is hostile', () => {
  for (const [kind, make] of Object.entries(HOSTILE)) {
    it(`comes back as it is: ${kind}`, async () => {
      for (const instrument of Object.values(INSTRUMENTS)) {
        const target = make();
        expect(instrument(target) === target).toBe(true);
        expect(instrument(target) === target).toBe(true);
        await log.take();
        uninstrument(target);
      }
      for (const value of [null, undefined, 7, 'text'])
        for (const instrument of Object.values(INSTRUMENTS)) expect(instrument(value as never)).toBe(value);
    });
  }

  it('is told of where it is not known', () => {
    warnings.length = 0;
    instrumentQueue({});
    expect(warnings).toEqual(['@evenkeel/sdk cannot tell what kind of queue it was given, so it is not observed.']);
  });

  it('throws its own errors to the program', async () => {
    const cache = instrumentCache({ get: thrower, set: thrower }, { name: 'throwing' });
    expect(() => (cache as { get(key: string): void }).get('a')).toThrow('hostile');
    expect(await log.take('cache.operations')).toEqual([
      'cache.operations {cache.name=throwing, cache.operation.name=get, error.type=Error} 1',
    ]);
  });

  it('is read although others cannot be', async () => {
    const bad = instrumentPool({ used: 1 }, { name: 'bad' });
    Object.defineProperty(bad, 'used', { get: thrower });
    const good = instrumentPool({ used: 2 }, { name: 'good' });
    const lines = await log.take('db.client.connection.count');
    expect(lines.filter((line) => /=(bad|good),/.test(line))).toEqual([
      'db.client.connection.count {db.client.connection.pool.name=good, db.client.connection.state=used} 2',
    ]);
    [bad, good].forEach(uninstrument);
  });
});

describe('a method that is replaced later', () => {
  it("is the program's, also when the object is let go", () => {
    const cache = instrumentCache(new LRUCache<string, number>({ max: 2 }), { name: 'replaced' });
    const watched = cache.get.bind(cache);
    const own = (key: string): number | undefined => watched(key) ?? 7;
    cache.get = own as typeof cache.get;
    expect(cache.get('a')).toBe(7);
    uninstrument(cache);
    expect(cache.get).toBe(own);
    expect(cache.get('a')).toBe(7);
    expect(Object.hasOwn(cache, 'set')).toBe(false);
  });

  it('keeps its name, its length and what it is called on', () => {
    const { get } = Map.prototype;
    const map = instrumentCache(new Map([['a', 1]]), { name: 'shape' });
    expect([map.get.name, map.get.length]).toEqual([get.name, get.length]);
    expect(map.get.call(new Map([['a', 2]]), 'a')).toBe(2);
    expect(Object.keys(map)).toEqual([]);
  });
});
