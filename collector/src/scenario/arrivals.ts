// The spans of a scenario as OTLP requests, in the order in which they come.
import { createHash } from 'node:crypto';
import { type ScenarioSpan, type ScenarioTest, TRACE_ID } from './format.ts';

/** One request, and when it comes. */
export interface Arrival {
  readonly atMs: number;
  /** OTLP/JSON. */
  readonly body: Buffer;
}

/** Traces of a test by the word they go by: one each, or many where a line has copies. */
export type TraceIds = ReadonlyMap<string, ReadonlySet<string>>;

interface PlacedSpan {
  readonly atMs: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly span: ScenarioSpan;
  /** Trace ids. */
  readonly links: readonly string[];
}

/** Spans are dated from here on; no decision depends on it. */
const EPOCH_MS = 1_800_000_000_000;
const SAMPLED = 1;

/** Makes the requests of a test: spans that come at the same time share one. */
export function arrivalsOf(test: ScenarioTest): { arrivals: Arrival[]; traceIds: TraceIds } {
  const placed = test.spans.flatMap((span, line) => copiesOf(span, line, test));
  const byTime = Map.groupBy(placed, ({ atMs }) => atMs);
  const arrivals = [...byTime]
    .sort(([a], [b]) => a - b)
    .map(([atMs, spans]) => ({ atMs, body: Buffer.from(JSON.stringify(requestOf(spans))) }));
  const traceIds = new Map<string, Set<string>>();
  for (const { traceId, span } of placed) {
    const ids = traceIds.get(span.trace) ?? new Set();
    traceIds.set(span.trace, ids.add(traceId));
  }
  return { arrivals, traceIds };
}

function copiesOf(span: ScenarioSpan, line: number, test: ScenarioTest): PlacedSpan[] {
  const own = idsOf(span, test);
  const linked = span.links.map((trace) =>
    idsOf(test.spans.find((each) => each.trace === trace) ?? { trace, copies: undefined }, test),
  );
  return Array.from({ length: span.copies ?? 1 }, (_, i) => {
    const traceId = own(i);
    const spanId = spanIdOf(span.id ?? `line ${line}`, traceId);
    return { atMs: span.at + i * span.every, traceId, spanId, span, links: linked.map((idOf) => idOf(i)) };
  });
}

/** The id of a trace, or those of its copies by their number. */
function idsOf(
  { trace, copies }: Pick<ScenarioSpan, 'trace' | 'copies'>,
  { randomness }: ScenarioTest,
): (copy: number) => string {
  if (copies === undefined) return () => traceIdOf(trace, randomness[trace] ?? 0.5);
  const randomnessOf = spread(copies);
  return (copy) => traceIdOf(`${trace} ${copy}`, randomness[trace] ?? randomnessOf(copy));
}

/** Randomness spread evenly over all copies, and nearly so over any run of neighbours: a share keeps just its share. */
function spread(copies: number): (i: number) => number {
  let stride = Math.max(1, Math.round(copies * GOLDEN_SECTION));
  while (greatestCommonDivisor(stride, copies) > 1) stride++;
  return (i) => (((i * stride) % copies) + 0.5) / copies;
}

/** Steps of this share of a circle leave the evenest gaps. @see Steinhaus, three-gap theorem */
const GOLDEN_SECTION = 0.618;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function traceIdOf(word: string, randomness: number): string {
  if (TRACE_ID.test(word)) return word;
  const random = Math.min(Math.floor(randomness * 2 ** 32), 2 ** 32 - 1);
  return `${digest(word, 18)}${random.toString(16).padStart(8, '0')}${digest(`random ${word}`, 6)}`;
}

function spanIdOf(word: string, traceId: string): string {
  return digest(`${traceId} ${word}`, 16);
}

function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

function requestOf(spans: readonly PlacedSpan[]): object {
  const byResource = Map.groupBy(spans, ({ span: { service, resource } }) => JSON.stringify({ service, resource }));
  const resourceSpans = [...byResource.values()].map((members) => {
    const { service = '', resource = {} } = members[0]?.span ?? {};
    const attributes = [...attributesOf({ 'service.name': service }), ...attributesOf(resource)];
    return { resource: { attributes }, scopeSpans: [{ spans: members.map(spanOf) }] };
  });
  return { resourceSpans };
}

function spanOf({ atMs, traceId, spanId, span, links }: PlacedSpan): object {
  const endMs = EPOCH_MS + atMs;
  return {
    traceId,
    spanId,
    ...(span.parent === undefined ? {} : { parentSpanId: spanIdOf(span.parent, traceId) }),
    ...(span.trace_state === undefined ? {} : { traceState: span.trace_state }),
    ...(span.sampled === undefined ? {} : { flags: span.sampled ? SAMPLED : 0 }),
    name: span.name,
    kind: `SPAN_KIND_${span.kind.toUpperCase()}`,
    startTimeUnixNano: `${endMs - span.duration}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: attributesOf(span.attributes),
    // Which span of the trace is meant plays no part.
    links: links.map((linkedId) => ({ traceId: linkedId, spanId: spanIdOf('linked', linkedId) })),
    ...(span.status === 'unset' ? {} : { status: { code: `STATUS_CODE_${span.status.toUpperCase()}` } }),
  };
}

function attributesOf(values: Readonly<Record<string, string | number | boolean>>): object[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
  });
}
