// What `sample` counts.
import type { Instruments } from '../pipeline/contract.ts';
import { DECISION_CAUSES, LINK_RESULTS } from './sample-counts.ts';

export const sampleInstruments = {
  kept: { kind: 'counter', unit: '{span}', description: 'Spans of kept traces.' },
  dropped: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans that were not kept.',
    attributes: { reason: ['not_sampled', 'drop_policy', 'late'] },
  },
  late: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans that came after the decision on their trace and followed it.',
    attributes: { decision: ['kept', 'dropped'] },
  },
  late_errors: { kind: 'counter', unit: '{span}', description: 'Late error spans of traces dropped before.' },
  traces: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Traces decided, by what ended their waiting.',
    attributes: { cause: DECISION_CAUSES },
  },
  kept_traces: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Traces kept, by the policy that decided.',
    attributes: { policy: 'config' },
  },
  capped_traces: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Traces that policies keep and the hard caps did not.',
  },
  links: {
    kind: 'counter',
    unit: '{link}',
    description:
      'Links of kept traces to other traces: followed where the other was kept for it, already_kept, unresolved where it was dropped, unseen where it did not come in time, over_limit where there were too many.',
    attributes: { result: LINK_RESULTS },
  },
  budget_ratio: {
    kind: 'gauge',
    unit: '1',
    description: 'Share that the budget keeps of what need not be kept; 1 where there is room for all.',
  },
  floors_over_budget: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans that errors, floors and other forced keeps took though the budget had no room for them.',
  },
  policy_overflow: {
    kind: 'counter',
    unit: '{lookup}',
    description:
      'Times a key or an operation found no room in the table of its policy and was judged together with others.',
    attributes: { policy: 'config' },
  },
  overload_ratio: {
    kind: 'gauge',
    unit: '1',
    description: 'Share kept of what need not be kept while there is too much; 1 in quiet times.',
  },
  threshold_unknown: {
    kind: 'counter',
    unit: '{span}',
    description: 'Kept spans whose source neither sends a threshold nor is listed in sources.unsampled.',
  },
  threshold_inconsistent: {
    kind: 'counter',
    unit: '{span}',
    description: 'Kept spans whose randomness is below their own incoming threshold; it was erased.',
  },
  pending: { kind: 'gauge', unit: '{span}', description: 'Spans waiting for their trace to be decided.' },
  pending_traces: { kind: 'gauge', unit: '{trace}', description: 'Traces waiting to be decided.' },
  size: { kind: 'gauge', unit: 'By', description: 'Memory of waiting spans, pinned segments and columns.' },
  decisions: { kind: 'gauge', unit: '{trace}', description: 'Decisions in memory.' },
  decisions_size: { kind: 'gauge', unit: 'By', description: 'Memory of decisions.' },
} as const satisfies Instruments;
