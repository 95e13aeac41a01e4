// What the trace buffer counts between two readings of its owner.

/** What ended the waiting of a trace. */
export type DecisionCause = 'root' | 'wait' | 'budget' | 'stop';

/** Counts since they were last taken; the owner moves them to its instruments. */
export interface SampleCounts {
  keptSpans: number;
  notSampledSpans: number;
  lateDroppedSpans: number;
  lateKeptSpans: number;
  lateErrors: number;
  unknownThresholds: number;
  inconsistentThresholds: number;
  keptTraces: Map<string, number>;
  decided: Record<DecisionCause, number>;
}

export function emptyCounts(): SampleCounts {
  return {
    keptSpans: 0,
    notSampledSpans: 0,
    lateDroppedSpans: 0,
    lateKeptSpans: 0,
    lateErrors: 0,
    unknownThresholds: 0,
    inconsistentThresholds: 0,
    keptTraces: new Map(),
    decided: { root: 0, wait: 0, budget: 0, stop: 0 },
  };
}
