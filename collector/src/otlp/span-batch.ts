// The columns one scan fills: what later stages read of a body's spans, without an object or a string a span.
import type { Arena } from './arena.ts';
import type { Context, ContextTable } from './context-table.ts';
import type { ByteSource } from './wire.ts';

/** Bits of `flags`. */
export const HAS_TRACE_STATE = 1;
/** No parent, or kind SERVER or CONSUMER: the span by which a service's work on the trace is judged. */
export const ENTRY = 2;
export const ROOT = 4;
export const HAS_LINKS = 8;

/** Status codes of OTLP, as in `status`. */
export const STATUS_ERROR = 2;

/** At most this many configured span attributes become dimensions of a series. */
export const MAX_DIMENSIONS = 4;

const FIRST_CAPACITY = 1024;
/** Columns grown beyond this by one huge body are given back at the next reset. */
const KEPT_CAPACITY = 16_384;

/**
 * Spans of one body, a column a property, valid in rows `0..count-1` until the next scan.
 *
 * Offsets are into `source`. Ids are big-endian u32 words. Times are Unix nanoseconds as two u32, high and low.
 * A batch that was committed carries its spans with it: whoever takes it last releases the bytes and the context
 * reference of every span once, to `arena` and `contextTable`.
 */
export class SpanBatch {
  readonly signal = 'traces';
  readonly arena: Arena;
  readonly contextTable: ContextTable;
  source: ByteSource = EMPTY_SOURCE;
  /** Arena segment that holds `source`. */
  segment = 0;
  count = 0;
  /** Spans of the body that were rejected alone, for bad ids or text. */
  rejected = 0;
  capacity = 0;
  /** Contexts by the values in `context`, once the batch is committed. */
  get contexts(): readonly (Context | undefined)[] {
    return this.contextTable.slots;
  }
  /** Wall-clock time of arrival, milliseconds since the epoch. */
  receivedMs = 0;

  // Made by `#grow` in the constructor.
  offset!: Uint32Array;
  length!: Uint32Array;
  context!: Uint16Array;
  trace0!: Uint32Array;
  trace1!: Uint32Array;
  trace2!: Uint32Array;
  trace3!: Uint32Array;
  startHigh!: Uint32Array;
  startLow!: Uint32Array;
  endHigh!: Uint32Array;
  endLow!: Uint32Array;
  nameOffset!: Uint32Array;
  nameLength!: Uint32Array;
  stateOffset!: Uint32Array;
  stateLength!: Uint32Array;
  kind!: Uint8Array;
  status!: Uint8Array;
  flags!: Uint8Array;
  /** Places of the AnyValue of each dimension: row `i` of dimension `d` is at `i * MAX_DIMENSIONS + d`; length 0 is absent. */
  dimensionOffset!: Uint32Array;
  dimensionLength!: Uint32Array;

  constructor(arena: Arena, contextTable: ContextTable) {
    this.arena = arena;
    this.contextTable = contextTable;
    this.#allocate(FIRST_CAPACITY);
  }

  /** Empties the batch for the next body. */
  reset(source: ByteSource): void {
    if (this.capacity > KEPT_CAPACITY) this.#allocate(FIRST_CAPACITY);
    this.source = source;
    this.count = 0;
    this.rejected = 0;
  }

  /** Doubles every column, keeping the rows. */
  grow(): void {
    this.#allocate(this.capacity * 2);
  }

  /** Duration of a row in milliseconds; 0 where the end is before the start. Exact to below a microsecond up to months. */
  durationMs(row: number): number {
    const high = this.endHigh[row] - this.startHigh[row];
    const low = this.endLow[row] - this.startLow[row];
    const ns = high * 4_294_967_296 + low;
    return ns > 0 ? ns / 1e6 : 0;
  }

  #allocate(capacity: number): void {
    const rows = Math.min(this.count, capacity);
    const u32 = (old: Uint32Array | undefined, width = 1): Uint32Array => {
      const column = new Uint32Array(capacity * width);
      if (old !== undefined) column.set(old.subarray(0, rows * width));
      return column;
    };
    const u8 = (old: Uint8Array | undefined): Uint8Array => {
      const column = new Uint8Array(capacity);
      if (old !== undefined) column.set(old.subarray(0, rows));
      return column;
    };
    this.capacity = capacity;
    this.offset = u32(this.offset);
    this.length = u32(this.length);
    const contexts = new Uint16Array(capacity);
    if (rows > 0) contexts.set(this.context.subarray(0, rows));
    this.context = contexts;
    this.trace0 = u32(this.trace0);
    this.trace1 = u32(this.trace1);
    this.trace2 = u32(this.trace2);
    this.trace3 = u32(this.trace3);
    this.startHigh = u32(this.startHigh);
    this.startLow = u32(this.startLow);
    this.endHigh = u32(this.endHigh);
    this.endLow = u32(this.endLow);
    this.nameOffset = u32(this.nameOffset);
    this.nameLength = u32(this.nameLength);
    this.stateOffset = u32(this.stateOffset);
    this.stateLength = u32(this.stateLength);
    this.kind = u8(this.kind);
    this.status = u8(this.status);
    this.flags = u8(this.flags);
    this.dimensionOffset = u32(this.dimensionOffset, MAX_DIMENSIONS);
    this.dimensionLength = u32(this.dimensionLength, MAX_DIMENSIONS);
  }
}

const EMPTY_SOURCE: ByteSource = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };
