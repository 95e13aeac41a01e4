// Writes what the page shows of one trace as the JSON that is sent, span by span and within a limit of bytes.
import type { DecodedSpan } from '../otlp/decode.ts';
import type { SpanJson, TraceAnswer, TraceSummary } from '../web/api.ts';
import { byStart } from './span-choice.ts';
import { milliseconds } from './trace-sum.ts';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUSES = ['UNSET', 'OK', 'ERROR'];

/** Of one answer; several of them are on their way at once, within the limit of the page's listener. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Kept free for each span still to come, so that one with much to tell does not keep others from being shown at all. */
const BARE_SPAN_BYTES = 512;

/** The spans of an answer in the making, in any order. */
export class AnswerText {
  readonly #startNs: bigint;
  readonly #spans: { readonly startNs: bigint; readonly text: string }[] = [];
  #toCome: number;
  #left = MAX_ANSWER_BYTES;
  #withoutDetail = 0;

  /**
   * @param startNs of the trace
   * @param count spans to come
   */
  constructor(startNs: bigint, count: number) {
    this.#startNs = startNs;
    this.#toCome = count;
  }

  /** Bytes that attributes and events of the next span may take. */
  get roomForDetail(): number {
    return this.#left - this.#toCome * BARE_SPAN_BYTES;
  }

  /** Adds a span; without attributes and events where they find no room. */
  add(span: DecodedSpan, depth: 'full' | 'outline'): void {
    const json = spanJson(span, this.#startNs);
    this.#toCome--;
    const whole = depth === 'full' ? JSON.stringify(json) : undefined;
    if (whole !== undefined && Buffer.byteLength(whole) <= this.roomForDetail) return this.#take(span, whole);
    const bare = JSON.stringify({ ...json, attributes: [], events: [], detailLeftOut: true } satisfies SpanJson);
    if (Buffer.byteLength(bare) > this.#left) return;
    this.#withoutDetail++;
    this.#take(span, bare);
  }

  /** @returns JSON of a TraceAnswer */
  finish(summary: TraceSummary): Uint8Array<ArrayBuffer> {
    const shown = this.#spans.length;
    const isWhole = shown === summary.spanCount && this.#withoutDetail === 0;
    const cut = isWhole ? {} : { cut: { spans: summary.spanCount, shown, withoutDetail: this.#withoutDetail } };
    const head = JSON.stringify({ summary, ...cut } satisfies Omit<TraceAnswer, 'spans'>);
    const spans = byStart(this.#spans).map(({ text }) => text);
    return new TextEncoder().encode(`${head.slice(0, -1)},"spans":[${spans.join()}]}`);
  }

  #take({ startNs }: DecodedSpan, text: string): void {
    this.#left -= Buffer.byteLength(text) + 1;
    this.#spans.push({ startNs, text });
  }
}

function spanJson(span: DecodedSpan, traceStartNs: bigint): SpanJson {
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    service: span.service,
    scope: span.scope,
    name: span.name,
    kind: `SPAN_KIND_${KINDS[span.kind] ?? 'UNSPECIFIED'}`,
    offsetMs: milliseconds(span.startNs - traceStartNs),
    durationMs: milliseconds(span.endNs > span.startNs ? span.endNs - span.startNs : 0n),
    status: `STATUS_CODE_${STATUSES[span.status] ?? 'UNSET'}`,
    statusMessage: span.statusMessage,
    traceState: span.traceState,
    attributes: span.attributes,
    events: span.events.map(({ name, timeNs, attributes }) => ({
      name,
      offsetMs: milliseconds(timeNs - traceStartNs),
      attributes,
    })),
  };
}
