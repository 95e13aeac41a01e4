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
  // Models, agents, tools, queries.
  dbNamespace: 'db.namespace',
  // Pools, caches, connections, queues, breakers.
  poolName: 'db.client.connection.pool.name',
  // The process, and what conventions do not know.
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  codeFunction: 'code.function.name',
  codeFile: 'code.file.path',
  codeLine: 'code.line.number',
  /** No convention knows the kind of a step, nor a measured operation, so these keys are ours. */
  nodeType: 'evenkeel.node.type',
  operation: 'evenkeel.operation.name',
  /** Change of the used heap during a call, bytes; of all that ran meanwhile when it overlapped with other such calls. */
  memoryDelta: 'evenkeel.memory.delta',
  memoryOverlapped: 'evenkeel.memory.overlapped',
  /** About how many bytes the arguments of a call hold. */
  argumentsSize: 'evenkeel.arguments.size',
  /** Whether a call kept the objective of its operation, and the share of calls that have to. */
  sloMet: 'evenkeel.slo.met',
  sloObjective: 'evenkeel.slo.objective',
} as const;

/** Stands for every value beyond those that are known or allowed (convention). */
export const OTHER = '_OTHER';
/** Value of `error.type` when nothing better is known (convention). */
export const ERROR_TYPE_OTHER = OTHER;

/** Bounds of durations in seconds where the reader takes no exponential histogram. @see HTTP and database conventions */
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric the SDK records. */
export const METRIC = {
  operationDuration: {
    kind: 'histogram',
    name: 'evenkeel.operation.duration',
    unit: 's',
    description: 'Durations of calls of measured functions.',
    bounds: SECONDS,
  },
  operationCalls: {
    kind: 'counter',
    name: 'evenkeel.operation.calls',
    unit: '{call}',
    description: 'Calls of measured functions by how they ended.',
  },
  // Models, agents, tools, queries.
  dbDuration: {
    kind: 'histogram',
    name: 'db.client.operation.duration',
    unit: 's',
    description: 'Duration of database client operations.',
    bounds: SECONDS,
  },
  // Pools, caches, connections, queues, breakers.
  connectionCount: {
    kind: 'up-down-counter',
    name: 'db.client.connection.count',
    unit: '{connection}',
    description: 'The number of connections that are currently in a state.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** One metric as it is made. */
export interface MetricDefinition {
  readonly kind: 'histogram' | 'counter' | 'up-down-counter' | 'gauge';
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly bounds?: readonly number[];
}

export type MetricKey = keyof typeof METRIC;

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
