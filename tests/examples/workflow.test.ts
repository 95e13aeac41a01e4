import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { nodesOver } from '../../examples/workflow-runtime/src/workflow/define.ts';
import { compileWorkflow } from '../../examples/workflow-runtime/src/workflow/run.ts';
import { findProblems, orderNodes } from '../../examples/workflow-runtime/src/workflow/validate.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

const shape = (name: string, reads: string[], writes: string) => ({ name, reads, writes });

test('finds no problem in a sound workflow and orders it by what nodes read', () => {
  const nodes = [
    shape('last', ['b', 'c'], 'd'),
    shape('left', ['a'], 'b'),
    shape('right', ['a', 'in'], 'c'),
    shape('first', ['in'], 'a'),
  ];
  expect(findProblems(nodes, ['in'])).toEqual([]);
  const order = orderNodes(nodes).map(({ name }) => name);
  expect(order[0]).toBe('first');
  expect(order.at(-1)).toBe('last');
});

test('names every problem of a workflow at once', () => {
  const nodes = [
    shape('one', ['nowhere'], 'a'),
    shape('one', [], 'b'),
    shape('again', [], 'a'),
    shape('over', [], 'in'),
    shape('hen', ['egg'], 'chick'),
    shape('lay', ['chick'], 'egg'),
    shape('self', ['itself'], 'itself'),
  ];
  expect(findProblems(nodes, ['in'])).toEqual([
    'two nodes are named "one"',
    'node "again" writes "a", which node "one" gives already',
    'node "over" writes "in", which the input gives already',
    'node "one" reads "nowhere", which nothing writes',
    'nodes wait for each other: hen, lay',
    'nodes wait for each other: self',
  ]);
});

interface Values {
  start: number;
  doubled: number;
  text: string;
  both: string;
}
const node = nodesOver<Values>();
const double = node('double', { reads: ['start'], writes: 'doubled', run: ({ start }) => start * 2 });
const spell = node('spell', { reads: ['start'], writes: 'text', run: async ({ start }) => `n${start}` });
const join = node('join', {
  reads: ['doubled', 'text'],
  writes: 'both',
  run: ({ doubled, text }) => `${text}:${doubled}`,
});

test('refuses to compile an unsound workflow', () => {
  expect(() => compileWorkflow<Values, 'start'>('broken', ['start'], [join, join])).toThrow(
    expect.objectContaining({ code: 'WORKFLOW_INVALID', message: expect.stringMatching(/two nodes.*nothing writes/) }),
  );
});

test('runs every node once and passes values on', async () => {
  const run = compileWorkflow<Values, 'start'>('sums', ['start'], [join, spell, double]);
  const outcomes: string[] = [];
  const values = await run({ start: 4 }, (name, outcome) => outcomes.push(`${name} ${outcome}`));
  expect(values).toEqual({ start: 4, doubled: 8, text: 'n4', both: 'n4:8' });
  expect(outcomes.toSorted()).toEqual(['double done', 'join done', 'spell done']);
});

test('can run again and side by side, each run with its own values', async () => {
  const run = compileWorkflow<Values, 'start'>('sums', ['start'], [double, spell, join]);
  const results = await Promise.all([run({ start: 1 }), run({ start: 2 })]);
  expect(results.map(({ both }) => both)).toEqual(['n1:2', 'n2:4']);
});

test('skips what depends on a failed node, ends the others, then rejects with that error', async () => {
  const broken = new Error('broken');
  const fail = node('fail', {
    reads: ['start'],
    writes: 'doubled',
    run: () => {
      throw broken;
    },
  });
  const run = compileWorkflow<Values, 'start'>('sums', ['start'], [fail, spell, join]);
  const outcomes: string[] = [];
  await expect(run({ start: 1 }, (name, outcome) => outcomes.push(`${name} ${outcome}`))).rejects.toBe(broken);
  expect(outcomes.toSorted()).toEqual(['fail failed', 'join skipped', 'spell done']);
});

test('makes the run a span and each node a child of it, with the failed ones as errors', async () => {
  const fail = node('fail', {
    reads: [],
    writes: 'text',
    run: async () => {
      throw new Error('broken');
    },
  });
  const run = compileWorkflow<Values, 'start'>('sums', ['start'], [double, fail]);
  await expect(run({ start: 1 })).rejects.toThrow('broken');
  const workflow = spans.all().find((span) => span.parentSpanContext === undefined);
  const nodes = spans.all().filter((span) => span !== workflow);
  expect(workflow?.status.code).toBe(SpanStatusCode.ERROR);
  expect(nodes.map((span) => span.parentSpanContext?.spanId)).toEqual(nodes.map(() => workflow?.spanContext().spanId));
  expect(nodes.map((span) => [span.attributes['gen_ai.step.name'], span.status.code === SpanStatusCode.ERROR])).toEqual(
    [
      ['double', false],
      ['fail', true],
    ],
  );
});
