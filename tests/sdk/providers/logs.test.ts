// Log records leave redacted, whatever their body is.
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { expect, it } from 'vitest';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import { createLogProcessors, redactor } from '../../../sdk/src/providers/logs.ts';

it('takes secrets out of bodies that are text, lists or maps, and leaves what was given as it is', () => {
  const exporter = new InMemoryLogRecordExporter();
  const processors = [redactor(createRedaction()), new SimpleLogRecordProcessor({ exporter })];
  const logger = new LoggerProvider({ processors }).getLogger('test');
  const given = { user: { password: 'p', mail: 'a@b.org', age: 7 }, list: ['Bearer abcdefgh12345678'] };
  const circular: Record<string, unknown> = { password: 'p' };
  circular['self'] = circular;
  const hostile = Object.defineProperty({}, 'x', {
    enumerable: true,
    get() {
      throw new Error('hostile');
    },
  });
  for (const body of ['to a@b.org', given, circular as never, hostile]) logger.emit({ body });
  const bodies = exporter.getFinishedLogRecords().map(({ body }) => body);
  expect(bodies.slice(0, 2)).toEqual([
    'to REDACTED',
    { user: { password: 'REDACTED', mail: 'REDACTED', age: 7 }, list: ['Bearer REDACTED'] },
  ]);
  expect(JSON.stringify(bodies[2])).not.toContain('"p"');
  expect(bodies[3]).toBe('REDACTED');
  expect(given.user.password).toBe('p');
});

it('makes an event of the active span out of a record that is one, and leaves other records alone', async () => {
  const outlet = { closing: AbortSignal.abort(), closed: AbortSignal.abort(), onFailure: () => {} };
  const nodes = [{ 'event_to_span_event_bridge/development': null }];
  const processors = await createLogProcessors(nodes, { outlet, redaction: createRedaction() });
  const logger = new LoggerProvider({ processors }).getLogger('test');
  const exporter = new InMemorySpanExporter();
  const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('test');
  const span = tracer.startSpan('GET /');
  const context = trace.setSpan(ROOT_CONTEXT, span);
  const other = trace.setSpanContext(context, { ...span.spanContext(), spanId: '1'.repeat(16) });
  logger.emit({ eventName: 'order.paid', attributes: { 'order.id': 7 }, timestamp: [1_700_000_000, 5], context });
  logger.emit({ body: 'no event', context });
  logger.emit({ eventName: 'elsewhere', context: other });
  span.end();
  logger.emit({ eventName: 'too late', context });
  expect(exporter.getFinishedSpans()[0]?.events).toMatchObject([
    { name: 'order.paid', attributes: { 'order.id': 7 }, time: [1_700_000_000, 5] },
  ]);
});
