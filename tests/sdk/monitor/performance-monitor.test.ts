// What a monitor counts, tells and exports.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Meter } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { OVERFLOW_NAME, PerformanceMonitor, type PerformanceMonitorOptions } from '../../../sdk/src/monitor/entry.ts';
import { ManualMonitorClock } from '../../support/monitor-clock.ts';

function rig(options: PerformanceMonitorOptions = {}): { monitor: PerformanceMonitor; clock: ManualMonitorClock } {
  const clock = new ManualMonitorClock();
  return { monitor: new PerformanceMonitor({ clock, ...options }), clock };
}

describe('PerformanceMonitor', () => {
  it('keeps running statistics by type', () => {
    const { monitor } = rig();
    for (let i = 1; i <= 100; i++) monitor.recordOperation('orders.create', i, { ok: i % 10 !== 0, order: `o${i}` });
    monitor.recordOperation('orders.read', 1, { error: new Error('x') });
    const orders = monitor.getStatistics('orders.create');
    expect(orders).toMatchObject({ type: 'orders.create', count: 100, errors: 10, meanMs: 50.5, minMs: 1, maxMs: 100 });
    expect(orders?.p50Ms).toBeCloseTo(50, -0.5);
    expect(orders?.slowest).toEqual({ durationMs: 100, atMs: 1_000_000, metadata: { ok: false, order: 'o100' } });
    expect(monitor.getStatistics('unknown')).toBeUndefined();
    expect(monitor.getStatistics().map(({ type, errors }) => [type, errors])).toEqual([
      ['orders.create', 10],
      ['orders.read', 1],
    ]);
  });

  it('keeps them of workflows and nodes', () => {
    const { monitor } = rig();
    monitor.recordWorkflow('checkout', 100);
    monitor.recordWorkflow('checkout', 300, false);
    monitor.recordNode('checkout', 'pay', 80);
    monitor.recordNode('checkout', 'ship', 20, false);
    monitor.recordNode('refund', 'pay', 5);
    expect(monitor.getWorkflowStatistics('checkout')).toMatchObject({
      workflow: 'checkout',
      count: 2,
      errors: 1,
      meanMs: 200,
    });
    expect(monitor.getWorkflowStatistics()).toHaveLength(1);
    expect(monitor.getNodeStatistics('checkout')).toMatchObject([
      { workflow: 'checkout', node: 'pay', count: 1, errors: 0 },
      { workflow: 'checkout', node: 'ship', count: 1, errors: 1 },
    ]);
    expect(monitor.getNodeStatistics()).toHaveLength(3);
  });

  it('counts types for which there is no place together', () => {
    const { monitor } = rig({ maxTypes: 2 });
    for (const type of ['a', 'b', 'c', 'd', '__proto__', 'a']) monitor.recordOperation(type, 1);
    const counts = monitor.getStatistics().map(({ type, count }) => [type, count]);
    expect(counts).toEqual([
      ['a', 2],
      ['b', 1],
      [OVERFLOW_NAME, 3],
    ]);
    expect(monitor.getStatistics(OVERFLOW_NAME)?.count).toBe(3);
    monitor.recordOperation('x'.repeat(100_000), 1);
    expect(JSON.stringify(monitor.exportMetrics()).length).toBeLessThan(3000);
  });

  it('refuses what is no call, and never throws', () => {
    const { monitor } = rig();
    const hostile = new Proxy({}, { get: () => { throw new Error('get'); }, ownKeys: () => { throw new Error('keys'); } }); // prettier-ignore
    for (const durationMs of [NaN, -1, Infinity, '5' as never]) monitor.recordOperation('a', durationMs);
    monitor.recordOperation(undefined as never, 1);
    monitor.recordOperation(Symbol('x') as never, 1);
    monitor.recordNode(Symbol('x') as never, null as never, 1);
    monitor.recordOperation('a', 1, hostile);
    monitor.recordOperation('a', 1, null as never);
    expect(monitor.getStatistics('a')?.count).toBe(2);
    expect(monitor.exportMetrics().refused).toBe(6);
  });

  it('keeps little of what is said of the slowest call', () => {
    const { monitor } = rig();
    const metadata = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v'.repeat(1000)]));
    monitor.recordOperation('a', 1, { secret: { deep: 1 }, ...metadata });
    const kept = monitor.getStatistics('a')?.slowest?.metadata ?? {};
    expect(Object.keys(kept)).toHaveLength(16);
    expect(kept['k0']).toHaveLength(200);
  });

  it('tells of bounds that are passed, whatever its callbacks throw', async () => {
    const { monitor, clock } = rig({ thresholds: { 'orders.create': { p95Ms: 200 } } });
    const told: unknown[] = [];
    monitor.registerAlertCallback(() => {
      throw new Error('mine');
    });
    monitor.registerAlertCallback((async () => {
      throw new Error('mine as well');
    }) as never);
    const unregister = monitor.registerAlertCallback((type, data) =>
      told.push([type, data.state, data.subject, data.limit]),
    );
    for (let i = 0; i < 50; i++) monitor.recordOperation('orders.create', 500);
    clock.advance(5000);
    expect(told).toEqual([['latency', 'firing', 'orders.create', 200]]);
    expect(monitor.exportMetrics().alerts).toMatchObject([
      { sinceMs: 1_005_000, source: 'thresholds', severity: 'warning' },
    ]);
    unregister();
    clock.advance(120_000);
    expect(told).toHaveLength(1);
    expect(monitor.exportMetrics().alerts).toEqual([]);
    await turn();
    expect(monitor.exportMetrics().callbackFailures).toBe(4);
    monitor.stop();
    expect(clock.timers).toBe(0);
  });

  it('has no timer without bounds', () => {
    const { clock } = rig();
    expect(clock.timers).toBe(0);
  });

  it('exports plain JSON', () => {
    const { monitor, clock } = rig({ resources: { current: () => undefined } });
    monitor.recordOperation('a', 5);
    clock.advance(1000);
    const exported = monitor.exportMetrics();
    expect(exported).toMatchObject({
      version: 1,
      startedMs: 1_000_000,
      takenMs: 1_001_000,
      operations: [{ type: 'a' }],
      workflows: [],
    });
    expect(JSON.parse(JSON.stringify(exported))).toMatchObject({ operations: [{ type: 'a', count: 1, p99Ms: 5 }] });
    monitor.reset();
    expect(monitor.exportMetrics()).toMatchObject({ operations: [], startedMs: 1_001_000 });
  });

  it('gives its numbers to a meter, with a bounded number of types', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter });
    const provider = new MeterProvider({ readers: [reader] });
    const { monitor } = rig({ meter: provider.getMeter('shop') as Meter, maxTypes: 1 });
    for (const type of ['a', 'b', 'c']) monitor.recordOperation(type, 250, { ok: type !== 'c' });
    await reader.forceFlush();
    const [metric] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
    expect(metric?.descriptor).toMatchObject({ name: 'evenkeel.monitor.operation.duration', unit: 's' });
    expect(metric?.dataPoints.map(({ attributes }) => Object.values(attributes).join(' '))).toEqual([
      'a ok',
      '(other) ok',
      '(other) error',
    ]);
    await provider.shutdown();
  });
});
