// Which workflow a call belongs to, however deep it is: a value of the context, so that it survives spans between.
import { type Context, context, createContextKey, type Span } from '@opentelemetry/api';
import { GEN_AI_ATTRIBUTE } from '../names.ts';

/** One run of a workflow; each run is an object of its own. */
export interface WorkflowRun {
  readonly name: string;
}

// Made of a name, so it is the same in all copies of this package.
const KEY = createContextKey('evenkeel.workflow');

/** Makes the contexts of runs. */
export function entering(name: string): (around: Context) => Context {
  return (around) => around.setValue(KEY, { name } satisfies WorkflowRun);
}

/** The run that a context belongs to. */
export function workflowIn(around: Context): WorkflowRun | undefined {
  return around.getValue(KEY) as WorkflowRun | undefined;
}

/** Names the workflow around a call on its span. To be called before the call runs. @returns its name */
export function markWorkflow(span: Span): string | undefined {
  const run = workflowIn(context.active());
  if (run !== undefined) span.setAttribute(GEN_AI_ATTRIBUTE.genAiWorkflow, run.name);
  return run?.name;
}
