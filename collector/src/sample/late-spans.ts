// Spans that come after the decision on their trace: they follow it, and are counted.
import type { Arena } from '../otlp/arena.ts';
import type { ContextTable } from '../otlp/context-table.ts';
import { HAS_LINKS, type SpanBatch, STATUS_ERROR } from '../otlp/span-batch.ts';
import { hexId, idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import type { Decisions } from './decisions.ts';
import type { KeptStaging } from './kept-staging.ts';
import type { Ledger } from './ledger.ts';
import { sakeOf } from './ledger-record.ts';
import type { Links } from './links.ts';
import type { KeepReasons } from './reason.ts';
import type { SampleCounts } from './sample-counts.ts';

/** What late spans are judged by, and where they go. */
export interface LateSpansParts {
  readonly ledger: Ledger;
  readonly decisions: Decisions;
  readonly reasons: KeepReasons;
  /** Undefined where links have no effect. */
  readonly links: Links | undefined;
  readonly staging: KeptStaging;
  readonly arena: Arena;
  readonly contexts: ContextTable;
  readonly counts: SampleCounts;
}

/** Stages late spans of kept traces and gives those of dropped ones back. */
export class LateSpans {
  readonly #parts: LateSpansParts;

  constructor(parts: LateSpansParts) {
    this.#parts = parts;
  }

  /** Takes over one span of a committed batch. @param decided row of its trace in the ledger */
  add(batch: SpanBatch, row: number, decided: number, nowMs: number): void {
    const { ledger, arena, contexts, counts } = this.#parts;
    if (ledger.isKept(decided)) {
      this.#stage(batch, row, decided, nowMs);
      counts.lateKeptSpans++;
      return;
    }
    counts.lateDroppedSpans++;
    if (batch.status[row] === STATUS_ERROR) counts.lateErrors++;
    arena.release(batch.segment, batch.length[row]);
    contexts.release(batch.context[row], 1);
  }

  #stage(batch: SpanBatch, row: number, decided: number, nowMs: number): void {
    const { ledger, decisions, reasons, staging, links } = this.#parts;
    const record = ledger.read(decided);
    const sake = sakeOf(record);
    const name = reasons.nameOf(record.policy, sake);
    const ids = [batch.trace0[row], batch.trace1[row], batch.trace2[row], batch.trace3[row]] as const;
    staging.beginTrace(hexId(...ids), name, true);
    const isErased = sake !== undefined || (record.capped && decisions.erasesCapped);
    const randomHigh = record.hasRandom ? record.randomHigh : idRandomHigh(ids[2], ids[3]);
    const randomLow = record.hasRandom ? record.randomLow : idRandomLow(ids[3]);
    const { offset, length, context, flags } = batch;
    if (sake === undefined && links !== undefined && (flags[row] & HAS_LINKS) !== 0) {
      links.begin(...ids);
      links.follow(batch.source.bytes, offset[row], length[row], nowMs);
    }
    staging.addSpan(
      { segment: batch.segment, offset: offset[row], length: length[row], context: context[row], flags: flags[row] },
      {
        threshold: isErased ? undefined : { high: record.thresholdHigh, low: record.thresholdLow },
        randomHigh,
        randomLow,
        reason: reasons.bytesOf(name, 'late', false),
      },
    );
  }
}
