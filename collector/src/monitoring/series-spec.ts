// What a series of readings is, said once where its reader stands.

/** What is configured, and counted, together. */
export const COMPONENTS = ['cpu', 'memory', 'disk', 'network', 'process', 'runtime'] as const;
export type Component = (typeof COMPONENTS)[number];

/** One metric of a component, by OpenTelemetry's names. */
export interface SeriesSpec {
  readonly component: Component;
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly kind: 'counter' | 'up_down' | 'gauge' | 'histogram';
  /**
   * How a user fills the time between two points: a level is held, a slope is interpolated. Counters are slopes, and so is
   * a gauge that counts time.
   */
  readonly follows: 'level' | 'slope';
  /** Change of value, or of a counter's rate, is judged as it stands, because the whole is 1. */
  readonly isRatio: boolean;
  readonly isInteger: boolean;
  /** Its reading is dear. */
  readonly isDear?: boolean;
  /** A share of the time since the last point, by its definition; what is pushed after quiet seconds is their mean. */
  readonly isMean?: boolean;
  /** `stability_threshold` is relative to at least this much, in the unit, where less is of no interest. */
  readonly leastScale?: number;
  /** Since when counters count. */
  readonly since: 'boot' | 'process';
}
