// What both the configuration and those that judge go by.

export const SEVERITIES = ['info', 'warning', 'critical', 'emergency'] as const;
export const SPAN_KINDS = ['server', 'client', 'internal', 'producer', 'consumer'] as const;
export const OPERATION_STATISTICS = ['mean', 'p50', 'p95', 'p99', 'error_ratio', 'rate'] as const;
export const METRIC_STATISTICS = ['value', 'mean', 'p50', 'p95', 'p99', 'rate', 'ratio'] as const;
export type Statistic = (typeof OPERATION_STATISTICS)[number] | (typeof METRIC_STATISTICS)[number];

/** Each takes up to some 10 KB. */
export const MAX_SUBJECTS = 20_000;
