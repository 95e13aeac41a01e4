// What other rooms may know of `resources`: types, never its code.
import type { Severity } from '../baseline/contract.ts';

/** What a series is found to be. */
export type ResourceState = 'learning' | 'normal' | 'departed' | 'saturated';

/** One watched series as it is now. */
export interface ResourceLine {
  /** The same after a restart; that of the subject of its violations. */
  readonly key: string;
  /** For people, and different for each: `shop process.memory.usage`, `system.filesystem.utilization /var`. */
  readonly name: string;
  readonly metric: string;
  /** Of the series, with the service where it is not the sidecar's own. */
  readonly attributes: Readonly<Record<string, string>>;
  /** UCUM, of what is watched: counters are rates. */
  readonly unit: string;
  readonly state: ResourceState;
  /** Of the violation that is open. */
  readonly severity?: Severity;
  /** Mean of the latest step; absent before the first. */
  readonly current?: number;
  /** What is usual at this time, and between which values it usually lies; absent while nothing is known. */
  readonly usual?: number;
  readonly usualFrom?: number;
  readonly usualTo?: number;
  /** Evidence against the baseline in the latest step, 0..1; an event from a half on. */
  readonly score: number;
  /** What it cannot exceed, and the share of it that is used. */
  readonly limit?: number;
  readonly usedRatio?: number;
  /** When its trend meets the limit, from now on; absent where it does not rise for certain. */
  readonly secondsToLimit?: number;
  /** Unix milliseconds of the latest point. */
  readonly seenMs: number;
}

/** GET /api/resources/baselines */
export interface ResourceLinesAnswer {
  readonly nowMs: number;
  readonly stepSeconds: number;
  /** Those that ask to be looked at first, then by name. */
  readonly series: readonly ResourceLine[];
  /** Series that found no room. */
  readonly leftOut: number;
}

/** What one series was in some time; as a report has it. */
export interface ResourcePeriod {
  readonly name: string;
  readonly unit: string;
  readonly mean: number;
  readonly max: number;
  readonly limit?: number;
  readonly points: readonly { readonly timeMs: number; readonly value: number }[];
}

/** Shows what is watched. */
export interface ResourceView {
  lines(): ResourceLinesAnswer;
  /**
   * Means of all series that have any, by the hour within the last four days, else by the day of UTC, for two months.
   *
   * @param toMs not included
   */
  facts(fromMs: number, toMs: number): ResourcePeriod[];
  /** How many series are watched, and of how many it is known what is normal. */
  coverage(): { readonly resources: number; readonly learnedResources: number };
}
