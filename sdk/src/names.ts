// Every span and attribute name the SDK writes, semantic conventions first, so that a rename is one line.
// The constants are spelled out instead of imported: importing a decorator must load nothing but the API.
import { SECONDS } from './bounds.ts';
import type { MetricDefinition } from './metric-definition.ts';

export { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, GEN_AI_OPERATION, MEMORY_OPERATION } from './gen-ai-names.ts';
export { RESOURCE_METRIC } from './instrument/metrics.ts';

/** Name of the instrumentation scope of every span the SDK makes. */
export const SCOPE_NAME = '@evenkeel/sdk';

/** Version of the instrumentation scope; a test keeps it equal to package.json. */
export const SCOPE_VERSION = '0.1.0';

/** Keys of attributes of every call and of the process, by their role. @see OpenTelemetry semantic conventions 1.45 */
export const ATTRIBUTE = {
  errorType: 'error.type',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  codeFunction: 'code.function.name',
  codeFile: 'code.file.path',
  codeLine: 'code.line.number',
  operation: 'evenkeel.operation.name',
  /** What is told to a PerformanceMonitor: operation type, of a bounded number, and `ok` or `error`. */
  monitorType: 'evenkeel.monitor.operation.type',
  monitorOutcome: 'evenkeel.monitor.operation.outcome',
  /** Change of the used heap during a call, bytes; of all that ran meanwhile when it overlapped with other such calls. */
  memoryDelta: 'evenkeel.memory.delta',
  memoryOverlapped: 'evenkeel.memory.overlapped',
  /** About how many bytes the arguments of a call hold. */
  argumentsSize: 'evenkeel.arguments.size',
  /** Whether a call kept the objective of its operation, and the share of calls that have to. */
  sloMet: 'evenkeel.slo.met',
  sloObjective: 'evenkeel.slo.objective',
} as const;

/** Those of queries. @see OpenTelemetry semantic conventions 1.45, `db.*` */
export const DB_ATTRIBUTE = {
  dbSystem: 'db.system.name',
  dbOperation: 'db.operation.name',
  dbCollection: 'db.collection.name',
  dbQueryText: 'db.query.text',
  dbNamespace: 'db.namespace',
  dbQuerySummary: 'db.query.summary',
  dbReturnedRows: 'db.response.returned_rows',
  dbStatusCode: 'db.response.status_code',
  dbBatchSize: 'db.operation.batch.size',
  /** Rows that a query changed; how a transaction ended; that a query took longer than it may. No convention knows them. */
  dbAffectedRows: 'evenkeel.db.affected_rows',
  dbTransactionOutcome: 'evenkeel.db.transaction.outcome',
  dbSlow: 'evenkeel.db.slow',
  dbLockWait: 'evenkeel.db.lock_wait',
} as const;

/** Those of requests, pools, caches, connections, queues and breakers. @see semantic conventions 1.45 where there is one */
export const RESOURCE_ATTRIBUTE = {
  poolName: 'db.client.connection.pool.name',
  connectionState: 'db.client.connection.state',
  httpConnectionState: 'http.connection.state',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  httpMethod: 'http.request.method',
  httpMethodOriginal: 'http.request.method_original',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',
  ioDirection: 'network.io.direction',
  // No convention knows the rest of this block.
  connectionReused: 'connection.reused',
  objectPoolName: 'object_pool.name',
  objectPoolState: 'object_pool.state',
  objectPoolReused: 'object_pool.reused',
  cacheName: 'cache.name',
  cacheOperation: 'cache.operation.name',
  cacheResult: 'cache.result',
  cacheTier: 'cache.tier',
  websocketName: 'websocket.name',
  websocketRole: 'websocket.role',
  websocketCloseCode: 'websocket.close.code',
  websocketMessageSize: 'websocket.message.size',
  queueName: 'queue.name',
  queueOutcome: 'queue.task.outcome',
  policyName: 'resilience.policy.name',
  policyType: 'resilience.policy.type',
  policyOutcome: 'resilience.outcome',
  circuitState: 'resilience.circuit_breaker.state',
  retryAttempt: 'resilience.retry.attempt',
  retryDelay: 'resilience.retry.delay',
} as const;

/** Names of events beside exceptions. */
export const EVENT = {
  evaluation: 'gen_ai.evaluation.result',
  slowQuery: 'evenkeel.db.slow_query',
  circuitStateChange: 'resilience.state_change',
  policyRetry: 'resilience.retry',
} as const;

/** Stands for every value beyond those that are known or allowed (convention). */
export const OTHER = '_OTHER';
/** Value of `error.type` when nothing better is known (convention). */
export const ERROR_TYPE_OTHER = OTHER;

/** Metrics of calls of measured functions. */
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
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Metrics of queries. */
export const DB_METRIC = {
  dbDuration: {
    kind: 'histogram',
    name: 'db.client.operation.duration',
    unit: 's',
    description: 'Duration of database client operations.',
    bounds: SECONDS,
  },
  dbReturnedRows: {
    kind: 'histogram',
    name: 'db.client.response.returned_rows',
    unit: '{row}',
    description: 'Rows that queries returned.',
    bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
  },
  dbTransactionDuration: {
    kind: 'histogram',
    name: 'db.client.transaction.duration',
    unit: 's',
    description: 'Durations of transactions, by how they ended.',
    bounds: SECONDS,
  },
  dbLockWait: {
    kind: 'histogram',
    name: 'db.client.lock.wait_time',
    unit: 's',
    description: 'Time that queries waited for locks.',
    bounds: SECONDS,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Metrics of what is told to a PerformanceMonitor. */
export const MONITOR_METRIC = {
  monitorDuration: {
    kind: 'histogram',
    name: 'evenkeel.monitor.operation.duration',
    unit: 's',
    description: 'Durations that were told to a PerformanceMonitor.',
    bounds: SECONDS,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
