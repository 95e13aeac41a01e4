// What the trace buffer counts between two readings of its owner.

/**
 * What ended the waiting of a trace: some time after its root, its first error or the match of a configured wait, the whole
 * wait, the byte budget, its own size, the end of the process.
 */
export const DECISION_CAUSES = ['root', 'error', 'match', 'wait', 'budget', 'size', 'stop'] as const;

export type DecisionCause = (typeof DECISION_CAUSES)[number];

/**
 * What became of a link from a kept trace to another: the other was kept by then or is kept for it, was dropped, or did not
 * come in time; or there were too many links.
 */
export const LINK_RESULTS = ['followed', 'already_kept', 'unresolved', 'unseen', 'over_limit'] as const;

export type LinkResult = (typeof LINK_RESULTS)[number];

/** Counts since they were last taken. */
export interface SampleCounts {
  keptSpans: number;
  notSampledSpans: number;
  /** Of traces that an explicit drop left out. */
  droppedSpans: number;
  lateDroppedSpans: number;
  lateKeptSpans: number;
  lateErrors: number;
  unknownThresholds: number;
  inconsistentThresholds: number;
  keptTraces: Map<string, number>;
  /** Traces that policies keep and hard caps did not. */
  cappedTraces: number;
  decided: Record<DecisionCause, number>;
  links: Record<LinkResult, number>;
}

export function emptyCounts(): SampleCounts {
  return {
    keptSpans: 0,
    notSampledSpans: 0,
    droppedSpans: 0,
    lateDroppedSpans: 0,
    lateKeptSpans: 0,
    lateErrors: 0,
    unknownThresholds: 0,
    inconsistentThresholds: 0,
    keptTraces: new Map(),
    cappedTraces: 0,
    decided: { root: 0, error: 0, match: 0, wait: 0, budget: 0, size: 0, stop: 0 },
    links: { followed: 0, already_kept: 0, unresolved: 0, unseen: 0, over_limit: 0 },
  };
}

/** Hands the counts over and begins anew in the same object. */
export function takeCounts(counts: SampleCounts): SampleCounts {
  const taken = { ...counts };
  Object.assign(counts, emptyCounts());
  return taken;
}
