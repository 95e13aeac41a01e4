// Each misuse is found where it happens, and correct use has none.
import { setImmediate as turn } from 'node:timers/promises';
import { context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance, traceNode, traceWorkflow } from '../../../sdk/src/index.ts';
import { createTestTelemetry, type MisuseKind } from '../../../sdk/src/testkit/entry.ts';

const telemetry = createTestTelemetry();
const { tracer } = telemetry;

beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

function expectMisuse(...expected: [MisuseKind, span: string][]): void {
  expect(telemetry.findMisuse().map(({ kind, span }) => [kind, span])).toEqual(expected);
}

const within = <T>(span: Span, call: () => T): T => context.with(trace.setSpan(ROOT_CONTEXT, span), call);

describe('misuse', () => {
  it('ends a span twice', () => {
    const span = tracer.startSpan('twice');
    span.end();
    span.end();
    span.end();
    expectMisuse(['ended twice', 'twice']);
    expect(telemetry.spans()).toHaveLength(1);
  });

  it('never ends a span', () => {
    tracer.startActiveSpan('open', () => {});
    expectMisuse(['never ended', 'open']);
    const [found] = telemetry.findMisuse();
    expect(found?.where).toMatch(/misuse\.test\.ts:\d+/);
  });

  it('changes a span after its end', () => {
    const changes: ((span: Span) => unknown)[] = [
      (span) => span.setAttribute('a', 1),
      (span) => span.setAttributes({ a: 1 }),
      (span) => span.addEvent('a'),
      (span) => span.setStatus({ code: SpanStatusCode.ERROR }),
      (span) => span.updateName('other'),
      (span) => span.recordException(new Error('late')),
      (span) => span.addLink({ context: span.spanContext() }),
    ];
    for (const [i, change] of changes.entries()) {
      const span = tracer.startSpan(`late ${i}`);
      change(span);
      span.end();
      change(span);
    }
    expect(telemetry.findMisuse().map(({ kind }) => kind)).toEqual(changes.map(() => 'changed after end'));
  });

  it('begins a child after the parent has ended', async () => {
    await tracer.startActiveSpan('parent', async (parent) => {
      const later = turn().then(() => tracer.startSpan('child').end());
      parent.end();
      await later;
    });
    expectMisuse(['child of an ended span', 'child']);
    expect(telemetry.findMisuse()[0]?.detail).toBe('child began after its parent parent had ended');
  });

  it('makes a span active that has ended', () => {
    const span = tracer.startSpan('gone');
    within(span, () => {});
    span.end();
    within(span, () => {});
    expectMisuse(['made active after its end', 'gone']);
  });

  it('leaves a scope open', async () => {
    await turn();
    const outside = context.active();
    const span = tracer.startSpan('leaked');
    const token = context.attach(trace.setSpan(outside, span));
    span.end();
    expectMisuse(['scope left open', 'leaked']);
    token.dispose();
    token.dispose();
    expectMisuse();
    expect(context.active()).toBe(outside);
  });

  it('looks on where a span is still active', () => {
    tracer.startActiveSpan('inside', (span) => {
      span.end();
      expectMisuse(['scope left open', 'inside']);
    });
    expectMisuse();
  });

  it('closes scopes out of their order', async () => {
    await turn();
    const [outer, inner] = ['outer', 'inner'].map((name) => trace.setSpan(ROOT_CONTEXT, tracer.startSpan(name)));
    const tokens = [outer, inner].map((each) => context.attach(each as never));
    tokens[0]?.dispose();
    tokens[1]?.dispose();
    for (const each of [outer, inner]) trace.getSpan(each as never)?.end();
    expect(telemetry.findMisuse().map(({ kind }) => kind)).toContain('scopes closed out of order');
    context.attach(ROOT_CONTEXT);
  });

  it('is told with all of it, unless it is meant', () => {
    tracer.startSpan('open');
    const span = tracer.startSpan('twice');
    span.end();
    span.end();
    expect(() => telemetry.assertNoMisuse()).toThrow(
      /^spans are not used as they should be:\n- ended twice: twice was ended again\n {4}at .*misuse\.test\.ts.*\n- never ended: open was started and not ended\n/,
    );
    expect(() => telemetry.assertNoMisuse(['never ended'])).toThrow(/ended twice/);
    expect(() => telemetry.assertNoMisuse(['never ended', 'ended twice'])).not.toThrow();
  });
});

describe('correct use', () => {
  it('has none, by hand', async () => {
    await tracer.startActiveSpan('outer', async (outer) => {
      outer.setAttribute('a', 1);
      await turn();
      await Promise.all(
        [1, 2].map((i) =>
          tracer.startActiveSpan(`inner ${i}`, async (inner) => {
            await turn();
            inner.recordException(new Error('x'));
            inner.setStatus({ code: SpanStatusCode.ERROR });
            inner.end();
          }),
        ),
      );
      const bound = context.bind(context.active(), (n: number) => n + 1);
      outer.end();
      // A listener that is called late begins nothing.
      expect(bound(1)).toBe(2);
    });
    telemetry.assertNoMisuse();
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['inner 1', 'inner 2', 'outer']);
  });

  it('has none, by the wrappers of this package', async () => {
    const step = traceNode('n', async (n: number) => {
      await turn();
      return n;
    });
    const numbers = measurePerformance('numbers', async function* () {
      for (let i = 0; i < 3; i++) yield await step(i);
    });
    const run = traceWorkflow('w', async () => {
      let sum = 0;
      for await (const n of numbers()) sum += n;
      for (const n of measurePerformance('sync', function* () { yield* [1, 2, 3]; })()) if (n === 2) break; // prettier-ignore
      await measurePerformance('fails', async () => Promise.reject(new Error('x')))().catch(() => {});
      return sum;
    });
    expect(await run()).toBe(3);
    telemetry.assertNoMisuse();
    expect(telemetry.spans().length).toBe(7);
  });
});
