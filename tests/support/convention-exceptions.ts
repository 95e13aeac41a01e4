// Names of ours that the registry's package does not hold, each with the reason. Nothing else may be unknown.

/** By a name or, with a star at its end, by how names begin. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'evenkeel.*': 'no convention knows it: what is ours says so',
  'error.type=*': 'each program has its own; the registry lists what stands for the rest',
  'v8js.resource.type=*': 'written by the instrumentation of OpenTelemetry itself',
  'package.path': 'what the reference runtime works on; attributes of its subject are its own',
  'gen_ai.step.name': 'merged into the GenAI conventions (semantic-conventions-genai#188), which have no package yet',
  'gen_ai.operation.name=run_step': 'as gen_ai.step.name',
  'gen_ai.memory.store.id': 'merged into the GenAI conventions (semantic-conventions-genai#140)',
  'gen_ai.operation.name=search_memory': 'as gen_ai.memory.store.id',
  'gen_ai.operation.name=upsert_memory': 'as gen_ai.memory.store.id',
  'gen_ai.operation.name=create_memory': 'as gen_ai.memory.store.id',
  'gen_ai.operation.name=update_memory': 'as gen_ai.memory.store.id',
  'gen_ai.operation.name=delete_memory': 'as gen_ai.memory.store.id',
  'gen_ai.operation.name=get_memory': 'ours: a look-up by key costs otherwise than a search, and has its own series',
};

/** Whether there is a reason for a name, or for `name=value`. */
export function isExcepted(name: string): boolean {
  return Object.keys(EXCEPTIONS).some((known) =>
    known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known,
  );
}
