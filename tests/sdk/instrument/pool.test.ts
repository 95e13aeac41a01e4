// Pools of the real libraries: what is told of how full they are, and of what happens in them.
import { createPool } from 'generic-pool';
import { Client as PgClient, Pool as PgPool, type PoolConfig } from 'pg';
import { Pool as TarnPool } from 'tarn';
import { beforeEach, describe, expect, it } from 'vitest';
import { setInstrumentation } from '../../../sdk/src/state.ts';
import { instrumentPool, uninstrument } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';

const log = collectMetrics();
const LEVELS = ['db.client.connection.count', 'db.client.connection.limit', 'db.client.connection.pending_requests'];
const EVENTS = [
  'connection.requests',
  ...['create_time', 'wait_time', 'use_time'].map((name) => `db.client.connection.${name}`),
];

/** Lines without the name of the pool, which every series has. */
async function take(name: string, ...metrics: string[]): Promise<string[]> {
  const lines = having(await log.take(...metrics), `db.client.connection.pool.name=${name}`);
  return lines.map((line) => line.replace(/^db\.client\./, ''));
}

beforeEach(() => log.take());

function tarn(name: string, options: object = {}): TarnPool<{ id: number }> {
  let id = 0;
  return instrumentPool(
    new TarnPool({ create: async () => ({ id: id++ }), destroy: () => {}, min: 0, max: 2, ...options }),
    { name },
  );
}

describe('a pool of tarn', () => {
  it('tells how full it is when metrics are collected', async () => {
    const pool = tarn('levels');
    const [first, second] = await Promise.all([pool.acquire().promise, pool.acquire().promise]);
    const third = pool.acquire();
    expect(await take('levels', ...LEVELS)).toEqual([
      'connection.count {db.client.connection.state=idle} 0',
      'connection.count {db.client.connection.state=used} 2',
      'connection.limit {} 2',
      'connection.pending_requests {} 1',
    ]);
    pool.release(first);
    pool.release(await third.promise);
    pool.release(second);
    expect(await take('levels', LEVELS[0] ?? '')).toEqual([
      'connection.count {db.client.connection.state=idle} 2',
      'connection.count {db.client.connection.state=used} 0',
    ]);
    await pool.destroy();
  });

  it('tells how long it took to make, to get and to use a connection, and whether it was used before', async () => {
    const pool = tarn('times');
    for (let i = 0; i < 3; i++) pool.release(await pool.acquire().promise);
    expect(await take('times', ...EVENTS)).toEqual([
      'connection.requests {connection.reused=false} 1',
      'connection.requests {connection.reused=true} 2',
      'connection.create_time {} 1',
      'connection.use_time {} 3',
      'connection.wait_time {} 3',
    ]);
    await pool.destroy();
  });

  it('counts those who waited in vain', async () => {
    const pool = tarn('late', { max: 1, acquireTimeoutMillis: 1 });
    const held = await pool.acquire().promise;
    await expect(pool.acquire().promise).rejects.toThrow('timed out');
    expect(await take('late', 'db.client.connection.timeouts')).toEqual(['connection.timeouts {} 1']);
    pool.release(held);
    await pool.destroy();
    tarn('late', { max: 3 });
    expect(await take('late', 'db.client.connection.limit')).toEqual(['connection.limit {} 3']);
  });
});

/** Stands for a server, which a pool does not need. */
class Client extends PgClient {
  static isRefused = false;

  override connect(told?: (...answer: never[]) => void): Promise<PgClient> {
    const error = Client.isRefused ? new Error('refused') : undefined;
    if (told !== undefined) setImmediate(told as (error?: Error) => void, error);
    return Promise.resolve(this);
  }

  override end(told?: (...answer: never[]) => void): Promise<void> {
    if (told !== undefined) setImmediate(told);
    return Promise.resolve();
  }

  // What the pool asks of a client that comes back.
  readonly _queryable = true;
}

function postgres(name: string, options: PoolConfig = {}): PgPool {
  return instrumentPool(new PgPool({ Client, max: 1, allowExitOnIdle: true, ...options } as PoolConfig), { name });
}

describe('a pool of pg', () => {
  it('has no limit any more when it was ended, and leaves its name to the next one', async () => {
    await postgres('again', { max: 5 }).end();
    postgres('again', { max: 7 });
    expect(await take('again', 'db.client.connection.limit')).toEqual(['connection.limit {} 7']);
  });

  it('is told from what its members and events say', async () => {
    const pool = postgres('pg-levels');
    const client = await pool.connect();
    const waiting = new Promise<void>((resolve) => {
      pool.connect((error, second, release) => {
        expect([error, second]).toEqual([undefined, client]);
        release();
        resolve();
      });
    });
    expect(await take('pg-levels', ...LEVELS, ...EVENTS)).toEqual([
      'connection.requests {connection.reused=false} 1',
      'connection.count {db.client.connection.state=idle} 0',
      'connection.count {db.client.connection.state=used} 1',
      'connection.create_time {} 1',
      'connection.limit {} 1',
      'connection.pending_requests {} 1',
      'connection.wait_time {} 1',
    ]);
    client.release();
    await waiting;
    expect(await take('pg-levels', ...EVENTS)).toEqual([
      'connection.requests {connection.reused=true} 1',
      'connection.use_time {} 2',
      'connection.wait_time {} 1',
    ]);
    await pool.end();
  });

  it('counts timeouts, and gives errors to the program as they are', async () => {
    const pool = postgres('pg-late', { connectionTimeoutMillis: 1 });
    const client = await pool.connect();
    await expect(pool.connect()).rejects.toThrow('timeout exceeded');
    expect(await take('pg-late', 'db.client.connection.timeouts')).toEqual(['connection.timeouts {} 1']);
    client.release(new Error('broken'));
    await pool.end();
    const refused = postgres('pg-refused');
    Client.isRefused = true;
    await expect(refused.connect()).rejects.toThrow('refused');
    Client.isRefused = false;
    expect(await take('pg-refused', 'db.client.connection.timeouts', ...EVENTS)).toEqual([]);
    await refused.end();
  });
});

describe('a pool of generic-pool', () => {
  it('is told from its methods and its factory, which keeps its private state', async () => {
    class Factory {
      #made = 0;
      async create(): Promise<{ id: number }> {
        return { id: this.#made++ };
      }
      async destroy(): Promise<void> {}
    }
    const pool = instrumentPool(createPool(new Factory(), { max: 1, acquireTimeoutMillis: 1 }), { name: 'generic' });
    const first = await pool.acquire();
    await expect(pool.acquire()).rejects.toThrow('timed out');
    await pool.release(first);
    await pool.use(async ({ id }) => expect(id).toBe(0));
    await pool.destroy(await pool.acquire());
    expect(await take('generic')).toEqual([
      'connection.requests {connection.reused=false} 1',
      'connection.requests {connection.reused=true} 2',
      'connection.count {db.client.connection.state=idle} 0',
      'connection.count {db.client.connection.state=used} 0',
      'connection.create_time {} 1',
      'connection.idle.min {} 0',
      'connection.limit {} 1',
      'connection.pending_requests {} 0',
      'connection.timeouts {} 1',
      'connection.use_time {} 3',
      'connection.wait_time {} 3',
    ]);
    await pool.drain();
    await pool.clear();
  });
});

describe('any other pool', () => {
  it('says how full it is', async () => {
    let used = 3;
    const pool = {
      used: () => used,
      idle: 4,
      get pending() {
        return used;
      },
      max: 9,
    };
    expect(instrumentPool(pool, { name: 'own', idleMax: 5 })).toBe(pool);
    used = 6;
    expect(await take('own')).toEqual([
      'connection.count {db.client.connection.state=idle} 4',
      'connection.count {db.client.connection.state=used} 6',
      'connection.idle.max {} 5',
      'connection.limit {} 9',
      'connection.pending_requests {} 6',
    ]);
    uninstrument(pool);
  });

  it('adds up with those of its name', async () => {
    const pools = [{ used: 1 }, { used: 2 }].map((pool) => instrumentPool(pool, { name: 'twins' }));
    expect(await take('twins')).toEqual(['connection.count {db.client.connection.state=used} 3']);
    pools.forEach(uninstrument);
  });
});

describe('a pool', () => {
  it('is observed once, while instrumentation is on, and until it is let go', async () => {
    const create = async (): Promise<object> => ({});
    const pool = createPool({ create, destroy: async () => {} }, { max: 2 });
    const { acquire } = pool;
    expect(instrumentPool(instrumentPool(pool, { name: 'once' }), { name: 'once' })).toBe(pool);
    const use = async (): Promise<void> => pool.release(await pool.acquire());
    await use();
    expect(await take('once', 'db.client.connection.wait_time')).toEqual(['connection.wait_time {} 1']);
    setInstrumentation(false);
    await use();
    expect(await take('once', 'db.client.connection.wait_time')).toEqual([]);
    setInstrumentation(true);
    uninstrument(pool);
    expect(Object.hasOwn(pool, 'acquire')).toBe(false);
    expect(pool.acquire).toBe(acquire);
    await use();
    expect(await take('once', 'db.client.connection.wait_time')).toEqual([]);
    await pool.drain();
  });
});
