// Gives the ids of the active span to a logger. Needs nothing but the API, because every program may import it.
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { state } from '../state.ts';

/** Fields of a line, as OpenTelemetry names them in logs of other formats. */
export interface LogCorrelation {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
}

/** Gives the ids of the active span, or nothing; for the option `mixin` of pino, or any other logger. */
export function pinoMixin(): LogCorrelation {
  const spanContext = state.isOn ? trace.getActiveSpan()?.spanContext() : undefined;
  if (!spanContext || !isSpanContextValid(spanContext)) return {};
  const { traceId, spanId, traceFlags } = spanContext;
  return { trace_id: traceId, span_id: spanId, trace_flags: traceFlags.toString(16).padStart(2, '0') };
}
