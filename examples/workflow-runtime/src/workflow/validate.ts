// Checks a workflow before it runs, and puts its nodes in order. All problems are found at once.
import { alg, Graph } from '@dagrejs/graphlib';
import type { WorkflowNode } from './define.ts';

type Shape = Pick<WorkflowNode<Record<string, unknown>>, 'name' | 'reads' | 'writes'>;

/**
 * Lists everything that keeps a workflow from running: names used twice, values written twice or over an input, values
 * that nobody writes, nodes that wait for each other. An empty list means it can run.
 *
 * @param inputs values that are there from the start
 */
export function findProblems(nodes: readonly Shape[], inputs: readonly string[]): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  const writers = new Map<string, string>();
  for (const { name, writes } of nodes) {
    if (names.has(name)) problems.push(`two nodes are named "${name}"`);
    names.add(name);
    const other = inputs.includes(writes) ? 'the input' : writers.get(writes);
    if (other !== undefined) problems.push(`node "${name}" writes "${writes}", which ${other} gives already`);
    else writers.set(writes, `node "${name}"`);
  }
  for (const { name, reads } of nodes) {
    for (const value of reads) {
      if (!inputs.includes(value) && !writers.has(value)) {
        problems.push(`node "${name}" reads "${value}", which nothing writes`);
      }
    }
  }
  for (const cycle of alg.findCycles(graphOf(nodes))) {
    problems.push(`nodes wait for each other: ${cycle.toSorted().join(', ')}`);
  }
  return problems;
}

/** Orders nodes so that each comes after those it reads from. Call it only on a workflow without problems. */
export function orderNodes<N extends Shape>(nodes: readonly N[]): N[] {
  const order = alg.topsort(graphOf(nodes));
  return nodes.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function graphOf(nodes: readonly Shape[]): Graph {
  const graph = new Graph();
  for (const node of nodes) graph.setNode(node.name);
  for (const node of nodes) {
    for (const writer of nodes) if (node.reads.includes(writer.writes)) graph.setEdge(writer.name, node.name);
  }
  return graph;
}
