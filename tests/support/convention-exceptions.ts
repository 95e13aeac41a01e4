// Names of ours that the registry's package does not hold, each with the reason. Nothing else may be unknown.

const OURS = 'no convention knows it: what is ours says so';
const GEN_AI = 'in the GenAI conventions (semantic-conventions-genai), which have no package yet';
const MEMORY = `memory operations are ${GEN_AI} (#140)`;
const DRAFT = 'a draft of the GenAI conventions, and what the sidecar and its presets read';
const NO_CONVENTION = 'there is no convention; named by what it is, as the sidecar reads it';

/** By a name or, with a star at its end, by how names begin. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'evenkeel.*': OURS,
  'error.type=*': 'each program has its own; the registry lists what stands for the rest',
  'v8js.resource.type=*': 'written by the instrumentation of OpenTelemetry itself',
  'otel.component.type=otlp_http_exporter': 'the values that are listed have a protocol in their name; ours is either',
  'package.path': 'what the reference runtime works on; attributes of its subject are its own',
  'gen_ai.step.name': `${GEN_AI} (#188)`,
  'gen_ai.operation.name=run_step': `${GEN_AI} (#188)`,
  'gen_ai.operation.name=search_memory': MEMORY,
  'gen_ai.operation.name=upsert_memory': MEMORY,
  'gen_ai.operation.name=create_memory': MEMORY,
  'gen_ai.operation.name=update_memory': MEMORY,
  'gen_ai.operation.name=delete_memory': MEMORY,
  'gen_ai.operation.name=get_memory': 'ours: a look-up by key costs otherwise than a search, and has its own series',
  'gen_ai.operation.name=initialize_tool': 'ours: to begin and to end a tool costs otherwise than to use it',
  'gen_ai.operation.name=clean_up_tool': 'ours: to begin and to end a tool costs otherwise than to use it',
  'gen_ai.operation.name=fallback': 'ours: the span around the models that are tried in turn',
  'gen_ai.memory.*': MEMORY,
  'gen_ai.usage.cost.*': `${DRAFT} (#443)`,
  'gen_ai.token.cache': DRAFT,
  'gen_ai.token.phase': DRAFT,
  'gen_ai.client.cost': `${DRAFT} (#443)`,
  'gen_ai.client.inference.*': DRAFT,
  'gen_ai.client.fallbacks': NO_CONVENTION,
  'gen_ai.evaluation.score': NO_CONVENTION,
  'gen_ai.workflow.duration': GEN_AI,
  'gen_ai.invoke_agent.duration': GEN_AI,
  'gen_ai.execute_tool.duration': GEN_AI,
  'gen_ai.run_step.duration': `${GEN_AI} (#188)`,
  'gen_ai.tool.*': NO_CONVENTION,
  'db.client.transaction.duration': NO_CONVENTION,
  'db.client.lock.wait_time': NO_CONVENTION,
  'agent.queue.size': NO_CONVENTION,
  'cache.*': NO_CONVENTION,
  'connection.*': NO_CONVENTION,
  'object_pool.*': NO_CONVENTION,
  'queue.*': NO_CONVENTION,
  'resilience.*': NO_CONVENTION,
  'websocket.*': NO_CONVENTION,
};

/** Whether there is a reason for a name, or for `name=value`. */
export function isExcepted(name: string): boolean {
  return Object.keys(EXCEPTIONS).some((known) =>
    known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known,
  );
}
