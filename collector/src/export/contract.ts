// What every exporter is: one function away from a queue.
import type { Exportable } from '../sample/contract.ts';

/** Delivers what it can and counts the rest; `take` copies before it returns. */
export interface Exporter {
  readonly name: string;
  /** Bytes waiting against the limit, 0..1. */
  readonly queueFill: number;
  take(batch: Exportable): void;
  start(): Promise<void>;
  /** Delivers what is queued for at most `withinMs`, counts the rest as failed, then closes. */
  stop(withinMs: number): Promise<void>;
}
