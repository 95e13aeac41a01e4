// What other rooms may know of `target`: types, never its code.
import type { Severity } from '../baseline/contract.ts';

/** `unknown` where too little came to judge it. */
export type TargetState = 'met' | 'missed' | 'unknown';

/** What is judged by a target. */
export interface TargetSubject {
  /** For people. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** In the unit of the bound; null before it is known. */
  readonly value: number | null;
  /** The same for people, as in `1.2 s`; empty before it is known. */
  readonly text: string;
  readonly state: TargetState;
  /** Unix milliseconds; since when it is in this state. */
  readonly sinceMs: number;
  /** Absent while no violation of it is open. */
  readonly severity?: Severity;
}

export interface TargetLine {
  readonly name: string;
  readonly of: 'operations' | 'metrics';
  /** What it is of, in a few words: `p95 of gen_ai.client.operation.duration`. */
  readonly what: string;
  readonly statistic: string;
  readonly bound: number;
  readonly direction: 'max' | 'min';
  /** Both for people, as in `at most 1 s`. */
  readonly text: string;
  /** UCUM; of a metric as its sender has it, once it is known. */
  readonly unit: string;
  readonly windowSeconds: number;
  /** At most 50, those that miss it first, then those that are nearest to it. */
  readonly subjects: readonly TargetSubject[];
  readonly subjectCount: number;
  readonly missedCount: number;
}

/** GET /api/targets ; in the order of the configuration, those of operations first. */
export interface TargetsAnswer {
  readonly targets: readonly TargetLine[];
}
