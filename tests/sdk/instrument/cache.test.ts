// Caches of the real library, maps, and caches that answer promises.
import { LRUCache } from 'lru-cache';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CacheOptions, instrumentCache } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';
import { recordSpans } from '../../support/spans.ts';
import { unhandledDuring } from '../../support/unhandled.ts';

const log = collectMetrics();
const spans = recordSpans();

/** Lines of one cache without its name and the prefixes that all have. */
async function take(name: string): Promise<string[]> {
  const lines = having(await log.take(), `cache.name=${name}`);
  return lines.map((line) => line.replaceAll(/cache\.(operation\.name=)?/g, '')).sort();
}

beforeEach(async () => {
  await log.take();
  spans.take();
});

describe('a cache of lru-cache', () => {
  it('counts what look-ups find, what is written and what is evicted, and tells how full it is', async () => {
    const cache = instrumentCache(
      new LRUCache<string, string>({ max: 2, maxSize: 100, sizeCalculation: (value) => value.length }),
      { name: 'lru' },
    );
    cache.set('a', 'one').set('a', 'two');
    for (const key of ['b', 'c', 'd']) cache.set(key, 'three');
    expect([cache.get('a'), cache.get('d'), cache.has('c'), cache.delete('c')]).toEqual([
      undefined,
      'three',
      true,
      true,
    ]);
    expect(await take('lru')).toEqual([
      'entries {} 1',
      'evictions {} 2',
      'operations {delete} 1',
      'operations {get, result=hit} 1',
      'operations {get, result=miss} 1',
      'operations {has, result=hit} 1',
      'operations {set} 5',
      'size {} 5',
    ]);
  });

  it('tells fetches that found something from those that had to wait', async () => {
    const cache = instrumentCache(
      new LRUCache<string, string>({ max: 1, fetchMethod: async (key) => key.toUpperCase() }),
      { name: 'fetching' },
    );
    const status: LRUCache.Status<string, string> = {};
    expect(await cache.fetch('a')).toBe('A');
    expect(await cache.fetch('a', { status })).toBe('A');
    expect(await cache.fetch('b')).toBe('B');
    expect(status.fetch).toBe('hit');
    expect(await take('fetching')).toEqual([
      'entries {} 1',
      'evictions {} 1',
      'operation.duration {fetch} 3',
      'operations {fetch, result=hit} 1',
      'operations {fetch, result=miss} 2',
    ]);
  });

  it('tells what is too old from what is there, and what has to be waited for from both', async () => {
    let now = 1;
    let finish: (value: string) => void = () => {};
    const raw = new LRUCache<string, string>({
      max: 9,
      ttl: 10,
      ttlResolution: 0,
      perf: { now: () => now },
      noDeleteOnStaleGet: true,
      fetchMethod: async () => new Promise<string>((resolve) => void (finish = resolve)),
    });
    const cache = instrumentCache(raw, { name: 'old', timed: 'none' });
    const first = cache.fetch('a');
    const second = cache.fetch('a');
    expect([cache.get('a'), cache.has('a'), cache.peek('a')]).toEqual([undefined, false, undefined]);
    finish('one');
    expect([await first, await second, await cache.fetch('a')]).toEqual(['one', 'one', 'one']);
    now = 100;
    expect([cache.get('a'), cache.get('a', { allowStale: true }), cache.has('a')]).toEqual([undefined, 'one', false]);
    expect(await cache.fetch('a', { allowStale: true })).toBe('one');
    const third = cache.forceFetch('a');
    finish('two');
    expect([await third, cache.peek('a')]).toEqual(['two', 'two']);
    expect(await take('old')).toEqual([
      'entries {} 1',
      'operations {fetch, result=hit} 1',
      'operations {fetch, result=miss} 3',
      'operations {fetch, result=stale} 1',
      'operations {get, result=miss} 2',
      'operations {get, result=stale} 1',
      'operations {has, result=miss} 2',
      'operations {peek, result=hit} 1',
      'operations {peek, result=miss} 1',
    ]);
  });

  it('counts what fills it looks up for itself', async () => {
    const cache: LRUCache<string, string> = instrumentCache(
      new LRUCache<string, string>({
        max: 9,
        fetchMethod: async (key) => (cache.get('shared') ?? 'none') + key,
        memoMethod: (key) => (cache.has('shared') ? key : ''),
      }),
      { name: 'filling', timed: 'none' },
    );
    cache.set('shared', 'x');
    expect([await cache.fetch('a'), cache.memo('b')]).toEqual(['xa', 'b']);
    expect(await take('filling')).toEqual([
      'entries {} 3',
      'operations {fetch, result=miss} 1',
      'operations {get, result=hit} 1',
      'operations {has, result=hit} 1',
      'operations {memo, result=miss} 1',
      'operations {set} 1',
    ]);
  });

  it('keeps promises that a program caches as they are', async () => {
    const cache = instrumentCache(new LRUCache<string, Promise<string>>({ max: 5 }), {
      name: 'promises',
      spans: true,
      timed: 'all',
    });
    const value = Promise.resolve('a');
    cache.set('a', value);
    expect(cache.get('a')).toBe(value);
    expect(Object.getOwnPropertyNames(value)).toEqual([]);
  });

  it('memoizes', async () => {
    const cache = instrumentCache(new LRUCache<string, number>({ max: 5, memoMethod: (key) => key.length }), {
      name: 'memo',
    });
    expect([cache.memo('abc'), cache.memo('abc')]).toEqual([3, 3]);
    expect(await take('memo')).toEqual([
      'entries {} 1',
      'operations {memo, result=hit} 1',
      'operations {memo, result=miss} 1',
    ]);
  });
});

describe('a map', () => {
  it('counts a look-up once where it is asked twice', async () => {
    const map = instrumentCache(new Map<string, number>(), { name: 'map', entries: ({ size }) => size });
    const read = (key: string): number | undefined => (map.has(key) ? map.get(key) : map.set(key, 1).get('other'));
    expect([read('a'), read('a'), read('a')]).toEqual([undefined, 1, 1]);
    expect(await take('map')).toEqual([
      'entries {} 1',
      'operations {get, result=miss} 1',
      'operations {get} 2',
      'operations {has, result=hit} 2',
      'operations {has, result=miss} 1',
      'operations {set} 1',
    ]);
  });
});

describe('a cache of another kind', () => {
  it('is not timed where it answers at once', async () => {
    const cache = instrumentCache({ get: (key: string) => key }, { name: 'plain' });
    expect(cache.get('a')).toBe('a');
    expect(await take('plain')).toEqual(['operations {get, result=hit} 1']);
  });
});

/** A cache outside of the process, as its client shows it. */
class Remote {
  readonly #held = new Map<string, string>();

  async get(key: string): Promise<string | null> {
    if (key === 'broken') throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    return this.#held.get(key) ?? null;
  }

  async set(key: string, value: string): Promise<void> {
    this.#held.set(key, value);
  }

  async getOrSet({ key, factory }: { key: string; factory: () => Promise<string> }): Promise<string> {
    const held = this.#held.get(key) ?? (await factory());
    this.#held.set(key, held);
    return held;
  }

  async wrap(key: string, factory: () => Promise<string>): Promise<string> {
    return this.getOrSet({ key, factory });
  }
}

function remote(options: CacheOptions<Remote>): Remote {
  return instrumentCache(new Remote(), options);
}

describe('a cache that answers promises', () => {
  it('is timed, and counted by what came out', async () => {
    const cache = remote({ name: 'remote' });
    expect(await cache.get('a')).toBe(null);
    await cache.set('a', 'one');
    expect(await cache.get('a')).toBe('one');
    await expect(cache.get('broken')).rejects.toThrow('gone');
    expect(await take('remote')).toEqual([
      'operation.duration {get, error.type=ECONNRESET} 1',
      'operation.duration {get} 2',
      'operation.duration {set} 1',
      'operations {get, error.type=ECONNRESET} 1',
      'operations {get, result=hit} 1',
      'operations {get, result=miss} 1',
      'operations {set} 1',
    ]);
  });

  it('hits where what fills gaps is not called', async () => {
    const cache = remote({ name: 'filled', timed: 'none' });
    const factory = async (): Promise<string> => 'made';
    for (let i = 0; i < 3; i++) expect(await cache.getOrSet({ key: 'a', factory })).toBe('made');
    expect(await cache.wrap('b', factory)).toBe('made');
    expect(await take('filled')).toEqual([
      'operations {get_or_set, result=hit} 2',
      'operations {get_or_set, result=miss} 2',
    ]);
  });
});

describe('a size that is told by a promise', () => {
  it('is not reported, and its rejection stays nobody’s', async () => {
    const unhandled = await unhandledDuring(async () => {
      instrumentCache({ get: () => 1, size: async () => Promise.reject(new Error('no connection')) }, { name: 'away' });
      expect(await take('away')).toEqual([]);
    });
    expect(unhandled).toEqual([]);
  });
});

describe('what fills a gap', () => {
  it('looks things up by itself, which is counted', async () => {
    const cache = remote({ name: 'within', timed: 'none' });
    const factory = async (): Promise<string> => (await cache.get('b')) ?? 'made';
    expect(await cache.getOrSet({ key: 'a', factory })).toBe('made');
    expect(await take('within')).toEqual(['operations {get, result=miss} 1', 'operations {get_or_set, result=miss} 1']);
  });
});

describe('spans of a cache', () => {
  it('are made where they are asked for', async () => {
    const cache = remote({ name: 'traced', spans: true });
    await cache.get('a');
    await cache.get('broken').catch(() => {});
    const map = instrumentCache(new Map([['a', 1]]), { name: 'traced', spans: true });
    expect(map.get('a')).toBe(1);
    expect(spans.take().map(({ name, attributes, status }) => [name, attributes['cache.result'], status.code])).toEqual(
      [
        ['get traced', 'miss', 0],
        ['get traced', undefined, 2],
        ['get traced', 'hit', 0],
      ],
    );
    instrumentCache(new Map(), { name: 'untraced' }).get('a');
    expect(spans.take()).toEqual([]);
  });
});
