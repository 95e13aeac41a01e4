// Examples for series: spans of kept traces only, so that whoever follows one finds its trace.
// Read from what was kept instead of from what came in: nothing is remembered of a span that may yet be dropped.
import type { ContextTable } from '../otlp/context-table.ts';
import { FieldCursor } from '../otlp/field-cursor.ts';
import { type DimensionKeys, dimensionKeys, scanSpan } from '../otlp/scan-span.ts';
import { MAX_DIMENSIONS, SpanBatch, STATUS_ERROR } from '../otlp/span-batch.ts';
import { hexId } from '../otlp/trace-id.ts';
import type { KeptBatch } from '../sample/contract.ts';
import { EMPTY } from '../otlp/hash-index.ts';
import { DimensionText, utf8 } from './dimension-text.ts';
import type { SpanMetrics } from './span-metrics.ts';

/** Spans looked at in a second: enough for a fresh example of hundreds of series at each scrape. */
const MAX_SPANS_A_SECOND = 500;
/** Of one batch, which may hold thousands: spread over it, so that one trace does not take all. */
const MAX_SPANS_A_BATCH = 100;

/** A span that was counted in a series. */
export interface SpanExample {
  /** Lower-case hexadecimal digits, 32 and 16. */
  readonly traceId: string;
  readonly spanId: string;
  readonly seconds: number;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
}

interface Held {
  /** Of the series when the example was taken: its row may belong to another by now. */
  readonly generation: number;
  readonly example: SpanExample;
}

/** The newest example of each series. */
export class Exemplars {
  readonly #metrics: SpanMetrics;
  readonly #dimensions: DimensionKeys;
  /** Which of them says what a call failed of; -1 where there was no place for it. */
  readonly #errorType: number;
  readonly #text = new DimensionText();
  /** Is told of a failed call that was looked at: its series, and its `error.type`, empty where it has none. */
  failed: ((series: number, type: string) => void) | undefined;
  readonly #bySeries = new Map<number, Held>();
  #scratch: SpanBatch | undefined;
  #second = -1;
  #looked = 0;

  constructor(metrics: SpanMetrics, dimensions: readonly string[]) {
    this.#metrics = metrics;
    const names = dimensions.includes(ERROR_TYPE) ? dimensions : [...dimensions, ERROR_TYPE].slice(0, MAX_DIMENSIONS);
    this.#dimensions = dimensionKeys(names);
    this.#errorType = names.indexOf(ERROR_TYPE);
  }

  get sizeBytes(): number {
    return this.#bySeries.size * HELD_BYTES;
  }

  /** Looks at some spans of a kept batch. @param nowMs monotonic */
  take(batch: KeptBatch, contexts: ContextTable, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#looked = 0;
    this.#second = second;
    const room = Math.min(MAX_SPANS_A_BATCH, MAX_SPANS_A_SECOND - this.#looked, batch.spanCount);
    if (room <= 0) return;
    const step = batch.spanCount / room;
    for (let i = 0; i < room; i++) this.#look(batch, Math.floor(i * step), contexts);
    this.#looked += room;
  }

  /** The example of a series; undefined where there is none yet. */
  of(series: number): SpanExample | undefined {
    const held = this.#bySeries.get(series);
    return held?.generation === this.#metrics.generation[series] ? held.example : undefined;
  }

  #look(kept: KeptBatch, row: number, contexts: ContextTable): void {
    const scratch = (this.#scratch ??= new SpanBatch(kept.arena, contexts));
    const source = kept.arena.source(kept.segment[row] ?? 0);
    const start = kept.offset[row] ?? 0;
    const end = start + (kept.length[row] ?? 0);
    scratch.reset(source);
    if (!scanSpan(source, start, end, scratch, 0, this.#dimensions)) return;
    scratch.count = 1;
    scratch.context[0] = kept.context[row] ?? 0;
    const series = this.#metrics.find(scratch, 0);
    if (series === EMPTY) return;
    if (scratch.status[0] === STATUS_ERROR) this.failed?.(series, this.#typeOf(scratch));
    const timestampMs = (scratch.endHigh[0] * 2 ** 32 + scratch.endLow[0]) / 1e6;
    // Scrapers take examples in order of their time only.
    const before = this.of(series);
    if (before !== undefined && before.timestampMs >= timestampMs) return;
    const { trace0, trace1, trace2, trace3 } = scratch;
    const example = {
      traceId: hexId(trace0[0], trace1[0], trace2[0], trace3[0]),
      spanId: spanIdOf(source.bytes, start, end),
      seconds: scratch.durationMs(0) / 1000,
      timestampMs,
    };
    this.#bySeries.set(series, { generation: this.#metrics.generation[series], example });
  }

  #typeOf(scratch: SpanBatch): string {
    if (this.#errorType < 0) return '';
    this.#text.read(scratch, this.#errorType);
    const { bytes, start, length } = this.#text;
    return utf8(bytes.subarray(start, start + length));
  }
}

const ERROR_TYPE = 'error.type';
const SPAN_ID_TAG = (2 << 3) | 2;

/** The id of a span that was found sound; the last one where there are several, as protobuf has it. */
function spanIdOf(bytes: Uint8Array, start: number, end: number): string {
  const field = new FieldCursor(bytes, start, end);
  let id = '';
  while (field.next())
    if (field.tag === SPAN_ID_TAG) id = Buffer.from(bytes.subarray(field.start, field.end)).toString('hex');
  return id;
}

/** A map entry and its object, about. */
const HELD_BYTES = 240;
