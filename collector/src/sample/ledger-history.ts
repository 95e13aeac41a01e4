// Answers why a trace was kept or dropped: from what still waits, from memory, then from the store's disk.
import type { Clock } from '../pipeline/contract.ts';
import type { DecisionArchive, KeptReasons } from '../store/contract.ts';
import type { DecisionAnswer, DecisionHorizon, DecisionJson } from '../web/api.ts';
import { explain, type Explanation, pendingSummary } from './explain.ts';
import type { Ledger, RetiredDecisions } from './ledger.ts';
import { type DecisionRecord, readRecord, RECORD_BYTES, recordsOver } from './ledger-record.ts';
import type { PolicyConfig } from './policy-config.ts';
import type { SampleConfig } from './config.ts';

/** What is asked of the trace buffer, once there is one. */
export interface DecidedTraces {
  readonly ledger: Ledger;
  waiting(id0: number, id1: number, id2: number, id3: number): WaitingTrace | undefined;
}

/** What is told of a trace that waits. */
export interface WaitingTrace {
  /** When its first span came, monotonic. */
  readonly startMs: number;
  readonly spanCount: number;
  /** A kept trace links to it. */
  readonly isLinked: boolean;
}

/** What goes with the records of one block, so that they can be explained whatever is configured by then. */
interface BlockMeta {
  readonly policies: readonly PolicyConfig[];
  /** Names, in order; blocks written before there were waits lack them. */
  readonly waits?: readonly string[];
}

/** Decisions of this run and of earlier ones. */
export class DecisionHistory {
  /** Where old decisions go; without it they are forgotten. */
  archive: DecisionArchive | undefined;
  /** Who still has kept traces whose decision is known no more, as after a process that was killed. */
  ring: KeptReasons | undefined;
  readonly #policies: readonly PolicyConfig[];
  readonly #waits: readonly string[];
  readonly #meta: string;
  readonly #clock: Clock;
  readonly #startedMs: number;

  constructor(configured: Pick<SampleConfig, 'policies' | 'waits'>, clock: Clock) {
    this.#policies = configured.policies;
    this.#waits = configured.waits.map(({ name }) => name);
    this.#meta = JSON.stringify({ policies: this.#policies, waits: this.#waits } satisfies BlockMeta);
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
  }

  /** Takes what memory gives up. */
  retire(decisions: RetiredDecisions): void {
    this.archive?.keepDecisions({ ...decisions, recordBytes: RECORD_BYTES, meta: this.#meta });
  }

  /**
   * @param traceId 32 hexadecimal digits
   * @param traces undefined before the first span came
   * @throws Error where memory does not know the trace and the disk does not answer
   */
  async why(traceId: string, traces: DecidedTraces | undefined): Promise<DecisionAnswer> {
    const id = idWords(traceId);
    const waiting = traces?.waiting(...id);
    const row = traces?.ledger.find(...id) ?? -1;
    const record = row < 0 ? undefined : traces?.ledger.read(row);
    if (waiting !== undefined) {
      const nowMs = this.#clock.nowMs();
      const sinceMs = nowMs - (this.#clock.monotonicMs() - waiting.startMs);
      const { spanCount, isLinked } = waiting;
      const linked = isLinked ? ' A kept trace links to it, so it will be kept, unless a policy drops it.' : '';
      const summary = `${pendingSummary(spanCount, sinceMs, nowMs)}${linked}`;
      return {
        traceId,
        state: 'pending',
        summary,
        policies: [],
        pending: { sinceMs, spanCount },
        horizon: this.#horizon(traces),
      };
    }
    if (record !== undefined) {
      const linkedFrom = record.linked
        ? traces?.ledger.idBefore(row, record.thresholdHigh, record.thresholdLow)
        : undefined;
      const explanation = explain(this.#policies, record, { linkedFrom, waits: this.#waits });
      return decided(traceId, record, explanation, 'memory', this.#horizon(traces));
    }
    const archived = await this.archive?.findDecision(id);
    const horizon = this.#horizon(traces);
    if (archived === undefined) {
      const policy = await this.ring?.keptBy(traceId);
      if (policy !== undefined) return { traceId, state: 'kept', summary: onlyInRing(policy), policies: [], horizon };
      const summary = `Not seen since ${new Date(horizon.sinceMs).toISOString()}.`;
      return { traceId, state: 'unseen', summary, policies: [], horizon };
    }
    const { policies, waits } = JSON.parse(archived.meta) as BlockMeta;
    const old = readRecord(recordsOver(archived.record), 0);
    return decided(traceId, old, explain(policies, old, { waits }), 'disk', horizon);
  }

  #horizon(traces: DecidedTraces | undefined): DecisionHorizon {
    const coverage = this.archive?.decisionCoverage();
    const spans = (coverage?.spans ?? []).map(({ fromSeconds, toSeconds }) => ({
      fromMs: fromSeconds * 1000,
      toMs: toSeconds * 1000,
    }));
    const current = coverage?.isCurrent === true ? spans.pop() : undefined;
    const oldestMs = traces?.ledger.oldestMs;
    const inMemoryMs = traces?.ledger.hasForgotten === true ? (oldestMs ?? this.#clock.nowMs()) : this.#startedMs;
    return {
      sinceMs: current?.fromMs ?? inMemoryMs,
      ...(oldestMs === undefined ? {} : { memoryMs: oldestMs }),
      earlier: spans,
    };
  }
}

/** What is told of a trace that the ring has and no ledger. */
function onlyInRing(policy: string): string {
  const why =
    policy === 'pin'
      ? 'because somebody asked to keep it'
      : policy === 'link'
        ? 'because a kept trace links to it'
        : `by ${policy}`;
  return `Kept ${why}: its spans are in the ring. The decision itself was lost, most likely with a process that was killed.`;
}

type TraceIdWords = readonly [number, number, number, number];

function idWords(traceId: string): TraceIdWords {
  const word = (at: number): number => Number.parseInt(traceId.slice(at, at + 8), 16);
  return [word(0), word(8), word(16), word(24)];
}

function decided(
  traceId: string,
  record: DecisionRecord,
  { summary, decision, policies }: Explanation,
  foundIn: DecisionJson['foundIn'],
  horizon: DecisionHorizon,
): DecisionAnswer {
  const state = record.kept ? 'kept' : 'dropped';
  return { traceId, state, summary, decision: { ...decision, foundIn }, policies, horizon };
}
