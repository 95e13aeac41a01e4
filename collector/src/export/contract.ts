// What every exporter is: one function away from a queue.
import type { DataPoint } from '../model/data-point.ts';
import type { EncodedMetrics } from '../otlp/encode-metrics.ts';
import type { Exportable } from '../sample/contract.ts';

export type Signal = Exportable['signal'] | 'metrics';

/** Headers that each request of a signal carries beside those configured. */
export type Marks = (signal: Signal) => Record<string, string>;

/** Delivers what it can and counts the rest. */
export interface Exporter {
  readonly name: string;
  /** Bytes waiting against the limit, 0..1. */
  readonly queueFill: number;
  /** Something waits, and the last attempt to deliver it was in vain. */
  readonly isFailing: boolean;
  start(): Promise<void>;
  /** Delivers what is queued for at most `withinMs`, counts the rest as failed, then closes. */
  stop(withinMs: number): Promise<void>;
}

/** Takes what OTLP carries, as far as it is configured to. */
export interface OtlpExporter extends Exporter {
  readonly signals: ReadonlySet<Signal>;
  /** Takes kept traces, and logs as they are passed on; copies before it returns. */
  take(batch: Exportable): void;
  /** Takes data points of any kind and temporality, in the order of each series' time; the bytes are not changed. */
  takeEncoded(encoded: readonly EncodedMetrics[]): void;
}

/** Takes cumulative data points and gauges, in the order of each series' time. */
export interface PointExporter extends Exporter {
  takePoints(points: readonly DataPoint[]): void;
}
