// Learns who calls whom from kept traces: from some that come by, and from all that somebody looked into.
import { FieldCursor } from '../otlp/field-cursor.ts';
import { readVarint32 } from '../otlp/wire.ts';
import type { Clock, Consumer } from '../pipeline/contract.ts';
import type { KeptBatch } from '../sample/contract.ts';
import { CallGraph, type Calls } from './call-graph.ts';
import { type EdgeSpan, OperationEdges } from './edges.ts';
import type { TraceSource } from './investigator.ts';

/** Who calls whom hardly changes: what so many spans a second show is enough, at about two microseconds each. */
const MAX_SPANS_A_SECOND = 500;
/** Of one trace, which may have thousands of calls alike. */
const MAX_SPANS_A_TRACE = 200;
/** Of those that somebody looked into: the latest, as many as show which calls an operation makes. */
const MAX_TRACES_LOOKED_INTO = 10;
/** Ten thousand operations have about as many edges; at 300 B each. */
const MAX_EDGES = 8192;
/** Spans of one trace come together. */
const MAX_SPANS = 2048;

/** Numbers of OTLP. */
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export class KeptCalls implements Consumer<KeptBatch> {
  readonly #clock: Clock;
  readonly #edges = new OperationEdges({ maxEdges: MAX_EDGES, maxSpans: MAX_SPANS });
  #second = -1;
  #read = 0;
  /** Traces read so far: each batch is gone on with elsewhere, so that not only those at its front are read. */
  #turn = 0;
  #graph: Calls | undefined;
  #graphSecond = -1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async consume(batch: KeptBatch): Promise<void> {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second !== this.#second) this.#read = 0;
    this.#second = second;
    const { traceCount, traceStart } = batch;
    for (let i = 0; i < traceCount && this.#read < MAX_SPANS_A_SECOND; i++) {
      const trace = this.#turn++ % traceCount;
      const from = traceStart[trace] ?? 0;
      const to = Math.min(traceStart[trace + 1] ?? 0, from + MAX_SPANS_A_TRACE);
      for (let row = from; row < to; row++) this.#take(spanOf(batch, row, batch.traceIds[trace] ?? ''));
      this.#read += to - from;
    }
  }

  /** A source of traces from which is learned whatever is read of it. */
  learning(source: TraceSource): TraceSource {
    return {
      between: async (...question) => {
        const traces = await source.between(...question);
        for (const { traceId, spans } of traces.slice(0, MAX_TRACES_LOOKED_INTO))
          for (const span of spans.slice(0, MAX_SPANS_A_TRACE)) this.#take({ ...span, traceId });
        this.#graphSecond = -1;
        return traces;
      },
    };
  }

  /** What is known now, at most a second old. */
  now(): Calls {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (this.#graph === undefined || second !== this.#graphSecond)
      this.#graph = new CallGraph(this.#edges.list(), this.#edges.placed());
    this.#graphSecond = second;
    return this.#graph;
  }

  #take(span: EdgeSpan): void {
    this.#edges.take(span, this.#clock.nowMs());
  }
}

const SPAN_ID = 0x12;
const PARENT_ID = 0x22;
const NAME = 0x2a;
const KIND = 0x30;

function spanOf(batch: KeptBatch, row: number, traceId: string): EdgeSpan {
  const { bytes } = batch.arena.source(batch.segment[row] ?? 0);
  const start = batch.offset[row] ?? 0;
  const span = { traceId, spanId: '', parentId: '', name: '', kind: 'unspecified' };
  const field = new FieldCursor(bytes, start, start + (batch.length[row] ?? 0));
  while (field.next()) {
    const text = (encoding: 'hex' | 'utf8'): string =>
      Buffer.from(bytes.buffer, bytes.byteOffset + field.start, field.end - field.start).toString(encoding);
    if (field.tag === SPAN_ID) span.spanId = text('hex');
    else if (field.tag === PARENT_ID) span.parentId = text('hex');
    else if (field.tag === NAME) span.name = text('utf8');
    else if (field.tag === KIND) span.kind = KINDS[readVarint32(bytes, field.start, field.end)] ?? 'unspecified';
  }
  return { ...span, service: batch.contexts[batch.context[row] ?? 0]?.serviceName ?? '' };
}
