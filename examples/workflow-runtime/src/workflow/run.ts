// Runs a workflow: each node as soon as what it reads is there, independent nodes side by side.
import { traceWorkflow } from '@evenkeel/sdk';
import { RuntimeError } from '../errors.ts';
import type { WorkflowNode } from './define.ts';
import { findProblems, orderNodes } from './validate.ts';

/** How a node ended; skipped: a node it reads from failed. */
export type NodeOutcome = 'done' | 'failed' | 'skipped';

export type RunWorkflow<V, I extends keyof V> = (
  input: Pick<V, I>,
  onNode?: (name: string, outcome: NodeOutcome) => void,
) => Promise<V>;

/**
 * Makes a workflow runnable. A run resolves to all values; it rejects with the first node's error when all nodes that
 * could run have ended, so that nothing goes on in the background.
 *
 * @param inputs names of the values that the caller gives
 * @throws WORKFLOW_INVALID with every problem
 */
export function compileWorkflow<V extends object, I extends keyof V & string>(
  name: string,
  inputs: readonly I[],
  nodes: readonly WorkflowNode<V>[],
): RunWorkflow<V, I> {
  const problems = findProblems(nodes, inputs);
  if (problems.length > 0) throw new RuntimeError('WORKFLOW_INVALID', `${name}: ${problems.join('; ')}`);
  const ordered = orderNodes(nodes);

  return traceWorkflow(
    name,
    async (input: Pick<V, I>, onNode: (name: string, outcome: NodeOutcome) => void = ignore) => {
      const values: Record<string, unknown> = { ...input };
      const written = new Map<string, Promise<void>>();
      for (const node of ordered) {
        const needed = Promise.all(node.reads.map((value) => written.get(value)));
        const ended = needed.then(
          async () => {
            try {
              // The order guarantees that every value this node may look at is set.
              values[node.writes] = await node.run(values as V);
              onNode(node.name, 'done');
            } catch (error) {
              onNode(node.name, 'failed');
              throw error;
            }
          },
          (error: unknown) => {
            onNode(node.name, 'skipped');
            throw error;
          },
        );
        written.set(node.writes, ended);
      }
      const failed = (await Promise.allSettled(written.values())).find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return values as V; // Every value is an input or was written by a node.
    },
  );
}

function ignore(): void {}
