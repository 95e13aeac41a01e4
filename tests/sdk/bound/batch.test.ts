// The queue before an exporter: nothing twice, nothing without a bound, nothing silently gone.
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBatch } from '../../../sdk/src/bound/batch.ts';

const LIMITS = { scheduledDelayMillis: 1000, exportTimeoutMillis: 500, maxQueueSize: 6, maxExportBatchSize: 3 };

function setUp(answers: 'at once' | 'never' = 'at once') {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const exported: number[][] = [];
  const dones: ((result: ExportResult) => void)[] = [];
  const exporter = {
    export(items: number[], done: (result: ExportResult) => void) {
      exported.push(items);
      if (answers === 'at once') done({ code: ExportResultCode.SUCCESS });
      else dones.push(done);
    },
    shutdown: async () => {},
  };
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const batch = createBatch<number>('span', LIMITS, exporter, meterProvider);
  const processed = async (): Promise<Record<string, number>> => {
    vi.useRealTimers();
    await meterProvider.forceFlush();
    const found =
      metrics
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    const points = found.find(({ descriptor }) => descriptor.name === 'otel.sdk.processor.span.processed')?.dataPoints;
    return Object.fromEntries(
      (points ?? []).map(({ attributes, value }) => [String(attributes['error.type'] ?? 'ok'), Number(value)]),
    );
  };
  return { batch, exported, exporter, dones, processed };
}

describe('createBatch', () => {
  it('sends what waits after the delay, and a full batch at once', async () => {
    const { batch, exported } = setUp();
    batch.add(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(exported).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(exported).toEqual([[1]]);
    for (const item of [2, 3, 4, 5]) batch.add(item);
    await vi.advanceTimersByTimeAsync(0);
    expect(exported).toEqual([[1], [2, 3, 4]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(exported).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('drops and counts what does not fit', async () => {
    const { batch, exported, processed } = setUp();
    for (let item = 1; item <= 8; item++) batch.add(item);
    await batch.flush();
    expect(exported).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await processed()).toEqual({ ok: 6, queue_full: 2 });
  });

  it('waits for one export before the next, but not for ever', async () => {
    const { batch, exported, dones, processed } = setUp('never');
    for (let item = 1; item <= 6; item++) batch.add(item);
    await vi.advanceTimersByTimeAsync(499);
    expect(exported).toEqual([[1, 2, 3]]);
    await vi.advanceTimersByTimeAsync(2);
    expect(exported).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    for (const done of dones) done({ code: ExportResultCode.FAILED, error: new RangeError('no') });
    expect(await processed()).toEqual({ RangeError: 6 });
  });

  it('gives what waits to whoever drains it, once', async () => {
    const { batch, exported } = setUp();
    batch.add(1);
    batch.add(2);
    expect(batch.drain()).toEqual([1, 2]);
    expect(batch.drain()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(exported.flat()).toEqual([]);
  });

  it('counts a batch that the exporter cannot take as lost, and goes on with the next', async () => {
    const { batch, exported, exporter, processed } = setUp();
    const take = exporter.export;
    exporter.export = () => {
      exporter.export = take;
      throw new RangeError('nested too deeply');
    };
    for (let item = 1; item <= 3; item++) batch.add(item);
    await vi.advanceTimersByTimeAsync(0);
    batch.add(4);
    await batch.flush();
    expect(exported).toEqual([[4]]);
    expect(await processed()).toEqual({ RangeError: 3, ok: 1 });
  });

  it('sends nothing when a flush was before the delay', async () => {
    const { batch, exported } = setUp();
    batch.add(1);
    await batch.flush();
    await vi.advanceTimersByTimeAsync(2000);
    expect(exported).toEqual([[1]]);
  });

  it('flushes at shutdown and takes nothing after it', async () => {
    const { batch, exported } = setUp();
    batch.add(1);
    await Promise.all([batch.shutdown(), batch.shutdown()]);
    batch.add(2);
    await batch.flush();
    expect(exported).toEqual([[1]]);
  });
});
