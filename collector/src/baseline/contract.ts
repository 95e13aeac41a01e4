// What other rooms may know of `baseline`: types, never its code.

/** How bad it is. */
export type Severity = 'info' | 'warning' | 'critical' | 'emergency';

/**
 * What left its baseline: durations, the share of failed calls, or how often it is called. A hang is a stop while calls
 * still begin. A resource is past its limit or its own baseline, a target is one that was configured, and data loss is
 * the sidecar's own.
 */
export type ViolationKind = 'latency' | 'error' | 'throughput' | 'hang' | 'resource' | 'target' | 'data_loss';

/** How far off, as a factor of the baseline, with a 95 % interval. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How a baseline is learned anew: it was wrong, or it was right and what the operation does now is. */
export type BaselineChange = 'reset' | 'accept';

/** Learns baselines anew where somebody asks for it. */
export interface BaselineChanges {
  /**
   * @param name of an operation, service first, as it is shown
   * @returns names of those that are learned anew, with their kinds; none where none has the name
   */
  change(change: BaselineChange, name: string): Promise<readonly string[]>;
}

/** What is watched. */
export interface Subject {
  /** The same after a restart; no two subjects share it. */
  readonly key: string;
  /** For people: `orders POST /orders`, `system.memory.utilization`. */
  readonly name: string;
  /** As on its series: service.name, span.name, span.kind; or the name and attributes of a metric. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Why it was said, for who is woken by it. */
export interface Explanation {
  /** One sentence: what, since when, by how much. */
  readonly summary: string;
  /** p50, p95 and p99 against the baseline; empty where durations are not what changed. */
  readonly quantiles: readonly { readonly quantile: number; readonly ratio: number }[];
  /** Calls it rests on. */
  readonly calls: number;
  /** Chance alone would say as much once in so many days of this operation. */
  readonly oneInDays: number;
  /** Kept traces that show it, in hexadecimal digits, the slowest first. */
  readonly traceIds: readonly string[];
  /** Which child explains the added time, and what to do about it. */
  readonly bottleneck?: { readonly operation: string; readonly share: number; readonly recommendation: string };
  /** What was changed shortly before: a new service.version, a configuration. */
  readonly change?: string;
}

/** One subject that left its baseline in one way. */
export interface Violation {
  readonly id: string;
  readonly subject: Subject;
  readonly kind: ViolationKind;
  /** `none` once it is over. */
  readonly severity: Severity | 'none';
  /** The worst it was. */
  readonly peak: Severity;
  /** All in milliseconds since the epoch: when it began, as far as is known, when it was first said, and last changed. */
  readonly onsetMs: number;
  readonly raisedMs: number;
  readonly changedMs: number;
  readonly ratio: Ratio;
  readonly explanation: Explanation;
}

/** Violations of one cause: what somebody is told of, once. Sent whole with each change of a member. */
export interface ViolationGroup {
  readonly id: string;
  /** The worst of its members now; `none` once all are over. */
  readonly severity: Severity | 'none';
  readonly peak: Severity;
  readonly onsetMs: number;
  readonly changedMs: number;
  /** The likely cause first. */
  readonly members: readonly Violation[];
  /** Why the first is likely the cause, in one sentence about it; absent where nothing tells. */
  readonly because?: string;
  /** It has turned out to be one cause with the group of this id, and goes on as part of that. */
  readonly joined?: string;
}

/** What is said when something begins, changes or ends. */
export interface Change {
  readonly timeMs: number;
  readonly kind: ViolationKind;
  /** `none` when it is over. */
  readonly severity: Severity | 'none';
  readonly onsetMs: number;
  readonly ratio: Ratio;
  /** Evidence against chance, nats, and the calls it rests on. */
  readonly nats: number;
  readonly calls: number;
  /** Quantiles against those of the baseline; empty where durations are not what changed. */
  readonly quantiles: readonly { readonly quantile: number; readonly ratio: number }[];
  /** It did not end by itself: it was accepted as it is, or the baseline was. */
  readonly ended?: 'accepted' | 'reset' | 'forgotten';
  /** What is said of its subject, without the subject and since when: `takes 1.2 s in the mean, more than its target of 1 s`. */
  readonly says?: string;
  /** What to do about it, as sentences. */
  readonly advice?: string;
}

/** Takes violations that somebody else found: they are grouped, kept, shown and told like those of operations. */
export interface ViolationSink {
  /** Each kind of violation of a subject is one, from its first change to that with `none`. */
  say(subject: Subject, changes: readonly Change[]): void;
  /** Those of a kind that are open, also those of before a restart once `baseline` has started; whoever said them ends them. */
  open(kind: ViolationKind): readonly Violation[];
}
