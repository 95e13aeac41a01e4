// Everything that is known of one day, while it is gathered and as it is written down.
import type { ViolationGroup } from '../baseline/contract.ts';
import type { CleanupFacts, CoverageFacts, ErrorFacts, ResourceFacts, ViolationCount } from './contract.ts';
import { DayIncidents, type IncidentDay } from './day-incidents.ts';
import { DayOperations, type SavedOperationDay } from './day-operations.ts';
import { ErrorTypes } from './error-types.ts';
import { addUsage, type LlmDay } from './llm-usage.ts';
import { DAY_MS } from './periods.ts';
import { joinResources, mostTelling } from './resource-days.ts';

/** Raised whenever the shape changes; a day of another one is left alone. */
const FORMAT = 1;

/** A day as it is written down. */
export interface DayRecord {
  readonly format: number;
  readonly fromMs: number;
  readonly operations: readonly SavedOperationDay[];
  readonly errorTypes: readonly ErrorFacts[];
  readonly receivedBytes: number;
  readonly incidents: readonly IncidentDay[];
  /** Violations of groups that there was no room for. */
  readonly onlyCounted: readonly ViolationCount[];
  readonly coverage: CoverageFacts;
  readonly cleanup: readonly CleanupFacts[];
  readonly resources: readonly ResourceFacts[];
  readonly llm: readonly LlmDay[];
}

export const NO_COVERAGE: CoverageFacts = {
  operations: 0,
  learned: 0,
  provisional: 0,
  withoutP99: 0,
  resources: 0,
  learnedResources: 0,
};

export class Day {
  readonly fromMs: number;
  readonly operations: DayOperations;
  readonly errorTypes = new ErrorTypes();
  readonly incidents: DayIncidents;
  coverage = NO_COVERAGE;
  receivedBytes = 0;
  readonly #llm = new Map<string, LlmDay>();
  #cleanup: readonly CleanupFacts[] = [];
  /** Readings of before a restart. */
  #resources: readonly ResourceFacts[] = [];

  /** @param maxOperations rows of operations */
  constructor(fromMs: number, maxOperations: number) {
    this.fromMs = fromMs;
    this.operations = new DayOperations(maxOperations);
    this.incidents = new DayIncidents({ fromMs, toMs: fromMs + DAY_MS });
  }

  /** Adds what was written down of the same day. */
  restore(record: DayRecord): void {
    this.operations.addAll(record.operations);
    this.errorTypes.addAll(record.errorTypes);
    this.incidents.restore(record.incidents, record.onlyCounted);
    this.receivedBytes += record.receivedBytes;
    this.coverage = record.coverage;
    this.addCleanup(record.cleanup);
    this.addLlm(record.llm);
    this.#resources = joinResources([...record.resources, ...this.#resources]);
  }

  told(group: ViolationGroup): void {
    this.incidents.take(group);
  }

  addLlm(models: readonly LlmDay[]): void {
    for (const each of models) addUsage(this.#llm, each);
  }

  /** @param added what cleanups have done since this was called last, with what is held now */
  addCleanup(added: readonly CleanupFacts[]): void {
    this.#cleanup = joinCleanup([...this.#cleanup, ...added]);
  }

  /** @param resources what is known of the day now @param usefulness of a group of violations */
  record(resources: readonly ResourceFacts[], usefulness?: (groupId: string) => boolean | undefined): DayRecord {
    return {
      format: FORMAT,
      fromMs: this.fromMs,
      operations: this.operations.saved(),
      errorTypes: this.errorTypes.saved(),
      receivedBytes: this.receivedBytes,
      incidents: this.incidents.saved(usefulness),
      onlyCounted: this.incidents.onlyCounted,
      coverage: this.coverage,
      cleanup: this.#cleanup,
      resources: mostTelling(joinResources([...this.#resources, ...resources])),
      llm: [...this.#llm.values()],
    };
  }
}

/** One for each kind of data: what was removed adds up, what is held is what was held last. */
export function joinCleanup(parts: readonly CleanupFacts[]): CleanupFacts[] {
  return [...Map.groupBy(parts, ({ what }) => what).values()].flatMap((same) => {
    const last = same.at(-1);
    if (last === undefined) return [];
    const sum = (of: (each: CleanupFacts) => number): number => same.reduce((total, each) => total + of(each), 0);
    return [
      {
        ...last,
        removed: sum(({ removed }) => removed),
        freedBytes: sum(({ freedBytes }) => freedBytes),
        failures: sum(({ failures }) => failures),
      },
    ];
  });
}

export function encodeDay(record: DayRecord): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(JSON.stringify(record)));
}

/** @returns undefined where it is of another format @throws where it is no JSON */
export function decodeDay(body: Uint8Array): DayRecord | undefined {
  // The store has a checksum of each document, so what is of our format is as we wrote it.
  const record = JSON.parse(Buffer.from(body).toString()) as DayRecord;
  return record.format === FORMAT ? record : undefined;
}
