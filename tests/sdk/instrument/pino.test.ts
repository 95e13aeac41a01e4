// Ids in the lines of pino: by mixin, and through the channel pino publishes. The logger here has the parts of a pino
// logger that the channel shows (pino 10.4): its fixed fields as text under a symbol, and `traceSync` around a line.
import { tracingChannel } from 'node:diagnostics_channel';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinoMixin } from '../../../sdk/src/instrument/log-correlation.ts';
import { startPino } from '../../../sdk/src/instrument/pino.ts';
import { setInstrumentation } from '../../../sdk/src/state.ts';

const chindings = Symbol('pino.chindings');
type Logger = Record<symbol, string>;

const line = (logger: Logger, fields: object): string =>
  tracingChannel('pino_asJson').traceSync(
    () =>
      `{"level":30${logger[chindings]}${JSON.stringify(fields)
        .slice(1, -1)
        .replace(/^(?=.)/, ',')}}`,
    { instance: logger, arguments: [fields, 'msg', 30, ',"time":1'] },
  );

const inSpan = <T>(act: (ids: object) => T): T =>
  trace.getTracer('t').startActiveSpan('s', (span) => {
    const { traceId, spanId } = span.spanContext();
    return act({ trace_id: traceId, span_id: spanId, trace_flags: '01' });
  });

let stop: () => void = () => {};
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider());
  stop = startPino({});
});
afterAll(() => {
  stop();
  trace.disable();
  context.disable();
});

describe('pinoMixin', () => {
  it('gives the ids of the active span, and nothing without one or while off', () => {
    expect(pinoMixin()).toEqual({});
    inSpan((ids) => expect(pinoMixin()).toEqual(ids));
    setInstrumentation(false);
    inSpan(() => expect(pinoMixin()).toEqual({}));
    setInstrumentation(true);
  });
});

describe('startPino', () => {
  it('adds the ids to a line and leaves the logger as it was', () => {
    const logger: Logger = { [chindings]: ',"app":"x"' };
    expect(JSON.parse(line(logger, { a: 1 }))).toEqual({ level: 30, app: 'x', a: 1 });
    inSpan((ids) => expect(JSON.parse(line(logger, { a: 1 }))).toEqual({ level: 30, app: 'x', a: 1, ...ids }));
    expect(logger[chindings]).toBe(',"app":"x"');
  });

  it('leaves a child with the fields of its parent', () => {
    const parent: Logger = { [chindings]: ',"app":"x"' };
    const child = Object.create(parent) as Logger;
    inSpan((ids) => expect(JSON.parse(line(child, {}))).toEqual({ level: 30, app: 'x', ...ids }));
    expect(Object.getOwnPropertySymbols(child)).toEqual([]);
  });

  it('adds nothing twice: not to fields that have ids, not in a line made inside of a line', () => {
    const logger: Logger = { [chindings]: '' };
    inSpan((ids) => {
      expect(line(logger, ids).match(/trace_id/g)).toHaveLength(1);
      let inner = '';
      const outer = line(logger, { toJSON: () => ((inner = line(logger, {})), { b: 2 }) });
      expect(inner.match(/trace_id/g)).toHaveLength(1);
      expect(outer.match(/trace_id/g)).toHaveLength(1);
    });
    expect(logger[chindings]).toBe('');
  });

  it('lets loggers of another make, and frozen ones, write their lines', () => {
    inSpan(() => {
      expect(line(Object.freeze({ [chindings]: '' }) as Logger, { a: 1 })).toBe('{"level":30,"a":1}');
      expect(tracingChannel('pino_asJson').traceSync(() => 'x', {})).toBe('x');
    });
  });
});
