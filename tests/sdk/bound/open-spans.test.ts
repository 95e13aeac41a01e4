// Long runs are told while they run, and ended when the process ends.
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOpenSpans } from '../../../sdk/src/bound/open-spans.ts';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import { redactor } from '../../../sdk/src/providers/logs.ts';

function setUp(...before: LogRecordProcessor[]) {
  const logs = new InMemoryLogRecordExporter();
  const spans = new InMemorySpanExporter();
  const logger = new LoggerProvider({ processors: [...before, new SimpleLogRecordProcessor({ exporter: logs })] });
  const open = createOpenSpans(() => logger.getLogger('test'));
  const provider = new TracerProvider({
    spanProcessors: [open.processor, new SimpleSpanProcessor({ exporter: spans })],
  });
  onTestFinished(() => provider.shutdown());
  const told = (): Record<string, unknown>[] =>
    logs.getFinishedLogRecords().map(({ attributes, spanContext }) => ({ ...attributes, ...spanContext }));
  return { open, spans, logs, told, tracer: provider.getTracer('test') };
}

const inSeconds = (seconds: number): number => Date.now() + seconds * 1000;

describe('createOpenSpans', () => {
  it('tells a span that is open for long, with its ids and what identifies it', async () => {
    const { open, told, tracer } = setUp();
    const parent = tracer.startSpan('parent');
    const span = tracer.startSpan(
      'run',
      { attributes: { 'gen_ai.workflow.name': 'daily' } },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    parent.end();
    open.look(inSeconds(9));
    expect(told()).toEqual([]);
    open.look(inSeconds(11));
    const [first] = told();
    expect(first).toMatchObject({
      'evenkeel.span.name': 'run',
      'evenkeel.span.kind': 'internal',
      'evenkeel.span.heartbeat': 0,
      'evenkeel.span.parent_id': parent.spanContext().spanId,
      'gen_ai.workflow.name': 'daily',
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
    });
    expect(first?.['evenkeel.span.elapsed']).toBeGreaterThanOrEqual(11);
    open.look(inSeconds(20));
    expect(told()).toHaveLength(1);
    open.look(inSeconds(42));
    expect(told().map((record) => record['evenkeel.span.heartbeat'])).toEqual([0, 1]);
    span.end();
    open.look(inSeconds(100));
    expect(told()).toHaveLength(2);
  });

  it('tells at most a hundred at a time and forgets what is open for a day', () => {
    const { open, told, tracer } = setUp();
    for (let i = 0; i < 150; i++) tracer.startSpan(`run ${i}`);
    open.look(inSeconds(15));
    expect(told()).toHaveLength(100);
    open.look(inSeconds(16));
    expect(told()).toHaveLength(150);
    open.look(inSeconds(90_000));
    open.look(inSeconds(90_031));
    expect(told()).toHaveLength(150);
  });

  it('ends what is open, inner spans first, as failed where the process died of something', () => {
    for (const [fatal, type] of [
      [undefined, undefined],
      [new RangeError('out'), 'RangeError'],
      ['text', '_OTHER'],
      // Has no text at all.
      [Object.create(null), '_OTHER'],
    ] as const) {
      const { open, spans, tracer } = setUp();
      const outer = tracer.startSpan('outer');
      tracer.startSpan('inner', {}, trace.setSpan(ROOT_CONTEXT, outer));
      tracer.startSpan('done').end();
      open.endAll(fatal);
      const ended = spans.getFinishedSpans();
      expect(ended.map(({ name }) => name)).toEqual(['done', 'inner', 'outer']);
      expect(ended[2]?.attributes).toMatchObject({ 'evenkeel.span.unfinished': true });
      expect(ended[2]?.attributes['error.type']).toBe(type);
      expect(ended[0]?.attributes).toEqual({});
      open.endAll(fatal);
      expect(spans.getFinishedSpans()).toHaveLength(3);
    }
  });

  it('tells no secrets of a span that goes on', () => {
    const { open, logs, tracer } = setUp(redactor(createRedaction()));
    tracer.startSpan('mail to ann@mail.example', { attributes: { password: 'hunter2', note: 'token=hunter3' } });
    open.look(inSeconds(11));
    open.look(inSeconds(60));
    const told = logs.getFinishedLogRecords().map(({ body, attributes }) => JSON.stringify([body, attributes]));
    expect(told).toHaveLength(2);
    for (const text of told) {
      expect(text).toContain('mail to REDACTED is still open');
      expect(text).not.toMatch(/hunter|ann@/);
    }
  });
});
