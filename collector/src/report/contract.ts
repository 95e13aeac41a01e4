// What a report is made from: plain facts of one period, whoever gathers them. Types only.
import type { Severity, ViolationKind } from '../baseline/contract.ts';
import type { SeriesOwner, SeriesTable } from '../measure/contract.ts';

export type { Cell, Column, ReportDocument, Section, Table } from './document.ts';

export type ReportKind = 'daily' | 'weekly' | 'monthly';

/** Milliseconds since the epoch, `toMs` not included. */
export interface ReportPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a report is asked for. */
export interface ReportRequest {
  readonly kind: ReportKind;
  /** Whose it is, as the name of the sidecar or its services. */
  readonly source: string;
  readonly generatedMs: number;
  readonly facts: ReportFacts;
  /** The same length of time before; absent in the first report, and then nothing is compared. */
  readonly before?: ReportFacts;
}

/** Facts of one period. Lists may be empty, in any order and of any length: reports show the ones that matter most. */
export interface ReportFacts {
  readonly period: ReportPeriod;
  readonly violations: readonly ViolationCount[];
  readonly operations: readonly OperationFacts[];
  readonly errors: readonly ErrorFacts[];
  readonly resources: readonly ResourceFacts[];
  readonly coverage: CoverageFacts;
  readonly cleanup: readonly CleanupFacts[];
  /** One for each day of the period; read by weekly and monthly reports, as is all that follows. */
  readonly days: readonly DayFacts[];
  readonly opportunities: readonly Opportunity[];
  readonly upkeep: readonly UpkeepFacts[];
  readonly llm: readonly LlmFacts[];
  readonly incidents: readonly IncidentFacts[];
}

/** Violations that began in the period, by kind and the worst they were. */
export interface ViolationCount {
  readonly kind: ViolationKind;
  readonly severity: Severity;
  readonly count: number;
  /** How long they were open within the period, together. */
  readonly openMs: number;
}

/** Calls of one operation. */
export interface OperationFacts {
  readonly service: string;
  readonly name: string;
  /** As on its series: `SPAN_KIND_SERVER`. */
  readonly kind: string;
  readonly calls: number;
  readonly errors: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Absent where calls were too few for it. */
  readonly p99Ms?: number;
}

/** Failed calls by `error.type`. */
export interface ErrorFacts {
  readonly service: string;
  readonly type: string;
  readonly count: number;
}

/** Values of one resource. */
export interface ResourceFacts {
  /** Different for each: `system.memory.utilization`, with what tells several apart. */
  readonly name: string;
  /** UCUM: `1` for a ratio of 0..1, `By`, `By/s`, `s`, `{file}` … */
  readonly unit: string;
  readonly mean: number;
  readonly max: number;
  /** What it cannot exceed, where that is known. */
  readonly limit?: number;
  /** Means of equal lengths of time, at most 1 000, in order; a day each is enough for trends. */
  readonly points: readonly { readonly timeMs: number; readonly value: number }[];
}

/** For how much of what is watched normal is known, at the end of the period. */
export interface CoverageFacts {
  readonly operations: number;
  /** With a learned, and with a provisional baseline; the rest has none yet. */
  readonly learned: number;
  readonly provisional: number;
  /** Of the learned, those with too few samples for a p99. */
  readonly withoutP99: number;
  readonly resources: number;
  readonly learnedResources: number;
}

/** What retention has removed from one kind of data. */
export interface CleanupFacts {
  /** For people: `kept traces`, `history`. */
  readonly what: string;
  readonly removed: number;
  readonly freedBytes: number;
  /** Held at the end of the period; what may be held. */
  readonly heldBytes: number;
  readonly limitBytes?: number;
  /** Past its time and still there at the end. */
  readonly overdue: number;
  /** Times a cleanup failed. */
  readonly failures: number;
}

/** One day. */
export interface DayFacts {
  readonly fromMs: number;
  readonly calls: number;
  readonly errors: number;
  readonly violations: number;
  /** Bytes received. */
  readonly receivedBytes: number;
}

/** Something that would make calls faster, as explanations of violations have found it. */
export interface Opportunity {
  /** What it would be done to. */
  readonly operation: string;
  /** One sentence. */
  readonly recommendation: string;
  /** Milliseconds of a call it would spare, and calls of the period. */
  readonly sparedMs: number;
  readonly calls: number;
}

/** Something that has to be done from time to time: a backup, a check of the store, a renewal. */
export interface UpkeepFacts {
  readonly what: string;
  readonly result: 'done' | 'failed' | 'due';
  /** The last time it was done; absent where it never was. */
  readonly lastMs?: number;
  readonly detail: string;
}

/** Calls of one model. */
export interface LlmFacts {
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Absent where no price is known. */
  readonly cost?: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** One group of violations. */
export interface IncidentFacts {
  readonly id: string;
  readonly peak: Severity;
  readonly fromMs: number;
  /** Absent while it is open. */
  readonly toMs?: number;
  /** Name of the subject that is the likely cause. */
  readonly cause: string;
  readonly summary: string;
  readonly members: number;
  /** What was answered to "was this useful?". */
  readonly wasUseful?: boolean;
}

/** How a report is written. `document` is JSON with cells as people read them, for the page. */
export type ReportFormat = 'markdown' | 'html' | 'json' | 'document';

/** A report that can be asked for. */
export interface KnownReport {
  readonly kind: ReportKind;
  /** The first day of its period, as `2026-03-02`. */
  readonly date: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Days of the period of which anything is known. */
  readonly days: number;
  /** The period is not over. */
  readonly isOpen: boolean;
}

/** A report as it is sent. */
export interface WrittenReport {
  readonly mediaType: string;
  readonly text: string;
}

/** Gives reports to whoever asks. */
export interface ReportsView {
  /** The latest first. */
  list(): readonly KnownReport[];
  /**
   * @param date any day of the period, as `2026-03-02`; empty for the period that ended last
   * @returns undefined where nothing is known of the period; rejects where what was kept cannot be read
   */
  write(kind: ReportKind, date: string, format: ReportFormat): Promise<WrittenReport | undefined>;
}

/** Where facts come from. What grows is counted since the process began. */
export interface ReportSources {
  /** Absent where spans are not measured. */
  readonly series?: { readonly table: SeriesTable; ownerAt(row: number): SeriesOwner } | undefined;
  /** What was watched in a time, which is at most a day; points are hours. @param toMs not included */
  resources(fromMs: number, toMs: number): readonly ResourceFacts[];
  receivedBytes(): number;
  coverage(): CoverageFacts;
  /** `removed`, `freedBytes` and `failures` since the process began. */
  cleanup(): readonly CleanupFacts[];
  upkeep(nowMs: number): readonly UpkeepFacts[];
  /** What was answered to "was this useful?" of a group of violations. */
  usefulness(groupId: string): boolean | undefined;
}

/** A report as mail. */
export interface ReportMail {
  /** Those that are configured with the server where it is left out. */
  readonly to: readonly string[] | undefined;
  /** The same for the same report. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** An open way to a mail server. */
export interface MailServer {
  /** Names it, without anything that may be a secret. */
  readonly where: string;
  /** Makes one attempt, bounded in time; never throws for what the server does. @param cut ends it */
  send(
    mail: ReportMail,
    cut: AbortSignal,
  ): Promise<
    | { readonly outcome: 'delivered' }
    | { readonly outcome: 'again'; readonly why: string; readonly afterMs?: number | undefined }
    | { readonly outcome: 'refused'; readonly why: string }
  >;
  close(): void;
}
