// What is recorded of a call when it is asked for: memory, size of arguments, place in the code, log records.
import { logs } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { afterEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { state } from '../../../sdk/src/state.ts';
import { recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const records = new InMemoryLogRecordExporter();
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: records })] }));

afterEach(() => {
  log.take();
  records.reset();
  state.exceptionSignal = 'events';
});

const attributes = (): Record<string, unknown> => ({ ...log.take()[0]?.attributes });

describe('memory', () => {
  const keep: unknown[] = [];
  const grow = measurePerformance({ name: 'grow', memory: true }, () => {
    keep.push(Array.from({ length: 500_000 }, (_, i) => ({ i })));
  });

  it('is how the heap changed', () => {
    grow();
    const { 'evenkeel.memory.delta': delta, 'evenkeel.memory.overlapped': overlapped } = attributes();
    expect(delta).toBeGreaterThan(4e6);
    expect(overlapped).toBe(false);
  });

  it('says when calls overlapped', async () => {
    const gates: (() => void)[] = [];
    const wait = measurePerformance({ name: 'wait', memory: true }, async () => {
      await new Promise<void>((resolve) => {
        gates.push(resolve);
      });
    });
    const both = [wait(), wait()];
    gates.forEach((open) => open());
    await Promise.all(both);
    expect(log.take().map((span) => span.attributes['evenkeel.memory.overlapped'])).toEqual([true, true]);
  });
});

describe('the size of arguments', () => {
  const size = (...args: unknown[]): unknown => {
    measurePerformance({ name: 'size', argsSize: true }, (..._all: unknown[]) => 1)(...args);
    return attributes()['evenkeel.arguments.size'];
  };

  it('is about what they hold', () => {
    expect(size('x'.repeat(1000))).toBe(2000);
    expect(size(new Uint8Array(5000))).toBe(5024);
    expect(size({ a: 'x'.repeat(100), b: [1, 2, 3] })).toBeGreaterThan(200);
    expect(size(new Map([['k', 'x'.repeat(500)]]))).toBeGreaterThan(1000);
  });

  it('of an array is found without listing it, and of holes in bounded time', () => {
    let listings = 0;
    const array = new Proxy(['x'.repeat(100)], {
      ownKeys(target) {
        listings++;
        return Reflect.ownKeys(target);
      },
    });
    expect(size(array)).toBeGreaterThan(200);
    expect(listings).toBe(0);
    expect(size(Object.assign([], { length: 4e9 }))).toBeGreaterThan(0);
  });

  it('is found in bounded time, of circles and of hostile objects', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap');
        },
      },
    );
    let reads = 0;
    const getter = Object.defineProperty({}, 'x', { enumerable: true, get: () => reads++ });
    expect(size(circle, hostile, getter)).toBeGreaterThan(0);
    expect(reads).toBe(0);
    expect(size(Array.from({ length: 1e6 }, () => 1))).toBeLessThan(100_000);
  });
});

describe('the place in the code', () => {
  it('is where the function was wrapped', () => {
    measurePerformance({ name: 'place', code: true }, function work() {
      return 1;
    })();
    const found = attributes();
    expect(found['code.function.name']).toBe('work');
    expect(found['code.file.path']).toMatch(/tests\/sdk\/observe\/recorded\.test\.ts$/);
    expect(found['code.line.number']).toBeGreaterThan(80);
  });
});

describe('log records', () => {
  const half = (what: 'errors' | 'all'): ((isFine: boolean) => void) =>
    measurePerformance({ name: 'half', log: what }, (isFine: boolean) => {
      if (!isFine) throw new RangeError('no');
    });
  const emitted = (): unknown[] =>
    records.getFinishedLogRecords().map(({ eventName, severityText, attributes: { 'error.type': type } }) => {
      return [eventName, severityText, type];
    });

  it('tell failures, or all calls, with the span they belong to', () => {
    half('errors')(true);
    expect(() => half('errors')(false)).toThrow('no');
    expect(emitted()).toEqual([['evenkeel.operation', 'ERROR', 'RangeError']]);
    const [record] = records.getFinishedLogRecords();
    expect(record?.spanContext?.spanId).toBe(log.take().at(-1)?.spanContext().spanId);
    records.reset();
    half('all')(true);
    expect(emitted()).toEqual([['evenkeel.operation', 'INFO', undefined]]);
  });

  it('carry exceptions where that is asked for', () => {
    const fail = measurePerformance('fail', () => {
      throw new RangeError('no');
    });
    const events = (): number => log.take().flatMap((span) => span.events).length;
    for (const [signal, inSpan, inLogs] of [
      ['events', 1, 0],
      ['logs', 0, 1],
      ['events+logs', 1, 1],
    ] as const) {
      state.exceptionSignal = signal;
      expect(() => fail()).toThrow('no');
      expect([events(), emitted().length]).toEqual([inSpan, inLogs]);
      records.reset();
    }
  });
});
