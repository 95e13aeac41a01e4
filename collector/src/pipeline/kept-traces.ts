// Kept traces of the ring as plain spans, for whoever looks into what an operation did.
import type { Subject } from '../baseline/contract.ts';
import type { KeptTrace } from '../baseline/trace-tree.ts';
import type { TracesView } from '../store/contract.ts';
import type { TraceAnswer, TracesAnswer } from '../web/api.ts';

/** The ring is searched newest first; older ones than these are not looked for. */
const MAX_SEARCHED = 500;
/** Sampling thresholds have so many hexadecimal digits, the last zeros left out. @see OpenTelemetry, probability sampling */
const THRESHOLD_DIGITS = 14;

/** Traces an operation takes part in that began in a time, the newest first. */
export async function tracesBetween(
  view: TracesView,
  { attributes }: Subject,
  [fromMs, toMs]: readonly [number, number],
  limit: number,
): Promise<KeptTrace[]> {
  const query = { service: attributes['service.name'], operation: attributes['span.name'], limit: MAX_SEARCHED };
  const { traces } = read<TracesAnswer>(await view.list(query));
  const found: KeptTrace[] = [];
  for (const { traceId, startMs } of traces) {
    if (startMs < fromMs || startMs >= toMs) continue;
    const answer = await view.get(traceId);
    if (answer !== undefined) found.push(keptTrace(traceId, read<TraceAnswer>(answer)));
    if (found.length >= limit) break;
  }
  return found;
}

function read<T>(json: Uint8Array): T {
  return JSON.parse(Buffer.from(json).toString('utf8')) as T;
}

function keptTrace(traceId: string, { summary, spans }: TraceAnswer): KeptTrace {
  return {
    traceId,
    adjustedCount: Math.max(...spans.map(({ traceState }) => countOf(traceState)), 1),
    spans: spans.map((span) => ({
      spanId: span.spanId,
      parentId: span.parentSpanId,
      service: span.service,
      name: span.name,
      kind: span.kind,
      startMs: summary.startMs + span.offsetMs,
      endMs: summary.startMs + span.offsetMs + span.durationMs,
      isError: span.status === 'STATUS_CODE_ERROR',
      attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, value])),
    })),
  };
}

/** Traces that one stands for, by the threshold it was kept with; 1 where it has none. */
function countOf(traceState: string): number {
  const threshold = /(?:^|,)ot=(?:[^,]*;)?th:([0-9a-f]{1,14})/.exec(traceState)?.[1];
  if (threshold === undefined) return 1;
  const dropped = Number.parseInt(threshold.padEnd(THRESHOLD_DIGITS, '0'), 16) / 16 ** THRESHOLD_DIGITS;
  return 1 / (1 - dropped);
}
