// How spans are made of what libraries publish, whichever library it is.
import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { type Context, context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { LRUCache } from 'lru-cache';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { observedLibraries, startChannels } from '../../../sdk/src/instrument/channels.ts';
import { setInstrumentation } from '../../../sdk/src/state.ts';
import { publish } from '../../support/published.ts';

const exporter = new InMemorySpanExporter();
const manager = new AsyncLocalStorageContextManager().enable();
let started = 0;
let stop: () => void = () => {};

class Starts extends SimpleSpanProcessor {
  override onStart(): void {
    started++;
  }
}

beforeAll(() => {
  context.setGlobalContextManager(manager);
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new Starts({ exporter })] }));
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

const spans = () =>
  exporter.getFinishedSpans().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));

describe('startChannels', () => {
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
    exporter.reset();
    // Of ioredis commands do not tell that they are of a batch.
    await tracingChannel('ioredis:batch').tracePromise(
      async () => publish('ioredis:command', { ...redis, command: 'exec', args: [] }),
      { ...redis, batchMode: 'MULTI', batchSize: 2 },
    );
    expect(spans()).toMatchObject([{ name: 'MULTI' }]);
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

  it('ends one span of a message that several calls have', async () => {
    const status = {};
    const cache = new LRUCache<string, string>({ max: 9, fetchMethod: async (key) => key });
    started = 0;
    await Promise.all([cache.fetch('a', { status }), cache.fetch('b', { status })]);
    expect([started, spans().length]).toEqual([1, 1]);
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
