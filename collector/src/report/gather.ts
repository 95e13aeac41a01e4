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
  ResourceFacts,
  UpkeepFacts,
  ViolationCount,
} from './contract.ts';
import { type DayRecord, joinCleanup, NO_COVERAGE } from './day.ts';
import { DayOperations } from './day-operations.ts';
import { ErrorTypes, errorsByType } from './error-types.ts';
import { addUsage, type LlmDay, type Price, priced } from './llm-usage.ts';
import { DAY_MS } from './periods.ts';
import { joinResources, oneOfDay } from './resource-days.ts';

/** Of longer periods, a point a day says what one an hour does. */
const MAX_HOURLY_MS = 8 * DAY_MS;

/** What is known now, whatever the period. */
export interface KnownNow {
  readonly nowMs: number;
  readonly prices: readonly Price[];
  readonly upkeep: readonly UpkeepFacts[];
  usefulness(groupId: string): boolean | undefined;
}

/** Puts days together, one after the other, so that nobody has to have all of a month at once. */
export class Gathering {
  readonly #period: ReportPeriod;
  readonly #operations = new DayOperations(Infinity);
  readonly #errorTypes = new ErrorTypes();
  readonly #llm = new Map<string, LlmDay>();
  readonly #incidents = new Map<string, IncidentDay>();
  readonly #onlyCounted: ViolationCount[] = [];
  readonly #days: DayFacts[] = [];
  readonly #resources: ResourceFacts[] = [];
  #cleanup: CleanupFacts[] = [];
  #coverage = NO_COVERAGE;

  constructor(period: ReportPeriod) {
    this.#period = period;
  }

  get isEmpty(): boolean {
    return this.#days.length === 0;
  }

  /** Adds a day of the period; the earlier ones first. Takes some milliseconds where there are a thousand operations. */
  add(day: DayRecord): void {
    this.#operations.addAll(day.operations);
    this.#errorTypes.addAll(day.errorTypes);
    for (const each of day.llm) addUsage(this.#llm, each);
    // Groups that went on over midnight are in several days: each counts as it was told last.
    for (const incident of day.incidents) this.#incidents.set(incident.id, incident);
    this.#onlyCounted.push(...day.onlyCounted);
    const isLong = this.#period.toMs - this.#period.fromMs > MAX_HOURLY_MS;
    this.#resources.push(...(isLong ? day.resources.map(oneOfDay) : day.resources));
    this.#cleanup = joinCleanup([...this.#cleanup, ...day.cleanup]);
    this.#coverage = day.coverage;
    this.#days.push(dayFacts(day));
  }

  facts(now: KnownNow): ReportFacts {
    const period = this.#period;
    const operations = this.#operations.facts();
    const incidents = [...this.#incidents.values()];
    // Of a period that is not over, what is open is open until now.
    const untilNow = { fromMs: period.fromMs, toMs: Math.max(period.fromMs, Math.min(period.toMs, now.nowMs)) };
    return {
      period,
      violations: joinCounts([...countsOf(incidents, period, untilNow.toMs), ...this.#onlyCounted]),
      operations,
      errors: errorsByType(operations, this.#errorTypes.saved()),
      resources: joinResources(this.#resources),
      coverage: this.#coverage,
      cleanup: this.#cleanup,
      days: this.#days,
      opportunities: opportunitiesOf(incidents, operations, untilNow),
      upkeep: now.upkeep,
      llm: priced([...this.#llm.values()], now.prices),
      incidents: incidents.map((incident) => incidentFacts(incident, now)),
    };
  }
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
