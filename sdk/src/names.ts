// Every span and attribute name the SDK writes, semantic conventions first, so that a rename is one line.
// The constants are spelled out instead of imported: importing a decorator must load nothing but the API.

/** Name of the instrumentation scope of every span the SDK makes. */
export const SCOPE_NAME = '@evenkeel/sdk';

/** Version of the instrumentation scope; a test keeps it equal to package.json. */
export const SCOPE_VERSION = '0.1.0';

/**
 * Attribute keys by their role.
 *
 * @see OpenTelemetry semantic conventions 1.45 (`error.*`, `db.*`, `service.*` are stable) and the GenAI conventions
 * (in development; `run_step` and `gen_ai.step.name` were merged by semantic-conventions-genai#188)
 */
export const ATTRIBUTE = {
  errorType: 'error.type',
  genAiOperation: 'gen_ai.operation.name',
  genAiWorkflow: 'gen_ai.workflow.name',
  genAiStep: 'gen_ai.step.name',
  genAiMemoryStore: 'gen_ai.memory.store.id',
  dbSystem: 'db.system.name',
  dbOperation: 'db.operation.name',
  dbCollection: 'db.collection.name',
  dbQueryText: 'db.query.text',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  /** No convention knows the kind of a step, so this key is ours. */
  nodeType: 'evenkeel.node.type',
} as const;

/** Value of `error.type` when nothing better is known (convention). */
export const ERROR_TYPE_OTHER = '_OTHER';

/** Values of `gen_ai.operation.name` for a graph run and for one of its steps. */
export const GEN_AI_OPERATION = { workflow: 'invoke_workflow', node: 'run_step' } as const;

/**
 * Values of `gen_ai.operation.name` by the short word a program uses.
 *
 * `get_memory` is ours: the conventions name only the search, and a look-up by key is another operation with
 * another cost, so it deserves its own series.
 */
export const MEMORY_OPERATION = {
  get: 'get_memory',
  put: 'upsert_memory',
  search: 'search_memory',
  create: 'create_memory',
  update: 'update_memory',
  delete: 'delete_memory',
} as const;
