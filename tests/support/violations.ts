// Violations and their groups as the baseline room sends them, each field as a test wants it.
import type { Severity, Violation, ViolationGroup } from '../../collector/src/baseline/contract.ts';

/** When the violations of tests began, unless they say otherwise. */
export const ONSET_MS = 1_799_999_990_000;

type Wanted = Partial<Omit<Violation, 'subject'>> & { readonly service?: string; readonly operation?: string };

/** One member: of the orders service, slow, critical. */
export function violation({ service = 'orders', operation = 'POST /orders', ...wanted }: Wanted = {}): Violation {
  const { severity = 'critical', id = `${service}/${operation}/1` } = wanted;
  return {
    id,
    subject: {
      key: `${service}/${operation}`,
      name: `${service} ${operation}`,
      attributes: { 'service.name': service, 'span.name': operation, 'span.kind': 'SPAN_KIND_SERVER' },
    },
    kind: 'latency',
    severity,
    peak: severity === 'none' ? 'critical' : severity,
    onsetMs: ONSET_MS,
    raisedMs: ONSET_MS + 8000,
    changedMs: ONSET_MS + 8000,
    ratio: { value: 5.23, low: 4.8, high: 5.71 },
    explanation: {
      summary: `${operation} takes 5.2 times as long as it did.`,
      quantiles: [
        { quantile: 0.5, ratio: 5.1 },
        { quantile: 0.99, ratio: 6 },
      ],
      calls: 240,
      oneInDays: 4000,
      traceIds: ['0123456789abcdef0123456789abcdef'],
      bottleneck: { operation: 'payments charge', share: 0.84, recommendation: 'look at payments charge first' },
      change: 'service.version 1.3.0',
    },
    ...wanted,
  };
}

/** A group of its members, or of one with the severity given. */
export function violationGroup(
  severity: Severity | 'none' = 'critical',
  wanted: Partial<ViolationGroup> = {},
): ViolationGroup {
  const members = wanted.members ?? [violation({ severity })];
  return {
    id: 'g1',
    severity,
    peak: severity === 'none' ? 'critical' : severity,
    onsetMs: ONSET_MS,
    changedMs: ONSET_MS + 8000,
    ...wanted,
    members,
  };
}
