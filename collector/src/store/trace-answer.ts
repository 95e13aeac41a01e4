// From stored bytes to what the page shows of a trace.
import type { DecodedSpan } from '../otlp/decode.ts';
import type { SpanJson, TraceSummary } from '../web/api.ts';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUSES = ['UNSET', 'OK', 'ERROR'];

/** Sorts spans in place, the earliest start first. */
export function byStart(spans: DecodedSpan[]): DecodedSpan[] {
  return spans.sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0));
}

/** @param spans earliest first, at least one */
export function summarise(traceId: string, reason: string, spans: readonly DecodedSpan[]): TraceSummary {
  const ids = new Set(spans.map((span) => span.spanId));
  const root =
    spans.find((span) => span.parentSpanId === '') ?? spans.find((span) => !ids.has(span.parentSpanId)) ?? spans[0];
  const startNs = spans[0]?.startNs ?? 0n;
  const endNs = spans.reduce((latest, span) => (span.endNs > latest ? span.endNs : latest), startNs);
  return {
    traceId,
    startMs: Number(startNs / 1000n) / 1000,
    durationMs: milliseconds(endNs - startNs),
    rootService: root?.service ?? '',
    rootName: root?.name ?? '',
    spanCount: spans.length,
    errorCount: spans.filter((span) => span.status === 2).length,
    reason,
  };
}

/** Joins the summary of late spans to that of their trace. */
export function merge(known: TraceSummary, late: TraceSummary): TraceSummary {
  const startMs = Math.min(known.startMs, late.startMs);
  const endMs = Math.max(known.startMs + known.durationMs, late.startMs + late.durationMs);
  return {
    ...known,
    startMs,
    durationMs: endMs - startMs,
    spanCount: known.spanCount + late.spanCount,
    errorCount: known.errorCount + late.errorCount,
  };
}

/** Of a trace with more operations than this takes, the first ones are found. */
const MAX_SEARCH_TEXT = 64 * 1024;

/** Text to search for a service, or for a service and operation: one pair a line, each once, a line feed before and after. */
export function searchText(spans: readonly DecodedSpan[]): string {
  return withLines('\n', new Set(spans.map((span) => `${span.service}\t${span.name}`)));
}

/** Joins two such texts. */
export function joinSearch(known: string, more: string): string {
  return withLines(known, more.split('\n').slice(1, -1));
}

function withLines(text: string, pairs: Iterable<string>): string {
  for (const pair of pairs) if (text.length < MAX_SEARCH_TEXT && !text.includes(`\n${pair}\n`)) text += `${pair}\n`;
  return text;
}

/** @param spans earliest first */
export function spansJson(spans: readonly DecodedSpan[]): SpanJson[] {
  const startNs = spans[0]?.startNs ?? 0n;
  return spans.map((span) => ({
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    service: span.service,
    scope: span.scope,
    name: span.name,
    kind: `SPAN_KIND_${KINDS[span.kind] ?? 'UNSPECIFIED'}`,
    offsetMs: milliseconds(span.startNs - startNs),
    durationMs: milliseconds(span.endNs > span.startNs ? span.endNs - span.startNs : 0n),
    status: `STATUS_CODE_${STATUSES[span.status] ?? 'UNSET'}`,
    statusMessage: span.statusMessage,
    traceState: span.traceState,
    attributes: span.attributes,
    events: span.events.map(({ name, timeNs, attributes }) => ({
      name,
      offsetMs: milliseconds(timeNs - startNs),
      attributes,
    })),
  }));
}

function milliseconds(ns: bigint): number {
  return Number(ns) / 1e6;
}
