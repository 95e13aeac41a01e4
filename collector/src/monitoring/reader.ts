// What reads something in one go.
import type { Component, SeriesSpec } from './series-spec.ts';

/** A source of readings. */
export interface Reader {
  /** For the log. */
  readonly name: string;
  readonly component: Component;
  /** Steered by the interval from the start; others become dear when they are found to cost more than allowed. */
  readonly isDear: boolean;
  /** Names of the metrics it gives. */
  readonly metrics: readonly SeriesSpec[];
  /**
   * Sets what it reads in the table.
   *
   * @throws the system's error where it cannot be read; what was set counts none the less
   */
  read(nowMs: number): void | Promise<void>;
  /** A cheap figure that changes when the dear reading is likely to; read each time. */
  sentinel?(): number;
  start?(): void;
  stop?(): void;
}
