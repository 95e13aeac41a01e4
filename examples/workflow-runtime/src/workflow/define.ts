// What a workflow is made of: nodes that read named values and write one. The edges of the graph follow from that, so
// nobody writes them down a second time.
import { traceNode } from '@evenkeel/sdk';

/** One step of a workflow over the values `V`. */
export interface WorkflowNode<V> {
  /** Unique in its workflow; part of operation names, so a fixed word. */
  readonly name: string;
  readonly reads: readonly (keyof V & string)[];
  readonly writes: keyof V & string;
  /** Traced as a node. Gets every value it reads. */
  run(values: V): unknown;
}

/** Defines nodes over the values `V`: a node's function sees only what it reads and returns what it writes. */
export function nodesOver<V extends object>() {
  return <R extends keyof V & string, W extends keyof V & string>(
    name: string,
    node: { reads: readonly R[]; writes: W; run(values: Pick<V, R>): V[W] | Promise<V[W]> },
  ): WorkflowNode<V> => ({
    name,
    reads: node.reads,
    writes: node.writes,
    run: traceNode(name, (values: Pick<V, R>) => node.run(values)),
  });
}
