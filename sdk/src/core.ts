// An entry of its own, `@evenkeel/sdk/core`: the start, and what wraps functions under names of the program's choice. For
// programs that start often; everything else is in the main entry, which has these too.
export { startTelemetry } from './start.ts';
export type { PageResponse, Telemetry } from './telemetry.ts';
export type { Protocol, RedactionOptions, TelemetryOptions } from './options.ts';
export { setInstrumentation } from './state.ts';
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
