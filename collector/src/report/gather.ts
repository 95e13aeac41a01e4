// Facts of a period from the days that were written down: what days have apart, put together. Pure.
import { countsOf, type IncidentDay, joinCounts, openWithin } from './day-incidents.ts';
import type {
  CleanupFacts,
  DayFacts,
  IncidentFacts,
  OperationFacts,
  Opportunity,
  ReportFacts,
  ReportPeriod,
  UpkeepFacts,
} from './contract.ts';
import { type DayRecord, joinCleanup, NO_COVERAGE } from './day.ts';
import { DayOperations } from './day-operations.ts';
import { ErrorTypes, errorsByType } from './error-types.ts';
import { addUsage, type LlmDay, type Price, priced } from './llm-usage.ts';
import { DAY_MS } from './periods.ts';
import { joinResources, thinned } from './resource-days.ts';

/** What is known now, whatever the period. */
export interface KnownNow {
  readonly nowMs: number;
  readonly prices: readonly Price[];
  readonly upkeep: readonly UpkeepFacts[];
  usefulness(groupId: string): boolean | undefined;
}

/** Gathers. @param days of the period, in any order */
export function gather(period: ReportPeriod, days: readonly DayRecord[], now: KnownNow): ReportFacts {
  const inOrder = days.toSorted((a, b) => a.fromMs - b.fromMs);
  const operations = operationsOf(inOrder);
  const errorTypes = new ErrorTypes();
  for (const day of inOrder) errorTypes.addAll(day.errorTypes);
  const incidents = lastTold(inOrder);
  // Of a period that is not over, what is open is open until now.
  const untilNow = { fromMs: period.fromMs, toMs: Math.max(period.fromMs, Math.min(period.toMs, now.nowMs)) };
  return {
    period,
    violations: joinCounts([
      ...countsOf(incidents, period, untilNow.toMs),
      ...inOrder.flatMap(({ onlyCounted }) => onlyCounted),
    ]),
    operations,
    errors: errorsByType(operations, errorTypes.saved()),
    resources: joinResources(inOrder.flatMap(({ resources }) => resources)).map(thinned),
    coverage: inOrder.at(-1)?.coverage ?? NO_COVERAGE,
    cleanup: cleanupOf(inOrder),
    days: inOrder.map(dayFacts),
    opportunities: opportunitiesOf(incidents, operations, untilNow),
    upkeep: now.upkeep,
    llm: priced(llmOf(inOrder), now.prices),
    incidents: incidents.map((incident) => incidentFacts(incident, now)),
  };
}

function operationsOf(days: readonly DayRecord[]): OperationFacts[] {
  const sum = new DayOperations(Infinity);
  for (const { operations } of days) sum.addAll(operations);
  return sum.facts();
}

function llmOf(days: readonly DayRecord[]): LlmDay[] {
  const models = new Map<string, LlmDay>();
  for (const { llm } of days) for (const each of llm) addUsage(models, each);
  return [...models.values()];
}

function cleanupOf(days: readonly DayRecord[]): CleanupFacts[] {
  return joinCleanup(days.flatMap(({ cleanup }) => cleanup));
}

/** Groups that went on over midnight are in several days: each as it was told last. */
function lastTold(days: readonly DayRecord[]): IncidentDay[] {
  const groups = new Map<string, IncidentDay>();
  for (const { incidents } of days) for (const incident of incidents) groups.set(incident.id, incident);
  return [...groups.values()];
}

function dayFacts({ fromMs, operations, incidents, onlyCounted, receivedBytes }: DayRecord): DayFacts {
  const counts = [...countsOf(incidents, { fromMs, toMs: fromMs + DAY_MS }), ...onlyCounted];
  return {
    fromMs,
    calls: Math.round(operations.reduce((sum, { calls }) => sum + calls, 0)),
    errors: Math.round(operations.reduce((sum, { errors }) => sum + errors, 0)),
    violations: counts.reduce((sum, { count }) => sum + count, 0),
    receivedBytes,
  };
}

function incidentFacts({ id, peak, onsetMs, endMs, cause, summary, memberCount, ...kept }: IncidentDay, now: KnownNow) {
  const wasUseful = now.usefulness(id) ?? kept.wasUseful;
  return {
    id,
    peak,
    fromMs: onsetMs,
    ...(endMs === undefined ? {} : { toMs: endMs }),
    cause,
    summary,
    members: memberCount,
    ...(wasUseful === undefined ? {} : { wasUseful }),
  } satisfies IncidentFacts;
}

/**
 * What violations were found to wait for. While one lasts, its calls take `ratio` times what they usually take; from that,
 * the mean of all calls and the share of the time it lasted follows what a call would have been spared. Calls are taken to
 * come evenly.
 */
function opportunitiesOf(
  incidents: readonly IncidentDay[],
  operations: readonly OperationFacts[],
  period: ReportPeriod,
): Opportunity[] {
  const lengthMs = period.toMs - period.fromMs;
  const found = incidents.flatMap(({ members }) => members).flatMap((member): Opportunity[] => {
    const { finding } = member;
    const of = operations.find(
      ({ service, name, kind }) => service === finding?.service && name === finding.name && kind === finding.kind,
    );
    if (finding === undefined || of === undefined || lengthMs <= 0) return [];
    const { ratio, share, operation, recommendation } = finding;
    const duringRatio = openWithin(member, period) / lengthMs;
    const usualMs = of.meanMs / (1 + duringRatio * (ratio - 1));
    const calls = Math.round(of.calls * duringRatio);
    return [{ operation, recommendation, sparedMs: share * (ratio - 1) * usualMs, calls }];
  }); // prettier-ignore
  return [...Map.groupBy(found, (each) => JSON.stringify([each.operation, each.recommendation])).values()].flatMap(
    joined,
  );
}

function joined(same: readonly Opportunity[]): Opportunity[] {
  const [first] = same;
  const calls = same.reduce((sum, each) => sum + each.calls, 0);
  if (first === undefined || calls === 0) return [];
  return [{ ...first, calls, sparedMs: same.reduce((sum, each) => sum + each.sparedMs * each.calls, 0) / calls }];
}
