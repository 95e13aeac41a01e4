// The public surface of @evenkeel/sdk. Importing it loads the OpenTelemetry API and nothing more.
export { startTelemetry } from './start.ts';
export type { PageResponse, Telemetry } from './telemetry.ts';
export type { Protocol, RedactionOptions, TelemetryOptions } from './options.ts';
export { setInstrumentation } from './state.ts';
export { type LogCorrelation, pinoMixin } from './instrument/log-correlation.ts';
export { type ErrorCode, EvenkeelError } from './errors.ts';
export { type AttributesOption, type Instrument } from './observe/observe.ts';
export { measurePerformance, type MeasureOptions } from './observe/measure-performance.ts';
export { type NodeOptions, traceNode, traceWorkflow, type WorkflowOptions } from './observe/workflow.ts';
export { type MemoryOperation, type MemoryOperationOptions, traceMemoryOperation } from './observe/memory-operation.ts';
export { type QueryOptions, traceQuery } from './observe/query.ts';
