// The public surface of @evenkeel/sdk. Importing it loads the OpenTelemetry API and nothing more.
export { startTelemetry } from './start.ts';
export type { PageResponse, Telemetry } from './telemetry.ts';
export type { Protocol, RedactionOptions, TelemetryOptions } from './options.ts';
export { setInstrumentation } from './state.ts';
export { type LogCorrelation, pinoMixin } from './instrument/log-correlation.ts';
export { type ErrorCode, EvenkeelError } from './errors.ts';
export { type Instrument } from './observe/observe.ts';
export {
  type AttributesOption,
  type CallAttributes,
  type LowAttributes,
  lowCardinality,
} from './observe/attributes.ts';
export { measurePerformance, type MeasureOptions, type Objective } from './observe/measure-performance.ts';
export { type ClassInstrument, measureMethods, type MethodsOptions } from './observe/measure-methods.ts';
export { type NodeOptions, traceNode, traceWorkflow, type WorkflowOptions } from './observe/workflow.ts';
export { getWorkflowTracer, type StartedWorkflow, type WorkflowTracer } from './observe/workflow-tracer.ts';
export { type AgentOptions, traceAgent } from './observe/agent.ts';
export { type ToolOptions, traceTool } from './observe/tool.ts';
export { type RetrievalOptions, traceRetrieval } from './observe/retrieval.ts';
export { type MemoryOperation, type MemoryOperationOptions, traceMemoryOperation } from './observe/memory-operation.ts';
export { type LlmOptions, traceLLM } from './observe/llm-call.ts';
export { type LlmRequest } from './observe/llm-request.ts';
export { type LlmUsage } from './observe/llm-response.ts';
export { type CostOf } from './observe/llm-cost.ts';
export { type Fallback } from './observe/llm-fallback.ts';
export { type Evaluation, recordEvaluation } from './observe/evaluation.ts';
export { type QueryOptions, traceQuery } from './observe/query.ts';
export { type TransactionOptions, type TransactionOutcome, traceTransaction } from './observe/transaction.ts';
export { type LockWait, recordLockWait } from './observe/lock-wait.ts';
export { instrumentPool, type PoolLevelsSource, type PoolOptions } from './instrument/pool.ts';
export { instrumentObjectPool, type ObjectPoolOptions } from './instrument/object-pool.ts';
export { uninstrument } from './instrument/claims.ts';
export { type CacheOptions, instrumentCache } from './instrument/cache.ts';
export { instrumentWebSocket, type WebSocketOptions } from './instrument/websocket.ts';
export { instrumentQueue, type QueueLevels, type QueueOptions } from './instrument/queue.ts';
export { type BreakerOptions, instrumentBreaker } from './instrument/breaker.ts';
export { type ConnectionOptions, instrumentConnections } from './instrument/connections.ts';
