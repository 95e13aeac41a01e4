// Graphs that are made at run time: runs that are started and ended by hand, and nodes in them.
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { getWorkflowTracer, setInstrumentation } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();
const tracer = getWorkflowTracer();

/** Name of each span that ended with that of its parent. */
function tree(): string[] {
  const taken = spans.take();
  const names = new Map(taken.map((span) => [span.spanContext().spanId, span.name]));
  return taken.map((span) => `${span.name} < ${names.get(span.parentSpanContext?.spanId ?? '') ?? '-'}`);
}

beforeEach(() => {
  spans.take();
});

describe('the workflow tracer', () => {
  it('is one', () => {
    expect(getWorkflowTracer()).toBe(tracer);
  });

  it('starts a run whose nodes are its children until it is ended', async () => {
    const run = tracer.startWorkflow('graph', { low: { size: 's' }, high: { id: 7 } });
    expect(run.node('sync', 'compute', () => 5)).toBe(5);
    const outer = run.node('outer', async () => {
      await Promise.resolve();
      return run.node('inner', () => 'deep');
    });
    await expect(outer).resolves.toBe('deep');
    expect(() =>
      run.node('bad', 'compute', () => {
        throw new Error('bad');
      }),
    ).toThrow('bad');
    run.with(() => trace.getTracer('test').startSpan('beside').end());
    run.end();
    run.end(new Error('too late'));
    expect(tree()).toEqual([
      'run_step sync < invoke_workflow graph',
      'run_step inner < run_step outer',
      'run_step outer < invoke_workflow graph',
      'run_step bad < invoke_workflow graph',
      'beside < invoke_workflow graph',
      'invoke_workflow graph < -',
    ]);
  });

  it('tells attributes, types and failures', async () => {
    await measurements.take();
    const run = tracer.startWorkflow('graph', { low: { size: 's' }, high: { id: 7 } });
    run.node('sync', 'compute', () => 5);
    run.end(new Error('stopped'));
    const [node, workflow] = spans.take();
    expect(node?.attributes).toMatchObject({
      'gen_ai.step.name': 'sync',
      'evenkeel.node.type': 'compute',
      'gen_ai.workflow.name': 'graph',
    });
    expect(workflow?.attributes).toMatchObject({ size: 's', id: 7, 'error.type': 'Error' });
    expect(workflow?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'stopped' });
    const taken = await measurements.take();
    expect(taken.get('gen_ai.workflow.duration')?.map(({ attributes }) => attributes)).toEqual([
      { 'gen_ai.workflow.name': 'graph', size: 's', 'error.type': 'Error' },
    ]);
  });

  it('runs a whole workflow, sync as sync and async as async', async () => {
    expect(tracer.run('whole', (run) => run.node('n', () => 1))).toBe(1);
    const later = tracer.run('whole', { high: { id: 1 } }, async (run) => run.node('n', async () => 2));
    await expect(later).resolves.toBe(2);
    expect(tree()).toEqual(
      Array.from({ length: 2 }, () => ['run_step n < invoke_workflow whole', 'invoke_workflow whole < -']).flat(),
    );
    expect(() =>
      tracer.run('whole', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
  });

  it('tells runs apart that are interleaved', () => {
    const [first, second] = [tracer.startWorkflow('first'), tracer.startWorkflow('second')];
    first.node('a', () => second.node('b', () => 1));
    first.end();
    second.end();
    expect(tree().slice(0, 2)).toEqual(['run_step b < invoke_workflow second', 'run_step a < invoke_workflow first']);
  });

  it('does what it is told while instruments are off', () => {
    setInstrumentation(false);
    const run = tracer.startWorkflow('off');
    expect(run.node('n', () => 3)).toBe(3);
    run.end();
    expect(tracer.run('off', (whole) => whole.node('n', () => 4))).toBe(4);
    setInstrumentation(true);
    expect(spans.take()).toEqual([]);
  });

  it('does not make names without end', () => {
    for (let i = 0; i < 1100; i++) tracer.run(`made-${i}`, () => i);
    const names = new Set(spans.take().map((span) => span.name));
    expect(names.size).toBeLessThanOrEqual(1001);
    expect(names).toContain('invoke_workflow _OTHER');
  });
});
