// What the page's stream of events carries, shared by the server that writes it and the page that reads it. Types only.
import type { SamplingState } from '../sample/contract.ts';
import type { AlertsAnswer, BooksAnswer, OperationsAnswer, ViolationsAnswer } from './api.ts';

/** GET /api/events: server-sent events, each second; each is the answer of the path it is named after. */
export interface PageEvents {
  readonly operations: OperationsAnswer;
  readonly books: BooksAnswer;
  /** GET /api/sampling */
  readonly sampling: SamplingState;
}

/** Events of the same stream that are sent at first, and then when they change. */
export interface ChangingPageEvents {
  /** Absent where baselines are off. */
  readonly violations: ViolationsAnswer;
  /** Absent where alerts are off. */
  readonly alerts: AlertsAnswer;
}
