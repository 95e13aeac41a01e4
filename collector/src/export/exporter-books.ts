// What one exporter counts. In spans: kept = delivered + rejected + failed + queued; in points: pushed = the same four.
import type { Host } from '../pipeline/contract.ts';
import { type exportInstruments, FAILED_REASONS, type FailedReason, POINT_FAILED_REASONS } from './instruments.ts';

/** What is counted: spans and points one by one, logs in the requests they came in. */
export type Unit = 'span' | 'point' | 'request';

type Counted = { readonly unit: Unit; readonly count: number };

export type ExportHost = Host<keyof typeof exportInstruments>;

/** The books of one exporter. */
export class ExporterBooks {
  readonly #exporter: string;
  readonly #host: Pick<ExportHost, 'count' | 'record'>;
  readonly #queued: Record<Unit, number> = { span: 0, point: 0, request: 0 };

  constructor(exporter: string, host: Pick<ExportHost, 'count' | 'record'>) {
    this.#exporter = exporter;
    this.#host = host;
  }

  /**
   * Shows every count at 0, so that its first increment is not missed.
   *
   * @param units those this exporter takes
   * @param maxQueueBytes that may wait
   */
  open(units: readonly Unit[], maxQueueBytes: number): void {
    const of = { exporter: this.#exporter };
    this.#host.record('queue_limit', maxQueueBytes, of);
    for (const unit of units) {
      const nothing = { unit, count: 0 };
      if (unit === 'request') continue;
      this.delivered(nothing);
      this.rejected(nothing);
      if (unit === 'point') this.#host.count('points_pushed', 0, of);
      for (const reason of unit === 'span' ? FAILED_REASONS : POINT_FAILED_REASONS) this.failed(nothing, reason);
      this.queued(unit, 0);
    }
    this.size(0);
  }

  /** Counts points as they are handed over. */
  pushed(points: number): void {
    this.#host.count('points_pushed', points, { exporter: this.#exporter });
  }

  delivered({ unit, count }: Counted): void {
    if (unit === 'request') this.#host.count('forwarded', count, { signal: 'logs' });
    else this.#host.count(unit === 'span' ? 'delivered' : 'points_delivered', count, { exporter: this.#exporter });
  }

  /** Counts what the receiver refused for good. */
  rejected({ unit, count }: Counted): void {
    if (unit === 'request') this.#host.count('dropped', count, { signal: 'logs', reason: 'failed' });
    else this.#host.count(unit === 'span' ? 'rejected' : 'points_rejected', count, { exporter: this.#exporter });
  }

  failed({ unit, count }: Counted, reason: FailedReason): void {
    if (unit === 'request') {
      const told = reason === 'unsupported' ? reason : 'failed';
      this.#host.count('dropped', count, { signal: 'logs', reason: told });
      return;
    }
    this.#host.count(unit === 'span' ? 'failed' : 'points_failed', count, { exporter: this.#exporter, reason });
  }

  /** Counts one attempt by how it ended. */
  attempted(outcome: string): void {
    this.#host.count('requests', 1, { exporter: this.#exporter, outcome });
  }

  /** Adds to what is queued; negative for what leaves. */
  queued(unit: Unit, count: number): void {
    const queued = (this.#queued[unit] += count);
    if (unit !== 'request')
      this.#host.record(unit === 'span' ? 'queued' : 'points_queued', queued, { exporter: this.#exporter });
  }

  /** Sets the bytes that wait. */
  size(bytes: number): void {
    this.#host.record('queue_size', bytes, { exporter: this.#exporter });
  }

  /** Sets the bytes of what is known of series that were pushed. */
  written(bytes: number): void {
    this.#host.record('written_size', bytes, { exporter: this.#exporter });
  }

  /** What is queued, for a person. */
  queuedText(): string {
    const { span, point, request } = this.#queued;
    const parts = [`${span} spans`, `${point} points`, `${request} requests of logs`];
    return parts.filter((part) => !part.startsWith('0 ')).join(', ') || '0 spans';
  }
}
