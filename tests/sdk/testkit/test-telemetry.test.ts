// Spans and metrics of this process in memory.
import { context, metrics, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createTestTelemetry,
  expectSpan,
  type TestTelemetry,
  type TestTelemetryOptions,
} from '../../../sdk/src/testkit/entry.ts';

function start(options?: TestTelemetryOptions): TestTelemetry {
  const telemetry = createTestTelemetry(options);
  onTestFinished(() => telemetry.shutdown());
  return telemetry;
}

describe('createTestTelemetry', () => {
  it('keeps spans as plain data', async () => {
    const telemetry = start({ resource: { 'service.name': 'shop' } });
    const tracer = trace.getTracer('lib', '2');
    tracer.startActiveSpan('outer', { kind: SpanKind.SERVER, attributes: { a: 1 } }, (outer) => {
      tracer.startSpan('inner', { links: [{ context: outer.spanContext() }], startTime: [5, 0] }).end([5, 20_000_000]);
      outer.addEvent('e', { b: 2 }).end();
    });
    expectSpan(telemetry, {
      name: 'outer',
      kind: 'server',
      attributes: { a: 1 },
      events: [{ name: 'e', attributes: { b: 2 } }],
      parent: 'none',
      scope: 'lib',
      resource: { 'service.name': 'shop' },
    }).child({ name: 'inner', links: 1, minDurationMs: 20, maxDurationMs: 20 });
    expect(telemetry.durationsOf('inner')).toEqual([20]);
    await telemetry.reset();
    expect(telemetry.spans()).toEqual([]);
  });

  it('answers with the durations of what went well', () => {
    const telemetry = start();
    for (const [ms, code] of [
      [20, SpanStatusCode.UNSET],
      [30, SpanStatusCode.ERROR],
      [40, SpanStatusCode.OK],
    ] as const) {
      const span = telemetry.tracer.startSpan('load', { startTime: [5, 0] });
      span.setStatus({ code }).end([5, ms * 1e6]);
    }
    expect(telemetry.durationsOf('load')).toEqual([20, 40]);
    expect(telemetry.durationsOf('save')).toEqual([]);
  });

  it('hands out metrics since they were asked for last', async () => {
    const telemetry = start();
    const meter = metrics.getMeter('lib');
    const counter = meter.createCounter('orders', { unit: '{order}' });
    const histogram = meter.createHistogram('took', { unit: 's' });
    const level = meter.createUpDownCounter('level');
    counter.add(2, { kind: 'a' });
    histogram.record(3);
    level.add(5);
    const [orders, took] = await telemetry.metrics();
    expect(orders).toEqual({
      name: 'orders',
      unit: '{order}',
      type: 'sum',
      scope: 'lib',
      points: [{ attributes: { kind: 'a' }, value: 2, exemplars: [] }],
    });
    expect(took).toMatchObject({ type: 'histogram', points: [{ value: 3, count: 1, min: 3, max: 3 }] });
    counter.add(1, { kind: 'a' });
    level.add(1);
    expect(await telemetry.metrics()).toMatchObject([
      { name: 'orders', points: [{ value: 1 }] },
      { name: 'level', points: [{ value: 6 }] },
    ]);
    counter.add(1, { kind: 'a' });
    await telemetry.reset();
    expect((await telemetry.metrics()).flatMap(({ name, points }) => (name === 'orders' ? points : []))).toEqual([]);
  });

  it('is alone in a process, and leaves it as it was', async () => {
    const first = createTestTelemetry();
    expect(() => createTestTelemetry()).toThrow(/another OpenTelemetry SDK is registered/);
    trace.getTracer('t').startSpan('still there').end();
    expectSpan(first, { name: 'still there' });
    await first.shutdown();
    expect(trace.getTracer('t').startSpan('gone').isRecording()).toBe(false);
    expect(context.active()).toBe(ROOT_CONTEXT);
    const foreign = { getTracer: trace.getTracer.bind(trace) } as never;
    trace.setGlobalTracerProvider(foreign);
    expect(() => createTestTelemetry()).toThrow(/another/);
    trace.disable();
    await createTestTelemetry().shutdown();
  });
});
