// The public surface of @evenkeel/sdk. Importing it loads the OpenTelemetry API and nothing more.
export { startTelemetry } from './start.ts';
export type { PageResponse, Telemetry } from './telemetry.ts';
export type { Protocol, TelemetryOptions } from './options.ts';
export { type ErrorCode, EvenkeelError } from './errors.ts';
export { type Instrument } from './observe/observe.ts';
export {
  type AttributesOption,
  type CallAttributes,
  type LowAttributes,
  lowCardinality,
} from './observe/attributes.ts';
export { measurePerformance, type MeasureOptions, type Objective } from './observe/measure-performance.ts';
export { setInstrumentation } from './state.ts';
export { type NodeOptions, traceNode, traceWorkflow, type WorkflowOptions } from './observe/workflow.ts';
export { type MemoryOperation, type MemoryOperationOptions, traceMemoryOperation } from './observe/memory-operation.ts';
export { type QueryOptions, traceQuery } from './observe/query.ts';
