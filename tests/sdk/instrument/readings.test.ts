// Metrics that are read at collection: for providers that come later, for objects that go, and within limits.
import { Agent as NodeAgent } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { metrics } from '@opentelemetry/api';
import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import { Pool as TarnPool } from 'tarn';
import { Agent as UndiciAgent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { ALIASES } from '../../../collector/src/export/aliases.ts';
import { setInstrumentation } from '../../../sdk/src/state.ts';
import {
  instrumentBreaker,
  instrumentCache,
  instrumentConnections,
  instrumentPool,
  instrumentQueue,
  uninstrument,
} from '../../../sdk/src/index.ts';
import { ATTRIBUTE, RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../../../sdk/src/names.ts';
import { collectMetrics } from '../../support/collected-metrics.ts';

afterEach(() => metrics.disable());

describe('what is read at collection', () => {
  it('finds a provider that is registered later, and the one after it', async () => {
    const pool = instrumentPool({ used: 3 }, { name: 'early' });
    const cache = instrumentCache(new Map([['a', 1]]), { name: 'early' });
    cache.get('a');
    for (let i = 0; i < 2; i++) {
      const log = collectMetrics();
      cache.get('a');
      expect(await log.take('db.client.connection.count', 'cache.operations')).toEqual([
        `cache.operations {cache.name=early, cache.operation.name=get, cache.result=hit} ${2 + i}`,
        'db.client.connection.count {db.client.connection.pool.name=early, db.client.connection.state=used} 3',
      ]);
      metrics.disable();
    }
    uninstrument(pool);
  });

  it('is silent while instrumentation is off', async () => {
    const log = collectMetrics();
    const pool = instrumentPool({ used: 3 }, { name: 'off' });
    setInstrumentation(false);
    expect(await log.take('db.client.connection.count')).toEqual([]);
    setInstrumentation(true);
    expect(await log.take('db.client.connection.count')).toHaveLength(1);
    uninstrument(pool);
  });

  it('is bounded in objects', async () => {
    const log = collectMetrics();
    const pools = Array.from({ length: 1100 }, () => instrumentPool({ used: 1 }, { name: 'many' }));
    expect(await log.take('db.client.connection.count')).toEqual([
      'db.client.connection.count {db.client.connection.pool.name=many, db.client.connection.state=used} 1000',
    ]);
    pools.forEach(uninstrument);
  });

  it('is bounded in series', async () => {
    const log = collectMetrics();
    for (let i = 0; i < 400; i++) instrumentCache(new Map(), { name: `of-a-user-${i}` }).set('a', i);
    const lines = await log.take('cache.operations');
    expect(lines.length).toBeLessThanOrEqual(1001);
    expect(lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBeGreaterThanOrEqual(400);
    expect(lines.filter((line) => line.includes('otel.metric.overflow=true'))).toHaveLength(1);
  });
});

describe('names that the sidecar has aliases for', () => {
  it('are names of the SDK', () => {
    const names = new Set<string>(Object.values(RESOURCE_METRIC).map(({ name }) => name));
    const ours =
      /^(websocket|cache|connection|object_pool|agent\.queue|db\.client\.connection|http\.client\.open_connections)\b/;
    const read = ALIASES.flatMap(({ sources }) => sources.map(({ metric }) => metric)).filter((metric) =>
      ours.test(metric),
    );
    expect(read.length).toBeGreaterThan(10);
    expect(read.filter((metric) => !names.has(metric))).toEqual([]);
    const keys = new Set<string>([...Object.values(RESOURCE_ATTRIBUTE), ...Object.values(ATTRIBUTE)]);
    const asked = ALIASES.filter(({ sources }) => sources.every(({ metric }) => names.has(metric))).flatMap(
      ({ labels = {}, sources }) => [
        ...sources.flatMap(({ where = {}, of }) => [...Object.keys(where), ...(of === undefined ? [] : [of])]),
        ...Object.values(labels).map((label) => ('from' in label ? label.from : label.status)[0]),
      ],
    );
    expect(asked).toContain('cache.result');
    expect(asked.filter((key) => key !== undefined && key !== 'status' && !keys.has(key))).toEqual([]);
  });
});

describe('an object that nobody uses any more', () => {
  /** What a program makes for a while. */
  const MADE: Readonly<Record<string, () => object>> = {
    pool: () => instrumentPool(new TarnPool({ create: () => ({}), destroy: () => {}, min: 0, max: 1 })),
    cache: () => instrumentCache(new LRUCache({ max: 1 })),
    queue: () => instrumentQueue(new PQueue()),
    breaker: () => instrumentBreaker(bulkhead(1)),
    dispatcher: () => instrumentConnections(new UndiciAgent()),
    agent: () => instrumentConnections(new NodeAgent()),
  };

  it('is forgotten', async () => {
    const log = collectMetrics();
    const references = Object.entries(MADE).map(([kind, make]) => [kind, new WeakRef(make())] as const);
    await log.take();
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    // A reference that was just made, or asked for, lasts until the turn is over.
    for (let i = 0; i < 50 && references.some(([, reference]) => reference.deref() !== undefined); i++) {
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
    }
    expect(references.filter(([, reference]) => reference.deref() !== undefined).map(([kind]) => kind)).toEqual([]);
  });
});
