// Makes long runs visible before they end, and lost ones after a crash. A span is exported when it ends, so a run of
// an hour is not seen for an hour: meanwhile a log record that carries its trace and span id says that it is open.
// A log record and not a second span, so that nobody counts the run twice.
import {
  type Attributes,
  type Logger,
  ROOT_CONTEXT,
  SeverityNumber,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Span as SdkSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Names of what is written here; ours, as no convention has a word for an open span. */
export const OPEN_SPAN = {
  /** Name of the event of the log record. */
  event: 'evenkeel.span.open',
  name: 'evenkeel.span.name',
  kind: 'evenkeel.span.kind',
  parentSpanId: 'evenkeel.span.parent_id',
  startTime: 'evenkeel.span.start_time',
  /** Seconds. */
  elapsed: 'evenkeel.span.elapsed',
  /** 0 for the first record of a span, then 1, 2 ... */
  heartbeat: 'evenkeel.span.heartbeat',
  /** On a span that the end of the process ended. */
  unfinished: 'evenkeel.span.unfinished',
} as const;

/** Spans watched at a time; a program with more has other means to see them. */
const MAX_SPANS = 10_000;

/** How often open spans are looked at, and how old one is when it is told for the first time and again. */
const LOOK_INTERVAL_MS = 5000;
const FIRST_AFTER_MS = 10_000;
const AGAIN_AFTER_MS = 30_000;

/** A span that is open for a day was forgotten; it is told no longer, so that it does not fill the place of others. */
const FORGOTTEN_AFTER_MS = 86_400_000;

/** Log records at one look. */
const MAX_RECORDS = 100;

/** Attributes of the span that its records repeat, so that each can be understood alone. */
const MAX_REPEATED = 16;

interface Open {
  readonly startedMs: number;
  toldMs: number;
  records: number;
}

/** The spans that have not ended. */
export interface OpenSpans {
  readonly processor: SpanProcessor;
  /** Tells what is open for long; called by a timer in between. @param nowMs as `Date.now()` */
  look(nowMs: number): void;
  /** Ends all of them, inner ones first, each marked; as errors where `fatal` says what the process dies of. */
  endAll(fatal: unknown): void;
}

/** @param logger where records go; asked for only when there is one to write */
export function createOpenSpans(logger: () => Logger): OpenSpans {
  /** Since the last look, which most spans do not live to see: nothing is made for them. */
  const young = new Set<SdkSpan>();
  const open = new Map<SdkSpan, Open>();

  function grow(nowMs: number): void {
    for (const span of young) open.set(span, { startedMs: startOf(span, nowMs), toldMs: 0, records: 0 });
    young.clear();
  }

  function look(nowMs: number): void {
    grow(nowMs);
    let records = 0;
    for (const [span, state] of open) {
      const ageMs = nowMs - state.startedMs;
      if (records >= MAX_RECORDS) return;
      if (ageMs < FIRST_AFTER_MS) continue;
      if (ageMs > FORGOTTEN_AFTER_MS) open.delete(span);
      else if (state.records === 0 || nowMs - state.toldMs >= AGAIN_AFTER_MS) {
        logger().emit(recordOf(span, state, nowMs));
        state.toldMs = nowMs;
        state.records++;
        records++;
      }
    }
  }

  const timer = setInterval(() => look(Date.now()), LOOK_INTERVAL_MS);
  timer.unref();
  return {
    look,
    processor: {
      onStart(span) {
        const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
        if (isSampled && young.size + open.size < MAX_SPANS) young.add(span);
      },
      onEnd(span) {
        // The object that ends is the one that started.
        if (!young.delete(span as SdkSpan)) open.delete(span as SdkSpan);
      },
      forceFlush: async () => {},
      shutdown: async () => clearInterval(timer),
    },
    endAll(fatal) {
      for (const span of [...open.keys(), ...young].toReversed()) {
        span.setAttribute(OPEN_SPAN.unfinished, true);
        if (fatal !== undefined) {
          span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(fatal) });
          span.setAttribute('error.type', fatal instanceof Error ? fatal.name : '_OTHER');
        }
        span.end();
      }
      young.clear();
      open.clear();
    },
  };
}

/** Unix milliseconds. A program may have given any time. */
function startOf({ startTime: [seconds, nanoseconds] }: SdkSpan, nowMs: number): number {
  const startMs = seconds * 1000 + nanoseconds / 1e6;
  return startMs <= nowMs ? startMs : nowMs;
}

function recordOf(span: SdkSpan, { startedMs, records }: Open, nowMs: number): Parameters<Logger['emit']>[0] {
  const repeated = Object.entries(span.attributes).filter(([, value]) => typeof value !== 'object');
  const attributes: Attributes = {
    ...Object.fromEntries(repeated.slice(0, MAX_REPEATED)),
    [OPEN_SPAN.name]: span.name,
    [OPEN_SPAN.kind]: SpanKind[span.kind].toLowerCase(),
    [OPEN_SPAN.startTime]: new Date(startedMs).toISOString(),
    [OPEN_SPAN.elapsed]: (nowMs - startedMs) / 1000,
    [OPEN_SPAN.heartbeat]: records,
    ...(span.parentSpanContext && { [OPEN_SPAN.parentSpanId]: span.parentSpanContext.spanId }),
  };
  return {
    eventName: OPEN_SPAN.event,
    severityNumber: SeverityNumber.INFO,
    severityText: 'INFO',
    body: `${span.name} is still open`,
    attributes,
    context: trace.setSpan(ROOT_CONTEXT, span as Span),
  };
}

/** Whatever was thrown, also what has no text: a process that dies must not die of this. */
function messageOf(fatal: unknown): string {
  try {
    return fatal instanceof Error ? fatal.message : String(fatal);
  } catch {
    return '';
  }
}
