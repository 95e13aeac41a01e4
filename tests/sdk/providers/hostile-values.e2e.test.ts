// What no type forbids and no receiver wants in spans and log records: all of a batch still arrives at the sidecar.
import { SpanStatusCode } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { logsFromJson, tracesFromJson } from '../../../collector/src/otlp/json.ts';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import type { ProcessorNode } from '../../../sdk/src/config/model.ts';
import { createLogProcessors } from '../../../sdk/src/providers/logs.ts';
import { attributeLimits, createSpanProcessors, spanLimits } from '../../../sdk/src/providers/spans.ts';
import { testIntake } from '../../support/intake.ts';
import { decodeSignal } from '../../support/otlp-signals.ts';
import { type Receiver, startReceiver } from '../../support/otlp-receiver.ts';

const deep = (levels: number): unknown => {
  let value: unknown = 'end';
  for (let i = 0; i < levels; i++) value = { value };
  return value;
};

const VALUES: Readonly<Record<string, unknown>> = {
  'half a character': 'a\uD800b',
  'half a character at a cut': `${'x'.repeat(4095)}😀`,
  'half a character in a list': ['\uDC00', { '\uD800': '\uDC00' }],
  'no number': Number.NaN,
  endless: -Infinity,
  'beyond integers': 1e300,
  'just beyond integers': 2 ** 63,
  'the least integer': -(2 ** 63),
  'minus zero': -0,
  'a mixed list': [1, 'a', true, null, undefined, [2.5, { a: Number.NaN, b: [1e300] }]],
  nothing: null,
  'empty things': [[], {}, ''],
  bytes: Buffer.from([0, 255]),
  'something deep': deep(40),
  'something very deep': deep(1000),
  'a long list': Array.from({ length: 20_000 }, (_, i) => `item ${i}`),
  'a wide map': Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key ${i}`, i])),
  'a cube': Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => ['x', 'y'])),
};
const KEYS = ['\uD800', 'k'.repeat(100_000), '😀'.repeat(2000)];
const MANY = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, 'v']));
const NAMES = ['\uD800', '', 'n'.repeat(1_000_000), undefined, null, 5, Symbol('s')] as unknown as string[];

const TIMES = [Number.NaN, new Date(Number.NaN), -5, Infinity, 1e300, [Number.NaN, -1]] as unknown as number[];

const outlet = {
  closing: new AbortController().signal,
  closed: new AbortController().signal,
  onFailure: (error: Error) => expect.unreachable(error.message),
};
const BATCH = { schedule_delay: 60_000, max_queue_size: 1000, max_export_batch_size: 1000 };

function nodesOf({ url }: Receiver, signal: 'traces' | 'logs', encoding: 'json' | 'protobuf'): ProcessorNode[] {
  return [{ batch: { ...BATCH, exporter: { otlp_http: { endpoint: `${url}/v1/${signal}`, encoding } } } }];
}

const CASES = (['protobuf', 'json'] as const).flatMap((encoding) =>
  [true, false].map((enabled) => ({ encoding, enabled, redaction: createRedaction({ enabled }) })),
);

describe('a batch with hostile values', () => {
  it.each(CASES)('of spans arrives by $encoding, redacted: $enabled', async ({ encoding, redaction }) => {
    const receiver = await startReceiver();
    const model = { tracer_provider: { processors: nodesOf(receiver, 'traces', encoding) } };
    const spanProcessors = await createSpanProcessors(model, { outlet, redaction });
    const provider = new TracerProvider({ spanProcessors, spanLimits: spanLimits({}) });
    const tracer = provider.getTracer('shop \uD800', '1\uDC00');
    let started = 0;
    const start = (name = 'n') => {
      started++;
      return tracer.startSpan(name);
    };
    for (const value of Object.values(VALUES)) {
      const span = start();
      span.setAttributes({ value: value as string });
      span.addEvent('e', { value: value as string });
      span.addLink({ context: span.spanContext(), attributes: { value: value as string } });
      span.end();
    }
    for (const key of KEYS) start().setAttribute(key, 1).end();
    start().setAttributes(MANY).end();
    for (const name of NAMES) {
      const span = start(name);
      span.addEvent(name);
      span.addLink({ context: { traceId: name, spanId: 'none', traceFlags: 999 } });
      span.setStatus({ code: SpanStatusCode.ERROR, message: name }).end();
    }
    for (const time of TIMES) {
      started += 2;
      const timed = tracer.startSpan('n', { startTime: time });
      timed.addEvent('e', time);
      timed.end();
      tracer.startSpan('n', { kind: 99 as never }).end(time);
    }
    await provider.forceFlush();
    const [{ body } = { body: Buffer.alloc(0) }, ...others] = receiver.received;
    expect(others).toEqual([]);
    // A small part of what a receiver takes.
    expect(body.length).toBeLessThan(2_000_000);
    const intake = testIntake();
    const bytes = encoding === 'json' ? tracesFromJson(body) : body;
    expect(intake.take([bytes], bytes.length, 0, 0)).toBe('accepted');
    expect([intake.batch.count, intake.batch.rejected]).toEqual([started, 0]);
  });

  it.each(CASES)('of log records arrives by $encoding, redacted: $enabled', async ({ encoding, redaction }) => {
    const receiver = await startReceiver();
    const processors = await createLogProcessors(nodesOf(receiver, 'logs', encoding), { outlet, redaction });
    const provider = new LoggerProvider({ processors, logRecordLimits: attributeLimits({}, null) });
    const logger = provider.getLogger('shop \uD800');
    const values = Object.values(VALUES) as string[];
    for (const value of values) logger.emit({ body: value, attributes: { value, [`\uD800${typeof value}`]: 1 } });
    for (const time of TIMES) logger.emit({ body: Symbol('s') as never, timestamp: time, observedTimestamp: time });
    for (const name of NAMES) logger.emit({ eventName: name, severityText: name });
    logger.emit({ attributes: MANY });
    await provider.forceFlush();
    const [{ body } = { body: Buffer.alloc(0) }] = receiver.received;
    expect(body.length).toBeLessThan(2_000_000);
    const { resourceLogs } = decodeSignal('logs', encoding === 'json' ? Buffer.from(logsFromJson(body)) : body) as {
      resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[];
    };
    expect(resourceLogs[0]?.scopeLogs[0]?.logRecords).toHaveLength(values.length + TIMES.length + NAMES.length + 1);
  });
});
