// Tools of agents: becoming ready, execution, cleaning up, and how many calls run at a time.
import type { SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
} from './observe.ts';
import type { AttributesOption, LowAttributes } from './attributes.ts';
import { contentText } from './bounded-text.ts';
import { type Call, Metering, type Watch } from './call.ts';
import { asked, known } from './results.ts';
import { markWorkflow } from './run-context.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, GEN_AI_OPERATION } from '../names.ts';

/** Options of {@link traceTool}. */
export interface ToolOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Name of the tool, one of few. */
  readonly name: string;
  /**
   * Which part of the life of the tool this function is: `execution` unless set. What it takes to become ready or to
   * clean up is measured by itself, and is a child span of the execution within which it runs.
   */
  readonly phase?: 'initialization' | 'execution' | 'cleanup';
  /** `function`, `extension` or `datastore` (convention). */
  readonly type?: string;
  readonly description?: string;
  /** The id the model gave to this call; unless set, that of a second argument as the AI SDK passes it. */
  readonly callId?: (args: Args) => string | undefined;
  /** Records arguments and result, which may be of users, as bounded text. */
  readonly captureContent?: boolean;
  readonly attributes?: AttributesOption<Args, Low>;
  /** INTERNAL unless set. */
  readonly kind?: SpanKind;
}

const PHASES = {
  initialization: { operation: GEN_AI_OPERATION.toolInitialization, duration: GEN_AI_METRIC.toolInitialization },
  execution: { operation: GEN_AI_OPERATION.tool, duration: GEN_AI_METRIC.toolDuration },
  cleanup: { operation: GEN_AI_OPERATION.toolCleanup, duration: GEN_AI_METRIC.toolCleanup },
} as const;

/**
 * Traces one call of a tool as the span `execute_tool {name}`; decorator or wrapper.
 *
 * Durations go to `gen_ai.execute_tool.duration`, `gen_ai.tool.initialization.duration` and
 * `gen_ai.tool.cleanup.duration`, by phase; calls that run to `gen_ai.tool.running`.
 */
export function traceTool<F extends AnyFunction, const Low extends LowAttributes>(
  nameOrOptions: string | ToolOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceTool<Args extends readonly unknown[] = unknown[], const Low extends LowAttributes = LowAttributes>(
  nameOrOptions: string | ToolOptions<Args, Low>,
): Instrument<Args>;
export function traceTool(nameOrOptions: string | ToolOptions<never>, fn?: AnyFunction): unknown {
  return instrument(() => toolObservation(nameOrOptions), fn);
}

function toolObservation(nameOrOptions: string | ToolOptions<never>): Observation {
  const options: ToolOptions<never> = typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  const { name, phase = 'execution', type, description, kind, attributes } = options;
  const { operation, duration } = (PHASES as Partial<typeof PHASES>)[phase] ?? PHASES.execution;
  const measured = known({
    [GEN_AI_ATTRIBUTE.genAiOperation]: operation,
    [GEN_AI_ATTRIBUTE.genAiToolName]: name,
    [GEN_AI_ATTRIBUTE.genAiToolType]: type,
  });
  const own = { ...measured, ...known({ [GEN_AI_ATTRIBUTE.genAiToolDescription]: description }) };
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  return {
    name: `${operation} ${name}`,
    kind,
    fixed,
    fromArguments,
    metering: new Metering({ ...measured, ...low }, duration, undefined),
    watch: phase === 'execution' ? executions(options) : ({ span }) => void markWorkflow(span),
  };
}

function executions({ name, callId = givenId, captureContent }: ToolOptions<never>): Observation['watch'] {
  const counted = { [GEN_AI_ATTRIBUTE.genAiToolName]: name };
  let running = 0;
  return (call, args): Watch => {
    const captured = captureContent === true && call.span.isRecording();
    if (call.span.isRecording()) describe(call, args, callId, captured);
    running++;
    call.meters?.get(GEN_AI_METRIC.toolRunning).add(1, counted);
    call.span.setAttribute(GEN_AI_ATTRIBUTE.toolConcurrency, running);
    return {
      value(result) {
        const text = captured ? contentText(result) : undefined;
        if (text !== undefined) call.span.setAttribute(GEN_AI_ATTRIBUTE.genAiToolResult, text);
      },
      over() {
        running--;
        call.meters?.get(GEN_AI_METRIC.toolRunning).add(-1, counted);
      },
    };
  };
}

function describe(
  { span }: Call,
  args: readonly unknown[],
  callId: (args: never) => string | undefined,
  isCaptured: boolean,
): void {
  markWorkflow(span);
  const id: unknown = asked(callId, args);
  if (typeof id === 'string') span.setAttribute(GEN_AI_ATTRIBUTE.genAiToolCallId, id);
  const text = isCaptured ? asked(() => contentText(args[0]), args) : undefined;
  if (text !== undefined) span.setAttribute(GEN_AI_ATTRIBUTE.genAiToolArguments, text);
}

function givenId([, options]: [unknown, unknown]): string | undefined {
  const { toolCallId } = (options ?? {}) as { toolCallId?: unknown };
  return typeof toolCallId === 'string' ? toolCallId : undefined;
}
