// Moves what the trace buffer counts to the instruments of `sample`.
import type { Host } from '../pipeline/contract.ts';
import type { sampleInstruments } from './instruments.ts';
import { DECISION_CAUSES, LINK_RESULTS, takeCounts } from './sample-counts.ts';
import type { TraceBuffer } from './trace-buffer.ts';

/** The stage's own telemetry. */
export class OwnMetrics {
  readonly #host: Host<keyof typeof sampleInstruments>;
  /** What was reported of totals that others keep. */
  readonly #overflowed = new Map<string, number>();
  #overSpans = 0;

  constructor(host: Host<keyof typeof sampleInstruments>) {
    this.#host = host;
  }

  /** Shows policies at 0 from the start, so that the first kept trace of a policy is seen as an increase. */
  show(policies: readonly string[]): void {
    for (const policy of policies) this.#host.count('kept_traces', 0, { policy });
  }

  /** Takes the counts of the buffer. */
  report(buffer: TraceBuffer): void {
    const counts = takeCounts(buffer.counts);
    const host = this.#host;
    if (counts.keptSpans > 0) host.count('kept', counts.keptSpans);
    if (counts.notSampledSpans > 0) host.count('dropped', counts.notSampledSpans, { reason: 'not_sampled' });
    if (counts.droppedSpans > 0) host.count('dropped', counts.droppedSpans, { reason: 'drop_policy' });
    if (counts.cappedTraces > 0) host.count('capped_traces', counts.cappedTraces);
    if (counts.lateDroppedSpans > 0) {
      host.count('dropped', counts.lateDroppedSpans, { reason: 'late' });
      host.count('late', counts.lateDroppedSpans, { decision: 'dropped' });
    }
    if (counts.lateKeptSpans > 0) host.count('late', counts.lateKeptSpans, { decision: 'kept' });
    if (counts.lateErrors > 0) host.count('late_errors', counts.lateErrors);
    if (counts.inconsistentThresholds > 0) host.count('threshold_inconsistent', counts.inconsistentThresholds);
    if (counts.unknownThresholds > 0) host.count('threshold_unknown', counts.unknownThresholds);
    for (const [policy, traces] of counts.keptTraces) host.count('kept_traces', traces, { policy });
    for (const cause of DECISION_CAUSES)
      if (counts.decided[cause] > 0) host.count('traces', counts.decided[cause], { cause });
    for (const result of LINK_RESULTS)
      if (counts.links[result] > 0) host.count('links', counts.links[result], { result });
    this.#reportTotals(buffer);
    host.record('budget_ratio', buffer.decisions.budget?.ratio ?? 1);
    host.record('overload_ratio', buffer.decisions.overload.ratio);
    host.record('pending', buffer.pendingSpans);
    host.record('pending_traces', buffer.pendingTraces);
    host.record('size', buffer.usedBytes);
    host.record('decisions', buffer.ledger.count);
    host.record('decisions_size', buffer.ledger.sizeBytes);
  }

  #reportTotals({ policies, decisions: { budget } }: TraceBuffer): void {
    const overSpans = budget?.overSpans ?? 0;
    if (overSpans > this.#overSpans) this.#host.count('floors_over_budget', overSpans - this.#overSpans);
    this.#overSpans = overSpans;
    for (const { name, overflowed } of policies) {
      if (overflowed === undefined) continue;
      const total = overflowed();
      const known = this.#overflowed.get(name) ?? 0;
      if (total > known) this.#host.count('policy_overflow', total - known, { policy: name });
      this.#overflowed.set(name, total);
    }
  }
}
