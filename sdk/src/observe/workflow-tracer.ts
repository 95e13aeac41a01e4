// For programs whose graphs are data: spans of workflows and of nodes that are known when they run, not when they are written.
import { context } from '@opentelemetry/api';
import type { CallAttributes, LowAttributes } from './attributes.ts';
import { observe } from './observe.ts';
import { workflowIn } from './run-context.ts';
import { traceNode, workflowObservation } from './workflow.ts';
import { OTHER } from '../names.ts';

/** One run of a workflow that was started. */
export interface StartedWorkflow {
  /** Runs a node at once, as a child of the workflow or of the node it is called in. @returns what `fn` returns */
  node<R>(name: string, type: string, fn: () => R): R;
  node<R>(name: string, fn: () => R): R;
  /** Runs something else within the workflow, without a span of its own. */
  with<R>(fn: () => R): R;
  /** Ends it, once; failed when there is an error. */
  end(error?: unknown): void;
}

/** Makes spans of graphs that are made at run time. */
export interface WorkflowTracer {
  /** Starts a run, which whoever started it has to end. */
  startWorkflow<const Low extends LowAttributes>(name: string, attributes?: CallAttributes<Low>): StartedWorkflow;
  /** Runs a workflow from begin to end. @returns what `fn` returns */
  run<R>(name: string, fn: (workflow: StartedWorkflow) => R): R;
  run<R, const Low extends LowAttributes>(
    name: string,
    attributes: CallAttributes<Low>,
    fn: (workflow: StartedWorkflow) => R,
  ): R;
}

/** Kinds of workflows and of nodes that are told apart; more would be series without end. */
const MAX_NAMES = 1000;

type Runner<P extends unknown[]> = (...args: P) => unknown;

/** Makes each runner once, as long as there are few; all others share one. */
class Runners<P extends unknown[]> {
  readonly #made = new Map<string, Runner<P>>();
  readonly #make: (name: string, type: string | undefined) => Runner<P>;

  constructor(make: (name: string, type: string | undefined) => Runner<P>) {
    this.#make = make;
  }

  get(given: string, type?: string): Runner<P> {
    // Graphs that are data may name their steps by anything.
    const name = typeof given === 'string' ? given : OTHER;
    const key = type === undefined ? name : `${name.length}:${name}${type}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    if (this.#made.size > MAX_NAMES) return this.get(OTHER);
    const runner = this.#made.size === MAX_NAMES ? this.#make(OTHER, undefined) : this.#make(name, type);
    this.#made.set(this.#made.size === MAX_NAMES ? OTHER : key, runner);
    return runner;
  }
}

const nodes = new Runners<[work: () => unknown]>((name, type) =>
  traceNode({ name, ...(type !== undefined && { type }) }, (work: () => unknown) => work()),
);

const whole = new Runners<[work: () => unknown, attributes: CallAttributes]>((name) =>
  observe(
    { ...workflowObservation({ name }), fromArguments: ([, attributes]: [unknown, CallAttributes]) => attributes },
    (work: () => unknown, _attributes: CallAttributes) => work(),
  ),
);

/** Runs that end when they are told to, which is what their callback is for. */
const started = new Runners<[work: (end: (error?: unknown) => void) => void, CallAttributes, () => void]>((name) =>
  observe(
    {
      ...workflowObservation({ name }),
      fromArguments: ([, attributes]: [unknown, CallAttributes]) => attributes,
      isCallback: true,
    },
    (work: (end: (error?: unknown) => void) => void, _attributes: CallAttributes, end: (error?: unknown) => void) =>
      work(end),
  ),
);

function startedHere(end: (error?: unknown) => void): StartedWorkflow {
  const active = context.active();
  const run = workflowIn(active);
  return {
    node<R>(name: string, typeOrFn: string | (() => R), fn?: () => R): R {
      const type = typeof typeOrFn === 'string' ? typeOrFn : undefined;
      const work = typeof typeOrFn === 'string' ? fn : typeOrFn;
      const runNode = (): R => nodes.get(name, type)(work as () => unknown) as R;
      // A node that is called within another of this run is its child.
      const isInside = run !== undefined && workflowIn(context.active()) === run;
      return isInside ? runNode() : context.with(active, runNode);
    },
    with: (fn) => context.with(active, fn),
    end,
  };
}

const tracer: WorkflowTracer = {
  startWorkflow(name, attributes = {}) {
    let workflow: StartedWorkflow | undefined;
    const work = (end: (error?: unknown) => void): void => {
      workflow = startedHere(end);
    };
    started.get(name)(work, attributes as CallAttributes, () => {});
    return workflow as unknown as StartedWorkflow;
  },
  run<R>(name: string, second: unknown, third?: (workflow: StartedWorkflow) => R): R {
    const fn = (third ?? second) as (workflow: StartedWorkflow) => R;
    const attributes = (third === undefined ? {} : second) as CallAttributes;
    return whole.get(name)(() => fn(startedHere(() => {})), attributes) as R;
  },
};

/** Gives the tracer for graphs that are made at run time; the same one each time. */
export function getWorkflowTracer(): WorkflowTracer {
  return tracer;
}
