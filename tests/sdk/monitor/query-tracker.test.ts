// Shapes, slow queries and repeated ones.
import { context, INVALID_SPAN_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { describe, expect, it } from 'vitest';
import {
  QueryPerformanceTracker,
  type QueryRecord,
  type QueryTrackerOptions,
} from '../../../sdk/src/monitor/query-tracker.ts';
import { ManualMonitorClock } from '../../support/monitor-clock.ts';
import { unhandledDuring } from '../../support/unhandled.ts';

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

function tracker(options: QueryTrackerOptions = {}): QueryPerformanceTracker {
  return new QueryPerformanceTracker({ clock: new ManualMonitorClock(5000), ...options });
}

const query = (id: number, more: Partial<QueryRecord> = {}): QueryRecord => ({
  system: 'postgresql',
  operation: 'SELECT',
  collection: 'users',
  text: `SELECT * FROM users WHERE id = ${id}`,
  durationMs: 10,
  ...more,
});

describe('QueryPerformanceTracker', () => {
  it('keeps statistics by shape', () => {
    const queries = tracker();
    for (let i = 1; i <= 10; i++)
      queries.record(query(i, { durationMs: i, rows: 2, error: i === 3 ? new Error('x') : undefined }));
    queries.record(query(1, { text: 'SELECT 1', durationMs: 1 }));
    const [first, second, ...others] = queries.statistics();
    expect(first).toMatchObject({
      text: 'SELECT * FROM users WHERE id = ?',
      collection: 'users',
      count: 10,
      errors: 1,
      rows: 20,
      totalMs: 55,
      slow: 0,
    });
    expect(second).toMatchObject({ text: 'SELECT ?', count: 1 });
    expect(others).toEqual([]);
  });

  it('logs slow queries without their values', () => {
    const told: unknown[] = [];
    const queries = tracker({ slowMs: 100, maxSlow: 3, onSlow: (slow) => told.push(slow) });
    for (const durationMs of [99, 100, 200, 300, 400]) queries.record(query(7, { durationMs }));
    expect(queries.slowQueries().map(({ durationMs }) => durationMs)).toEqual([200, 300, 400]);
    expect(queries.slowQueries()[0]).toMatchObject({
      text: 'SELECT * FROM users WHERE id = ?',
      atMs: 5000,
      isError: false,
    });
    expect(told).toHaveLength(4);
    expect(JSON.stringify(queries.report())).not.toContain('= 7');
  });

  it('loses what a listener throws, or a promise of it rejects with', async () => {
    const fail = async (): Promise<never> => Promise.reject(new Error('listener'));
    const queries = tracker({ slowMs: 0, onSlow: fail });
    expect(await unhandledDuring(() => queries.record(query(1)))).toEqual([]);
    expect(queries.slowQueries()).toHaveLength(1);
  });

  it('counts no repetition where nothing is traced', () => {
    const untraced = trace.setSpan(context.active(), trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
    const queries = tracker({ repeatedCalls: 2, slowMs: 0 });
    context.with(untraced, () => [1, 2, 3].forEach((id) => queries.record(query(id))));
    expect(queries.repeatedQueries()).toEqual([]);
    expect(queries.slowQueries()[0]?.traceId).toBeUndefined();
  });

  it('finds the same query asked again and again below one span', () => {
    const told: unknown[] = [];
    const queries = tracker({ repeatedCalls: 3, onRepeated: (found) => told.push(found) });
    const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    const another = { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16) };
    for (let i = 0; i < 5; i++) queries.record(query(i, { parent }));
    for (let i = 0; i < 2; i++) queries.record(query(i, { parent: another }));
    for (let i = 0; i < 5; i++) queries.record(query(i, { text: `SELECT ${'x,'.repeat(i)}`, parent: another }));
    for (let i = 0; i < 5; i++) queries.record(query(i));
    expect(queries.repeatedQueries()).toEqual([
      expect.objectContaining({ parentSpanId: parent.spanId, traceId: parent.traceId, calls: 5, totalMs: 50 }),
    ]);
    expect(told).toEqual([expect.objectContaining({ calls: 3 })]);
  });

  it('takes the active span for the parent', () => {
    const queries = tracker({ repeatedCalls: 2 });
    const spanContext = { traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), traceFlags: TraceFlags.SAMPLED };
    context.with(trace.setSpanContext(context.active(), spanContext), () => {
      for (let i = 0; i < 3; i++) queries.record(query(i));
    });
    expect(queries.repeatedQueries()).toEqual([
      expect.objectContaining({ parentSpanId: spanContext.spanId, calls: 3 }),
    ]);
  });

  it('lets the least used shape go for a new one', () => {
    const queries = tracker({ maxShapes: 3 });
    const ask = (table: string, times: number): void => {
      for (let i = 0; i < times; i++) queries.record(query(i, { collection: table, text: `SELECT * FROM ${table}` }));
    };
    ask('often', 20);
    ask('once', 1);
    ask('thrice', 3);
    ask('new', 1);
    expect(queries.statistics().map(({ collection }) => collection)).toEqual(['often', 'thrice', 'new']);
    for (let i = 0; i < 5000; i++) ask(`t${i}x`, 1);
    expect(queries.report()).toMatchObject({ evictedShapes: 5001 });
    expect(queries.statistics()).toHaveLength(3);
    expect(queries.statistics()[0]).toMatchObject({ collection: 'often', count: 20 });
  });

  it('takes whatever it is told, and lets listeners throw', () => {
    const queries = tracker({
      slowMs: 0,
      onSlow: () => {
        throw new Error('mine');
      },
    });
    for (const durationMs of [NaN, -1, Infinity, 'x' as never, undefined as never])
      queries.record(query(1, { durationMs }));
    queries.record(undefined as never);
    queries.record({ durationMs: 1 } as never);
    queries.record(query(1, { collection: 5 as never, rows: NaN, text: 5 as never }));
    expect(queries.report()).toMatchObject({ refused: 6, shapes: [{ count: 1 }, { count: 1 }] });
    queries.reset();
    expect(queries.report()).toEqual({ shapes: [], slow: [], repeated: [], evictedShapes: 0, refused: 0 });
  });
});
