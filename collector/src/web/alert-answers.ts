// The JSON of the page's API about alerts, and what it asks of whoever has them. Types only.
import type { Alert, MaintenanceWindow, Silence, SubjectFeedback } from '../alert/contract.ts';
import type { Severity } from '../baseline/contract.ts';

export type { MaintenanceWindow, Silence, SubjectFeedback } from '../alert/contract.ts';

/** One alert; its violations stand under /api/violations/{id}. */
export interface AlertSummary extends Omit<Alert, 'group'> {
  /** The worst of its violations now; `none` once all are over. */
  readonly severity: Severity | 'none';
  readonly peak: Severity;
  readonly changedMs: number;
  /** One sentence about its likeliest cause. */
  readonly summary: string;
  readonly memberCount: number;
  /** Whether it is bad enough to be shown as an alert on the page. */
  readonly isShown: boolean;
}

/** GET /api/alerts?limit= ; what goes on first, the worst of that first, then the latest. 404 where alerts are off. */
export interface AlertsAnswer {
  readonly alerts: readonly AlertSummary[];
  /** How many there are in all. */
  readonly alertCount: number;
  /** Those that hold or will. */
  readonly silences: readonly Silence[];
  readonly maintenance: readonly MaintenanceWindow[];
  /** On a holiday: milder ones are not told. */
  readonly holidayFrom?: Severity;
  /** Answers to whether alerts were useful, by subject; the one that was spoken of last first. */
  readonly feedback: readonly SubjectFeedback[];
}

/** POST /api/silences */
export interface SilenceAnswer {
  readonly silence: Silence;
  /** Ids of alerts that go on and of which it covers every violation. */
  readonly covers: readonly string[];
}

/** What became of a wish. */
export type AlertChange<Done> =
  | { readonly done: Done }
  | { readonly refused: 'malformed' | 'unknown' | 'conflict'; readonly problem: string };

/** What the API asks of the room. A wish is JSON as it came in; `who` made it, where the wish does not say. */
export interface AlertView {
  /** Another number with each change. */
  version(): number;
  /** @param limit of alerts, and of subjects with feedback */
  alerts(limit: number): AlertsAnswer;
  acknowledge(id: string, wish: unknown, who: string): Promise<AlertChange<AlertSummary>>;
  rate(id: string, wish: unknown, who: string): Promise<AlertChange<AlertSummary>>;
  silence(wish: unknown, who: string): Promise<AlertChange<SilenceAnswer>>;
  unsilence(id: string, wish: unknown, who: string): Promise<AlertChange<{ readonly ended: string }>>;
}

/** GET /api/access: whether whoever asks may change something here. */
export interface AccessAnswer {
  readonly mayWrite: boolean;
  /** Why not; empty where they may. */
  readonly reason: string;
}
