// Operations as a test states them: what matters to it, the rest plain.
import type { OperationSummary } from '../../../../collector/src/web/api.ts';

/** An operation of service `shop` with calls and no error, unless stated otherwise. */
export function operation(name: string, stated: Partial<OperationSummary> = {}): OperationSummary {
  return {
    service: 'shop',
    name,
    kind: 'SPAN_KIND_SERVER',
    overflow: false,
    estimated: false,
    calls: 10,
    errors: 0,
    recentCalls: 10,
    callsPerSecond: 1,
    errorRatio: 0,
    p50: 0.01,
    p95: 0.02,
    p99: 0.03,
    ...stated,
  };
}
