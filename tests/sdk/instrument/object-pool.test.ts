// Pools of objects: those of libraries, and any object that lends others.
import { createPool } from 'generic-pool';
import { Pool as TarnPool } from 'tarn';
import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentObjectPool, instrumentPool, uninstrument } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';

const log = collectMetrics();

async function take(name: string): Promise<string[]> {
  const lines = having(await log.take(), `object_pool.name=${name}`);
  return lines.map((line) => line.replaceAll('object_pool.', ''));
}

beforeEach(() => log.take());

/** Lends buffers at once. */
class Buffers {
  readonly #free: Buffer[] = [];
  used = 0;

  get available(): number {
    return this.#free.length;
  }

  acquire(): Buffer {
    this.used++;
    return this.#free.pop() ?? Buffer.alloc(8);
  }

  release(buffer: Buffer): void {
    this.used--;
    this.#free.push(buffer);
  }
}

describe('a pool of objects', () => {
  it('tells what is made and what is used again', async () => {
    const pool = instrumentObjectPool(new Buffers(), { name: 'buffers' });
    const first = pool.acquire();
    pool.release(first);
    expect(pool.acquire()).toBe(first);
    pool.acquire();
    expect(await take('buffers')).toEqual([
      'acquisitions {reused=false} 2',
      'acquisitions {reused=true} 1',
      'count {state=idle} 0',
      'count {state=used} 2',
      'created {} 2',
      'use_time {} 1',
      'wait_time {} 3',
    ]);
  });

  it('may be one of generic-pool or tarn', async () => {
    const create = async (): Promise<object> => ({});
    const generic = instrumentObjectPool(createPool({ create, destroy: async () => {} }, { max: 1 }), {
      name: 'generic',
    });
    const waiting = [generic.acquire(), generic.acquire()];
    const first = await waiting[0];
    expect((await take('generic')).filter((line) => /^(count|max|waiting)/.test(line))).toEqual([
      'count {state=idle} 0',
      'count {state=used} 1',
      'max {} 1',
      'waiting {} 1',
    ]);
    await generic.release(first as object);
    await generic.destroy((await waiting[1]) as object);
    await generic.drain();
    const tarn = instrumentObjectPool(new TarnPool({ create, destroy: () => {}, min: 0, max: 1 }), { name: 'tarn' });
    tarn.release(await tarn.acquire().promise);
    await tarn.destroy();
    const counted = (lines: string[]): string[] => lines.filter((line) => /^(created|destroyed|acqui)/.test(line));
    const lines = await log.take();
    const of = (name: string): string[] =>
      counted(having(lines, `object_pool.name=${name}`).map((line) => line.replaceAll('object_pool.', '')));
    expect(of('generic')).toEqual(['acquisitions {reused=true} 1', 'destroyed {} 1']);
    expect(of('tarn')).toEqual(['acquisitions {reused=false} 1', 'created {} 1', 'destroyed {} 1']);
  });

  it('may be a pool of connections as well', async () => {
    const pool = { used: 2, idle: 1, max: 4 };
    expect(instrumentPool(instrumentObjectPool(pool, { name: 'both' }), { name: 'both' })).toBe(pool);
    expect(await take('both')).toEqual(['count {state=idle} 1', 'count {state=used} 2', 'max {} 4']);
    uninstrument(pool);
    expect(await take('both')).toEqual(['count {state=idle} 0', 'count {state=used} 0', 'max {} 0']);
  });
});
