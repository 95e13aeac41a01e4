// What both the configuration and those that judge go by.

export const SEVERITIES = ['info', 'warning', 'critical', 'emergency'] as const;
export const SPAN_KINDS = ['server', 'client', 'internal', 'producer', 'consumer'] as const;
export const OPERATION_STATISTICS = ['mean', 'p50', 'p95', 'p99', 'error_ratio', 'rate'] as const;
export const METRIC_STATISTICS = ['value', 'mean', 'p50', 'p95', 'p99', 'rate', 'ratio'] as const;
/** `burn_rate` is of objectives only: how many times faster than it may a program uses up what it may fail. */
export type Statistic = (typeof OPERATION_STATISTICS)[number] | (typeof METRIC_STATISTICS)[number] | 'burn_rate';

/** Name of the target that judges what programs promise. */
export const OBJECTIVES = 'objectives';

/** Each takes up to some 10 KB. */
export const MAX_SUBJECTS = 20_000;
