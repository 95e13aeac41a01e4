// What every exporter is: one function away from a queue.
import type { DataPoint } from '../model/data-point.ts';
import type { Exportable } from '../sample/contract.ts';

/** Delivers what it can and counts the rest. */
export interface Exporter {
  readonly name: string;
  /** Bytes waiting against the limit, 0..1. */
  readonly queueFill: number;
  start(): Promise<void>;
  /** Delivers what is queued for at most `withinMs`, counts the rest as failed, then closes. */
  stop(withinMs: number): Promise<void>;
}

/** Takes kept traces, and logs as they are passed on; copies before it returns. */
export interface TraceExporter extends Exporter {
  take(batch: Exportable): void;
}

/** Takes data points of any kind and temporality, in the order of each series' time. */
export interface PointExporter extends Exporter {
  takePoints(points: readonly DataPoint[]): void;
}
