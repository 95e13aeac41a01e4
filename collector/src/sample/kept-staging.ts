// The batch of kept traces being filled: one set of columns, emptied after every hand-over.
import type { Arena } from '../otlp/arena.ts';
import { copyInto } from '../otlp/columns.ts';
import type { Context, ContextTable } from '../otlp/context-table.ts';
import type { KeptBatch } from './contract.ts';
import type { SampleCounts } from './sample-counts.ts';
import { outcome, type TraceDecision, thresholdSuffix } from './threshold-suffix.ts';
import type { UnknownThresholds } from './unknown-thresholds.ts';

/** Hand over at this size: large enough to amortise framing, small enough to keep the loop responsive. */
export const FULL_SPANS = 2048;
/** Or at so many bytes: receivers refuse much larger requests. */
export const FULL_BYTES = 2 * 1024 * 1024;

/** Where a span's bytes stand, whose they are, and its flags. */
export interface SpanPlace {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
  readonly context: number;
  readonly flags: number;
}

/** A KeptBatch under construction. */
export class KeptStaging implements KeptBatch {
  readonly signal = 'traces';
  arena: Arena;
  contexts: readonly (Context | undefined)[] = [];
  traceCount = 0;
  spanCount = 0;
  /** Bytes of the spans, without what is written around them. */
  sizeBytes = 0;
  readonly traceStart: number[] = [0];
  readonly traceIds: string[] = [];
  readonly policies: string[] = [];
  readonly late: boolean[] = [];
  segment = new Uint16Array(FULL_SPANS);
  offset = new Uint32Array(FULL_SPANS);
  length = new Uint32Array(FULL_SPANS);
  context = new Uint16Array(FULL_SPANS);
  readonly suffix: (Uint8Array | undefined)[] = [];

  readonly #contexts: ContextTable;
  readonly #counts: SampleCounts;
  readonly #unknown: UnknownThresholds;

  /** @param counts of spans staged and of their thresholds, kept up to date */
  constructor(arena: Arena, contexts: ContextTable, counts: SampleCounts, unknown: UnknownThresholds) {
    this.arena = arena;
    this.#contexts = contexts;
    this.#counts = counts;
    this.#unknown = unknown;
  }

  /** Begins a trace; its spans follow. */
  beginTrace(traceId: string, policy: string, isLate: boolean): void {
    this.traceIds[this.traceCount] = traceId;
    this.policies[this.traceCount] = policy;
    this.late[this.traceCount] = isLate;
    this.traceCount++;
  }

  /** Adds a span of the trace begun last, with the suffix that says at which threshold it was kept. */
  addSpan({ segment, offset, length, context, flags }: SpanPlace, decision: TraceDecision): void {
    const source = this.#contexts.slots[context];
    const { bytes } = this.arena.source(segment);
    const unsampled = source?.unsampled ?? false;
    const suffix = thresholdSuffix({ bytes, offset, length, flags, unsampled }, decision);
    if (outcome.found === 'unknown') {
      this.#counts.unknownThresholds++;
      this.#unknown.add(source?.serviceName ?? '');
    } else if (outcome.found === 'inconsistent') this.#counts.inconsistentThresholds++;
    this.#counts.keptSpans++;
    this.addRow(segment, offset, length, context, suffix);
  }

  /** Adds a span with a suffix made elsewhere. */
  addRow(segment: number, offset: number, length: number, context: number, suffix: Uint8Array | undefined): void {
    if (this.spanCount === this.length.length) this.#grow();
    const row = this.spanCount++;
    this.sizeBytes += length;
    this.segment[row] = segment;
    this.offset[row] = offset;
    this.length[row] = length;
    this.context[row] = context;
    this.suffix[row] = suffix;
    this.traceStart[this.traceCount] = this.spanCount;
  }

  get isFull(): boolean {
    return this.spanCount >= FULL_SPANS || this.sizeBytes >= FULL_BYTES;
  }

  clear(): void {
    this.traceCount = 0;
    this.spanCount = 0;
    this.sizeBytes = 0;
    this.suffix.length = 0;
    this.traceIds.length = this.policies.length = this.late.length = 0;
    this.traceStart.length = 1;
  }

  /** One trace may be larger than a full batch: it is never cut. */
  #grow(): void {
    const capacity = this.length.length * 2;
    this.segment = copyInto(new Uint16Array(capacity), this.segment);
    this.offset = copyInto(new Uint32Array(capacity), this.offset);
    this.length = copyInto(new Uint32Array(capacity), this.length);
    this.context = copyInto(new Uint16Array(capacity), this.context);
  }
}
