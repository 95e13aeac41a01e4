// The public surface of @evenkeel/sdk/monitor. Importing it loads the OpenTelemetry API and nothing more.
export type { AlertCallback, AlertData, AlertSeverity, AlertType } from './alert.ts';
export type { MonitorClock } from './clock.ts';
export { type DurationSummary, QUANTILE_ERROR_RATIO } from './duration-statistics.ts';
export { OVERFLOW_NAME, type Scalar, type SlowestCall } from './operation-table.ts';
export {
  type NodeStatistics,
  type OperationMetadata,
  type OperationStatistics,
  type PerformanceExport,
  PerformanceMonitor,
  type PerformanceMonitorOptions,
  type WorkflowStatistics,
} from './performance-monitor.ts';
export { sanitizeQuery } from '../observe/query-facts.ts';
export {
  QueryPerformanceTracker,
  type QueryRecord,
  type QueryReport,
  type QueryShape,
  type QueryStatistics,
  type QueryTrackerOptions,
  type RepeatedQuery,
  type SlowQuery,
} from './query-tracker.ts';
export type { FigureStatistics, ResourceStatistics } from './resource-history.ts';
export { ResourceMonitor, type ResourceMonitorOptions } from './resource-monitor.ts';
export type { ResourceKey, ResourceReading, ResourceSource } from './resource-reading.ts';
export type { Threshold } from './thresholds.ts';
