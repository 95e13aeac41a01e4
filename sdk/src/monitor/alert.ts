// What an alert is to a program that wants to be told, whoever found it. Types, and the list of who is told.

/**
 * What left its bounds: as the sidecar says it, or `alert` where it does not say. Thresholds of this process know `latency`
 * and `error` only.
 */
export type AlertType = 'latency' | 'error' | 'throughput' | 'hang' | 'resource' | 'target' | 'data_loss' | 'alert';

export type AlertSeverity = 'info' | 'warning' | 'critical' | 'emergency';

/** One change of an alert. */
export interface AlertData {
  /** The same for all that is told of one alert. */
  readonly id: string;
  readonly source: 'sidecar' | 'thresholds';
  /** `firing` when it is raised and when it becomes worse or milder, `resolved` when it is over. */
  readonly state: 'firing' | 'resolved';
  /** Of an alert that is over, the worst it was. */
  readonly severity: AlertSeverity;
  /** An operation type of this monitor; from the sidecar, what it names the subject: `orders POST /orders`. */
  readonly subject: string;
  /** As on the subject's series; empty for thresholds. */
  readonly attributes: Readonly<Record<string, string>>;
  /** One sentence for people. */
  readonly summary: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** What was seen and what was allowed, of thresholds: milliseconds or a ratio 0..1. */
  readonly value?: number;
  readonly limit?: number;
}

export type AlertCallback = (type: AlertType, data: AlertData) => void;

/** A program that registers more than this has a leak. */
const MAX_CALLBACKS = 100;

/** Those who want to be told. What one of them throws, or a promise of it rejects with, reaches nobody. */
export class AlertCallbacks {
  readonly #callbacks = new Set<{ readonly call: AlertCallback }>();
  #failures = 0;

  /** How often one has thrown. */
  get failures(): number {
    return this.#failures;
  }

  /** @returns what takes it off again; beyond a hundred nothing is registered */
  register(callback: AlertCallback): () => void {
    // Registered twice it is told twice, and taken off once.
    const entry = { call: callback };
    if (this.#callbacks.size < MAX_CALLBACKS && typeof callback === 'function') this.#callbacks.add(entry);
    return () => void this.#callbacks.delete(entry);
  }

  tell(type: AlertType, data: AlertData): void {
    for (const { call } of this.#callbacks) {
      // An async function, so that what is thrown and what is rejected are one; it calls before anything is awaited.
      const told = async (): Promise<unknown> => call(type, data);
      told().catch(() => this.#failures++);
    }
  }
}
