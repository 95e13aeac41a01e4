// Graph runs and their steps, named as the GenAI conventions name workflows and steps.
import type { SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
} from './observe.ts';
import { type AttributesOption, type LowAttributes, lowCardinality, LowLimits } from './attributes.ts';
import { Metering } from './call.ts';
import { entering, markWorkflow } from './run-context.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, GEN_AI_OPERATION } from '../names.ts';

/** Options of {@link traceWorkflow}. */
export interface WorkflowOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Name of the workflow, not of the single run. */
  readonly name: string;
  readonly attributes?: AttributesOption<Args, Low>;
  /** INTERNAL unless set. */
  readonly kind?: SpanKind;
}

/** Options of {@link traceNode}. */
export interface NodeOptions<Args, Low extends LowAttributes = LowAttributes> extends WorkflowOptions<Args, Low> {
  /** Kind of step, such as `load` or `transform`; one of few. */
  readonly type?: string;
}

/** Workflows whose names a step has series for. */
const MAX_WORKFLOWS = 100;

/**
 * Traces one run of a workflow as the span `invoke_workflow {name}`; decorator or wrapper.
 *
 * Its duration goes to `gen_ai.workflow.duration`, and its name to the spans of all that this package traces within it.
 */
export function traceWorkflow<F extends AnyFunction, const Low extends LowAttributes>(
  nameOrOptions: string | WorkflowOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceWorkflow<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(nameOrOptions: string | WorkflowOptions<Args, Low>): Instrument<Args>;
export function traceWorkflow(nameOrOptions: string | WorkflowOptions<never>, fn?: AnyFunction): unknown {
  return instrument(
    () => workflowObservation(typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions),
    fn,
  );
}

/** What runs of a workflow look like. */
export function workflowObservation({ name, kind, attributes }: WorkflowOptions<never>): Observation {
  const own = { [GEN_AI_ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.workflow, [GEN_AI_ATTRIBUTE.genAiWorkflow]: name };
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  return {
    name: `${GEN_AI_OPERATION.workflow} ${name}`,
    kind,
    fixed,
    fromArguments,
    metering: new Metering(
      { [GEN_AI_ATTRIBUTE.genAiWorkflow]: name, ...low },
      GEN_AI_METRIC.workflowDuration,
      undefined,
    ),
    enter: entering(name),
  };
}

/**
 * Traces one step of a workflow as the span `run_step {name}`; decorator or wrapper.
 *
 * Not for steps that are a call of an agent, a tool, a model, a memory or a data source: those are steps by themselves
 * (convention). Its duration goes to `gen_ai.run_step.duration`, with the name of the workflow it ran in.
 */
export function traceNode<F extends AnyFunction, const Low extends LowAttributes>(
  nameOrOptions: string | NodeOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceNode<Args extends readonly unknown[] = unknown[], const Low extends LowAttributes = LowAttributes>(
  nameOrOptions: string | NodeOptions<Args, Low>,
): Instrument<Args>;
export function traceNode(nameOrOptions: string | NodeOptions<never>, fn?: AnyFunction): unknown {
  return instrument(() => nodeObservation(nameOrOptions), fn);
}

function nodeObservation(nameOrOptions: string | NodeOptions<never>): Observation {
  const { name, type, kind, attributes }: NodeOptions<never> =
    typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  const kindOfNode = type !== undefined && { [GEN_AI_ATTRIBUTE.nodeType]: type };
  const own = {
    [GEN_AI_ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.node,
    [GEN_AI_ATTRIBUTE.genAiStep]: name,
    ...kindOfNode,
  };
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  const limits = new LowLimits();
  return {
    name: `${GEN_AI_OPERATION.node} ${name}`,
    kind,
    fixed,
    fromArguments,
    metering: new Metering(
      { [GEN_AI_ATTRIBUTE.genAiStep]: name, ...kindOfNode, ...low },
      GEN_AI_METRIC.nodeDuration,
      undefined,
    ),
    watch(call) {
      const workflow = markWorkflow(call.span);
      if (workflow === undefined) return undefined;
      call.add({ low: { [GEN_AI_ATTRIBUTE.genAiWorkflow]: lowCardinality(workflow, MAX_WORKFLOWS) } }, limits);
      return undefined;
    },
  };
}
