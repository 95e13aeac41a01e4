// Workflows and nodes: what is measured of them, and that everything within a run knows its workflow.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  measurePerformance,
  traceAgent,
  traceLLM,
  traceMemoryOperation,
  traceNode,
  traceRetrieval,
  traceTool,
  traceWorkflow,
} from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { collect, recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();
const one = (): number => 1;

class Graph {
  @traceWorkflow({ name: 'decorated', attributes: { low: { tier: 'gold' } } })
  async run(): Promise<number> {
    return this.step();
  }

  @traceNode({ name: 'step', type: 'io' })
  step(): number {
    return 1;
  }
}

beforeEach(async () => {
  spans.take();
  await measurements.take();
});

describe('a workflow', () => {
  it('names itself on all that runs within it', async () => {
    const run = traceWorkflow('ask', async () => {
      await Promise.resolve();
      traceNode('load', one)();
      // A span between that is none of ours passes it on.
      measurePerformance('between', traceNode('deep', one))();
      traceTool('search', one)();
      traceAgent('helper', one)();
      traceRetrieval('docs', one)();
      traceMemoryOperation({ operation: 'get', store: 's' }, one)();
      traceLLM({ provider: 'p', cost: false }, one)();
    });
    await run();
    traceNode('outside', one)();
    const workflows = spans.take().map((span) => [span.name, span.attributes['gen_ai.workflow.name']]);
    expect(workflows).toEqual([
      ['run_step load', 'ask'],
      ['run_step deep', 'ask'],
      ['between', undefined],
      ['execute_tool search', 'ask'],
      ['invoke_agent helper', 'ask'],
      ['retrieval docs', 'ask'],
      ['get_memory', 'ask'],
      ['chat', 'ask'],
      ['invoke_workflow ask', 'ask'],
      ['run_step outside', undefined],
    ]);
  });

  it('is known in the body of a generator', async () => {
    const run = traceWorkflow('stream', async function* () {
      yield traceNode('first', one)();
      await Promise.resolve();
      yield traceNode('second', one)();
    });
    expect(await collect(run())).toEqual([1, 1]);
    expect(spans.take().map((span) => span.attributes['gen_ai.workflow.name'])).toEqual(['stream', 'stream', 'stream']);
  });

  it('within another is the one that its own nodes name', () => {
    const inner = traceWorkflow('inner', traceNode('a', one));
    traceWorkflow('outer', () => [inner(), traceNode('b', one)()])();
    const nodes = spans.take().filter((span) => span.name.startsWith('run_step'));
    expect(nodes.map((span) => span.attributes['gen_ai.workflow.name'])).toEqual(['inner', 'outer']);
  });

  it('is measured, and so are its nodes, by how they ended', async () => {
    const graph = new Graph();
    expect(await graph.run()).toBe(1);
    const failing = traceWorkflow('ask', () => {
      throw new RangeError('no');
    });
    expect(failing).toThrow('no');
    const taken = await measurements.take();
    expect(taken.get('gen_ai.workflow.duration')?.map(({ attributes, count }) => [attributes, count])).toEqual([
      [{ 'gen_ai.workflow.name': 'decorated', tier: 'gold' }, 1],
      [{ 'gen_ai.workflow.name': 'ask', 'error.type': 'RangeError' }, 1],
    ]);
    expect(taken.get('gen_ai.run_step.duration')?.map(({ attributes }) => attributes)).toEqual([
      { 'gen_ai.step.name': 'step', 'evenkeel.node.type': 'io', 'gen_ai.workflow.name': 'decorated' },
    ]);
  });
});
