// Frames kept spans as OTLP: raw bytes are copied, only what stands around them is written.
import type { Context } from './context-table.ts';
import { ProtobufWriter, varintLength } from './writer.ts';

/** Spans to frame, in columns. A span's content is `source(segment)` at offset and length, then its suffix. */
export interface FramedSpans {
  readonly contexts: readonly (Context | undefined)[];
  readonly segment: Uint16Array;
  readonly offset: Uint32Array;
  readonly length: Uint32Array;
  readonly context: Uint16Array;
  readonly suffix: readonly (Uint8Array | undefined)[];
  readonly arena: { source(segment: number): { readonly bytes: Uint8Array } };
}

const END = -1;
const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;

/** Groups spans by context and writes them. Keeps its columns between calls. */
export class SpanEncoder {
  readonly #writer = new ProtobufWriter(256 * 1024);
  /** First and last row of each context, and the next row of each row. */
  readonly #first = new Int32Array(65_536).fill(END);
  readonly #last = new Int32Array(65_536);
  #next = new Int32Array(4096);

  /**
   * Frames rows `from..to-1` as one TracesData or ExportTraceServiceRequest, which are alike on the wire.
   *
   * @returns a copy that belongs to the caller
   */
  encode(spans: FramedSpans, from: number, to: number): Uint8Array<ArrayBuffer> {
    const order = this.#group(spans, from, to);
    const writer = this.#writer;
    writer.reset();
    for (const contextId of order) {
      this.#writeContext(spans, from, contextId);
      this.#first[contextId] = END;
    }
    return writer.take();
  }

  /** Links the rows of each context; answers contexts in the order they are met. */
  #group({ context }: FramedSpans, from: number, to: number): number[] {
    if (to - from > this.#next.length) this.#next = new Int32Array(2 ** Math.ceil(Math.log2(to - from)));
    const order: number[] = [];
    for (let row = from; row < to; row++) {
      const id = context[row] ?? 0;
      if (this.#first[id] === END) {
        this.#first[id] = row - from;
        order.push(id);
      } else this.#next[this.#last[id]] = row - from;
      this.#last[id] = row - from;
      this.#next[row - from] = END;
    }
    return order;
  }

  #writeContext(spans: FramedSpans, from: number, contextId: number): void {
    const writer = this.#writer;
    const context = spans.contexts[contextId];
    const resourceLength = context?.resourceLength ?? 0;
    const contextBytes = context?.bytes ?? NO_BYTES;
    const scopeLength = contextBytes.length - resourceLength;
    let spansLength = 0;
    for (let i = this.#first[contextId]; i !== END; i = this.#next[i]) {
      const length = spanLength(spans, from + i);
      spansLength += 1 + varintLength(length) + length;
    }
    // All lengths are known beforehand, so nothing has to be moved once it is written.
    const scopeSpansLength = scopeLength + spansLength;
    writer.varint((RESOURCE_SPANS << 3) | 2);
    writer.varint(resourceLength + 1 + varintLength(scopeSpansLength) + scopeSpansLength);
    writer.raw(contextBytes, 0, resourceLength);
    writer.varint((SCOPE_SPANS << 3) | 2);
    writer.varint(scopeSpansLength);
    writer.raw(contextBytes, resourceLength, contextBytes.length);
    for (let i = this.#first[contextId]; i !== END; i = this.#next[i]) this.#writeSpan(spans, from + i);
  }

  #writeSpan(spans: FramedSpans, row: number): void {
    const writer = this.#writer;
    const { bytes } = spans.arena.source(spans.segment[row] ?? 0);
    const offset = spans.offset[row] ?? 0;
    const suffix = spans.suffix[row];
    writer.varint((SPANS << 3) | 2);
    writer.varint(spanLength(spans, row));
    writer.raw(bytes, offset, offset + (spans.length[row] ?? 0));
    if (suffix !== undefined) writer.raw(suffix);
  }
}

const NO_BYTES = new Uint8Array(0);

function spanLength(spans: FramedSpans, row: number): number {
  return (spans.length[row] ?? 0) + (spans.suffix[row]?.length ?? 0);
}
