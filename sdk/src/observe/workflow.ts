// Graph runs and their steps, named as the GenAI conventions name workflows and steps.
import { type AnyFunction, type ArgumentsOf, attributesFrom, decorator, type Instrument, observe } from './observe.ts';
import type { AttributesOption, LowAttributes } from './attributes.ts';
import { ATTRIBUTE, GEN_AI_OPERATION } from '../names.ts';

/** Options of {@link traceWorkflow}. */
export interface WorkflowOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Name of the workflow, not of the single run. */
  readonly name: string;
  readonly attributes?: AttributesOption<Args, Low>;
}

/** Options of {@link traceNode}. */
export interface NodeOptions<Args, Low extends LowAttributes = LowAttributes> extends WorkflowOptions<Args, Low> {
  /** Kind of step, such as `load` or `transform`. */
  readonly type?: string;
}

/** Traces one run of a workflow as the span `invoke_workflow {name}`; decorator or wrapper. */
export function traceWorkflow<F extends AnyFunction, const Low extends LowAttributes>(
  nameOrOptions: string | WorkflowOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceWorkflow<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(nameOrOptions: string | WorkflowOptions<Args, Low>): Instrument<Args>;
export function traceWorkflow(nameOrOptions: string | WorkflowOptions<never>, fn?: AnyFunction): unknown {
  const { name, attributes } = typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  const fixed = { [ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.workflow, [ATTRIBUTE.genAiWorkflow]: name };
  const observation = { name: `${GEN_AI_OPERATION.workflow} ${name}`, ...attributesFrom(attributes, fixed) };
  return fn ? observe(observation, fn) : decorator(observation);
}

/** Traces one step of a workflow as the span `run_step {name}`; decorator or wrapper. */
export function traceNode<F extends AnyFunction, const Low extends LowAttributes>(
  nameOrOptions: string | NodeOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceNode<Args extends readonly unknown[] = unknown[], const Low extends LowAttributes = LowAttributes>(
  nameOrOptions: string | NodeOptions<Args, Low>,
): Instrument<Args>;
export function traceNode(nameOrOptions: string | NodeOptions<never>, fn?: AnyFunction): unknown {
  const { name, type, attributes }: NodeOptions<never> =
    typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  const fixed = {
    [ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.node,
    [ATTRIBUTE.genAiStep]: name,
    ...(type !== undefined && { [ATTRIBUTE.nodeType]: type }),
  };
  const observation = { name: `${GEN_AI_OPERATION.node} ${name}`, ...attributesFrom(attributes, fixed) };
  return fn ? observe(observation, fn) : decorator(observation);
}
