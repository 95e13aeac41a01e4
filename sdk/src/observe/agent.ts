// Agents: one invocation from its start to the end of its answer, whatever models and tools it uses on the way.
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
import { Metering } from './call.ts';
import { ResponseReader, usageAttributes } from './llm-response.ts';
import { asked, known } from './results.ts';
import { markWorkflow } from './run-context.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, GEN_AI_OPERATION } from '../names.ts';

/** Options of {@link traceAgent}. */
export interface AgentOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Name of the agent, one of few. */
  readonly name: string;
  /** Identifier of the agent where a service knows it by one. */
  readonly id?: string;
  readonly version?: string;
  readonly description?: string;
  /** Value of `gen_ai.provider.name`, such as `openai`, where one provider runs or feeds the agent. */
  readonly provider?: string;
  /** The conversation that an invocation belongs to. */
  readonly session?: (args: Args) => string | undefined;
  readonly attributes?: AttributesOption<Args, Low>;
  /** INTERNAL unless set; CLIENT suits an agent that runs elsewhere (convention). */
  readonly kind?: SpanKind;
}

/**
 * Traces one invocation of an agent as the span `invoke_agent {name}`; decorator or wrapper.
 *
 * Its duration goes to `gen_ai.invoke_agent.duration`. Tokens in the result are recorded on the span alone: the calls of
 * models within count them.
 */
export function traceAgent<F extends AnyFunction, const Low extends LowAttributes>(
  nameOrOptions: string | AgentOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceAgent<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(nameOrOptions: string | AgentOptions<Args, Low>): Instrument<Args>;
export function traceAgent(nameOrOptions: string | AgentOptions<never>, fn?: AnyFunction): unknown {
  return instrument(() => agentObservation(nameOrOptions), fn);
}

function agentObservation(nameOrOptions: string | AgentOptions<never>): Observation {
  const { name, id, version, description, provider, session, kind, attributes }: AgentOptions<never> =
    typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  const measured = known({
    [GEN_AI_ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.agent,
    [GEN_AI_ATTRIBUTE.genAiAgentName]: name,
    [GEN_AI_ATTRIBUTE.genAiProvider]: provider,
    [GEN_AI_ATTRIBUTE.genAiAgentVersion]: version,
  });
  const own = {
    ...measured,
    ...known({ [GEN_AI_ATTRIBUTE.genAiAgentId]: id, [GEN_AI_ATTRIBUTE.genAiAgentDescription]: description }),
  };
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  return {
    name: `${GEN_AI_OPERATION.agent} ${name}`,
    kind,
    fixed,
    fromArguments,
    metering: new Metering({ ...measured, ...low }, GEN_AI_METRIC.agentDuration, undefined),
    watch({ span }, args) {
      if (!span.isRecording()) return undefined;
      markWorkflow(span);
      const conversation = asked(session, args);
      if (conversation !== undefined) span.setAttribute(GEN_AI_ATTRIBUTE.genAiConversation, conversation);
      const reader = new ResponseReader();
      return {
        value: (result) => reader.read(result),
        item: (chunk) => reader.read(chunk),
        over: () => void span.setAttributes(usageAttributes(reader.response)),
      };
    },
  };
}
