// Traces fed to the real trace buffer as columns, without a body to scan: thousands of seeds in a minute.
import { Arena } from '../../collector/src/otlp/arena.ts';
import { ContextTable } from '../../collector/src/otlp/context-table.ts';
import { ENTRY, ROOT, SpanBatch, STATUS_ERROR } from '../../collector/src/otlp/span-batch.ts';
import { otState, readOtState } from '../../collector/src/otlp/trace-state.ts';
import { TraceBuffer, type TraceBufferOptions } from '../../collector/src/sample/trace-buffer.ts';

/** A span in the arena is a name of ten characters and nothing else. */
const SPAN_BYTES = 12;
const NAME_TAG = (5 << 3) | 2;
const NAME_BYTES = 10;
const FULL_ROWS = 1024;

export interface FedTrace {
  readonly spans: number;
  readonly isError: boolean;
  readonly durationMs: number;
  /** 0..9 */
  readonly operation: number;
}

/** Spans by operation. */
const NAMES = Array.from({ length: 10 }, (_, i) => [NAME_TAG, NAME_BYTES, ...Buffer.from(`operation${i}`)]);

/** A kept trace as its receiver sees it. */
export interface KeptTrace {
  readonly spans: number;
  readonly threshold: { readonly high: number; readonly low: number };
  readonly policy: string;
}

/** A trace buffer with random trace ids. */
export class ColumnFeed {
  readonly kept: KeptTrace[] = [];
  readonly buffer: TraceBuffer;
  readonly #arena = new Arena();
  readonly #contexts: ContextTable;
  readonly #batch: SpanBatch;
  readonly #random: () => number;
  readonly #context: number;
  readonly #bytes: Uint8Array;

  constructor(options: TraceBufferOptions, random: () => number) {
    this.#random = random;
    this.#contexts = new ContextTable(8, 1, () => ({ serviceName: 'shop', unsampled: true }));
    const context = this.#contexts.insert(new Uint8Array(0), 0, 1);
    if (context === undefined) throw new Error('no room for a context');
    context.references++;
    this.#context = context.id;
    this.#bytes = new Uint8Array(SPAN_BYTES * FULL_ROWS);
    this.#batch = new SpanBatch(this.#arena, this.#contexts);
    this.buffer = new TraceBuffer(options, this.#arena, this.#contexts, (batch) => {
      for (let t = 0; t < batch.traceCount; t++) {
        const [from = 0, to = 0] = [batch.traceStart[t], batch.traceStart[t + 1]];
        const suffix = batch.suffix[from] ?? new Uint8Array(0);
        // Field 3, its length, then the tracestate.
        readOtState(suffix, 2, suffix[1] ?? 0);
        if (!otState.hasThreshold) throw new Error('a kept span carries no threshold');
        const threshold = { high: otState.thresholdHigh, low: otState.thresholdLow };
        this.kept.push({ spans: to - from, threshold, policy: batch.policies[t] ?? '' });
      }
    });
  }

  /** Adds traces that all come whole at `nowMs`. */
  add(traces: readonly FedTrace[], nowMs: number): void {
    const batch = this.#batch;
    let row = this.#begin();
    for (const trace of traces) {
      const id = [0, 0, 0, 0].map(() => Math.floor(this.#random() * 2 ** 32));
      for (let span = 0; span < trace.spans; span++) {
        this.#bytes.set(NAMES[trace.operation] ?? [], row * SPAN_BYTES);
        batch.trace0[row] = id[0] ?? 0;
        batch.trace1[row] = id[1] ?? 0;
        batch.trace2[row] = id[2] ?? 0;
        batch.trace3[row] = id[3] ?? 0;
        batch.flags[row] = span === 0 ? ROOT | ENTRY : 0;
        batch.status[row] = trace.isError && span === 0 ? STATUS_ERROR : 0;
        // A second is 1e9 ns, below 2^32.
        batch.endLow[row] = Math.min(trace.durationMs, 4000) * 1e6;
        if (++row === FULL_ROWS) {
          this.#end(row, nowMs);
          row = this.#begin();
        }
      }
    }
    this.#end(row, nowMs);
  }

  #begin(): number {
    while (this.#batch.capacity < FULL_ROWS) this.#batch.grow();
    return 0;
  }

  #end(rows: number, nowMs: number): void {
    if (rows === 0) return;
    const batch = this.#batch;
    const length = rows * SPAN_BYTES;
    const { segment, offset } = this.#arena.copy([this.#bytes.subarray(0, length)], length);
    batch.reset(this.#arena.source(segment));
    batch.segment = segment;
    batch.count = rows;
    const context = this.#contexts.slots[this.#context];
    if (context !== undefined) context.references += rows;
    for (let row = 0; row < rows; row++) {
      batch.offset[row] = offset + row * SPAN_BYTES;
      batch.length[row] = SPAN_BYTES;
      batch.context[row] = this.#context;
      batch.startHigh[row] = batch.startLow[row] = batch.endHigh[row] = 0;
      batch.stateLength[row] = batch.nameLength[row] = 0;
    }
    this.#arena.settle(segment, offset, length, length);
    this.buffer.add(batch, nowMs);
  }
}
