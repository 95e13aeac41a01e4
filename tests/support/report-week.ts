// Facts of a week and of the one before, made by a rule for each number so that tests know what a report has to say.
import type { DayFacts, OperationFacts, ReportFacts } from '../../collector/src/report/contract.ts';

export const DAY_MS = 86_400_000;
/** A Monday, 2026-03-02 in UTC. */
export const MONDAY_MS = Date.UTC(2026, 2, 2);

/** `POST /orders` failed more and became slower in the second week, a disk fills by 2 % a day. */
export function factsOf(days: number, fromMs = MONDAY_MS): ReportFacts {
  const isLate = fromMs >= MONDAY_MS;
  const calls = 1_000 * days;
  const operations: OperationFacts[] = [
    operationOf('shop', 'GET /orders', calls * 10, { errors: days, meanMs: isLate ? 30 : 60 }),
    operationOf('shop', 'POST /orders', calls, {
      errors: isLate ? calls / 20 : calls / 100,
      meanMs: isLate ? 250 : 100,
    }),
    operationOf('pay', 'POST /charge', 50, { errors: 0, meanMs: isLate ? 90 : 10 }),
  ];
  return {
    period: { fromMs, toMs: fromMs + days * DAY_MS },
    violations: [
      { kind: 'latency', severity: 'warning', count: isLate ? 3 : 1, openMs: 1_800_000 },
      { kind: 'error', severity: 'critical', count: isLate ? 2 : 0, openMs: 600_000 },
    ],
    operations,
    errors: [
      { service: 'shop', type: 'ETIMEDOUT', count: isLate ? 300 : 80 },
      { service: 'pay', type: '503', count: 20 },
    ],
    resources: [
      disk(days, isLate ? 0.5 : 0.36, fromMs),
      { ...disk(days, 0.4, fromMs), name: 'process.memory.usage', unit: 'By', mean: 2 ** 27, max: 2 ** 28, limit: 2 ** 29, points: [] },
    ],
    coverage: { operations: 3, learned: isLate ? 2 : 1, provisional: 1, withoutP99: 1, resources: 2, learnedResources: 2 },
    cleanup: [
      { what: 'kept traces', removed: 900, freedBytes: 2 ** 20, heldBytes: 2 ** 24, limitBytes: 2 ** 26, overdue: 100, failures: 1 },
      { what: 'history', removed: 0, freedBytes: 0, heldBytes: 2 ** 20, overdue: 0, failures: 0 },
    ],
    days: Array.from({ length: days }, (_, i) => dayOf(fromMs + i * DAY_MS, i)),
    opportunities: [
      { operation: 'shop POST /orders', recommendation: '`SELECT orders` of shop is called 41 times', sparedMs: 150, calls },
      { operation: 'pay POST /charge', recommendation: 'look at its plan', sparedMs: 10, calls: 50 },
    ],
    upkeep: [
      { what: 'backup of the store', result: 'done', lastMs: fromMs + DAY_MS, detail: '12 MiB' },
      { what: 'check of the store', result: 'failed', lastMs: fromMs, detail: 'disk was full' },
    ],
    llm: [
      { provider: 'a', model: 'small', calls: 100, errors: 1, inputTokens: 10_000, outputTokens: 2_000, cost: 1.5, currency: 'EUR' },
      { provider: 'a', model: 'large', calls: 10, errors: 0, inputTokens: 50_000, outputTokens: 9_000, cost: 20.25, currency: 'EUR' },
      { provider: 'b', model: 'own', calls: 7, errors: 0, inputTokens: 5, outputTokens: 5, currency: 'EUR' },
    ],
    incidents: [
      {
        id: 'i1', peak: 'warning', fromMs: fromMs + 3_600_000, toMs: fromMs + 3_900_000, cause: 'shop GET /orders',
        summary: 'twice as slow', members: 1,
      },
      {
        id: 'i2', peak: 'critical', fromMs: fromMs + 7_200_000, toMs: fromMs + 9_000_000, cause: 'pay POST /charge',
        summary: 'fails', members: 3, wasUseful: true,
      },
    ],
  }; // prettier-ignore
}

function operationOf(
  service: string,
  name: string,
  calls: number,
  { errors, meanMs }: { errors: number; meanMs: number },
) {
  const kind = 'SPAN_KIND_SERVER';
  return { service, name, kind, calls, errors, meanMs, p50Ms: meanMs * 0.9, p95Ms: meanMs * 2, p99Ms: meanMs * 3 };
}

/** One value an hour: 2 % more a day, and more by day than by night. */
function disk(days: number, usedRatio: number, fromMs: number) {
  const points = Array.from({ length: days * 24 }, (_, hour) => ({
    timeMs: fromMs + hour * 3_600_000,
    value: usedRatio + (0.02 * hour) / 24 + 0.01 * Math.sin((hour / 12) * Math.PI),
  }));
  const mean = usedRatio + 0.01 * days;
  return { name: 'system.filesystem.utilization /', unit: '1', mean, max: usedRatio + 0.02 * days, limit: 1, points };
}

function dayOf(fromMs: number, index: number): DayFacts {
  return { fromMs, calls: 11_000 + index * 100, errors: 50 + index, violations: index % 2, receivedBytes: 2 ** 30 };
}
