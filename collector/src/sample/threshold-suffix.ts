// What to append to a kept span so that its tracestate says at which threshold it was kept.
// Appending a second trace_state field is a valid protobuf edit: the last one wins, everything else stays as received.
import { FieldCursor } from '../otlp/field-cursor.ts';
import { HAS_TRACE_STATE } from '../otlp/span-batch.ts';
import { formatThreshold, type Half56, isBelow, otState, readOtState, withThreshold } from '../otlp/trace-state.ts';
import { ProtobufWriter } from '../otlp/writer.ts';

const TRACE_STATE_FIELD = 3;
const TRACE_STATE_TAG = (TRACE_STATE_FIELD << 3) | 2;
/** Distinct thresholds with a ready suffix; beyond that they are made again. */
const MAX_CACHED = 256;

/** How the incoming threshold of a kept span was found. */
export type ThresholdCase = 'known' | 'unknown' | 'inconsistent';

/** Counted by the caller after each call. */
export const outcome: { found: ThresholdCase } = { found: 'known' };

const encoder = new TextEncoder();
/** Text is passed on as it came, byte order marks too. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const ready = new Map<Uint8Array | undefined, Map<string, Uint8Array<ArrayBuffer>>>();

/** At which threshold a trace was kept, the randomness it was compared with, and why, as bytes to append. */
export interface TraceDecision {
  /** Undefined where the trace was kept for another's sake: whatever threshold a span says is erased. */
  readonly threshold: Half56 | undefined;
  readonly randomHigh: number;
  readonly randomLow: number;
  readonly reason: Uint8Array | undefined;
}

/**
 * Makes the suffix of one span.
 *
 * Its outgoing threshold is the higher of its own and the trace's. A span whose randomness is below its own incoming
 * threshold should never have arrived: its threshold is erased. Without an incoming one it counts as 0 only where the
 * source is declared to send everything; else nothing is claimed.
 *
 * @returns undefined where the span stays as it is
 * @see OpenTelemetry specification, TraceState: Probability Sampling
 */
export function thresholdSuffix(
  span: { bytes: Uint8Array; offset: number; length: number; flags: number; unsampled: boolean },
  trace: TraceDecision,
): Uint8Array | undefined {
  outcome.found = 'known';
  const { threshold, reason } = trace;
  if ((span.flags & HAS_TRACE_STATE) === 0) {
    if (threshold === undefined) return reason;
    if (span.unsampled) return plainSuffix(threshold, reason);
    outcome.found = 'unknown';
    return reason;
  }
  const text = traceStateOf(span.bytes, span.offset, span.length);
  const encoded = encoder.encode(text);
  readOtState(encoded, 0, encoded.length);
  const { hasThreshold, thresholdHigh, thresholdLow } = otState;
  if (threshold === undefined) return hasThreshold ? suffixOf(withThreshold(text, undefined), reason) : reason;
  if (!hasThreshold) {
    if (span.unsampled) return suffixOf(withThreshold(text, threshold), reason);
    outcome.found = 'unknown';
    return reason;
  }
  if (isBelow(trace.randomHigh, trace.randomLow, thresholdHigh, thresholdLow)) {
    outcome.found = 'inconsistent';
    return suffixOf(withThreshold(text, undefined), reason);
  }
  if (!isBelow(thresholdHigh, thresholdLow, threshold.high, threshold.low)) return reason;
  return suffixOf(withThreshold(text, threshold), reason);
}

/** What was asked for last and its suffix: a policy hands out one object, so nearly every span of a trace hits. */
let lastThreshold: Half56 | undefined;
let lastReason: Uint8Array | undefined;
let lastSuffix = new Uint8Array(0);

/** The suffix of a span without any tracestate: one for each threshold and reason. */
function plainSuffix(threshold: Half56, reason: Uint8Array | undefined): Uint8Array {
  if (threshold !== lastThreshold || reason !== lastReason) {
    lastSuffix = readySuffix(threshold, reason);
    lastThreshold = threshold;
    lastReason = reason;
  }
  return lastSuffix;
}

function readySuffix(threshold: Half56, reason: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const byText = ready.get(reason) ?? new Map<string, Uint8Array<ArrayBuffer>>();
  ready.set(reason, byText);
  const text = `ot=th:${formatThreshold(threshold)}`;
  let suffix = byText.get(text);
  if (suffix === undefined) {
    suffix = suffixOf(text, reason);
    if (byText.size >= MAX_CACHED) byText.clear();
    byText.set(text, suffix);
  }
  return suffix;
}

function suffixOf(traceState: string, reason: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter(16 + traceState.length + (reason?.length ?? 0));
  writer.text(TRACE_STATE_FIELD, traceState);
  if (reason !== undefined) writer.raw(reason);
  return writer.take();
}

function traceStateOf(bytes: Uint8Array, offset: number, length: number): string {
  const field = new FieldCursor(bytes, offset, offset + length);
  let text = '';
  while (field.next()) {
    if (field.tag === TRACE_STATE_TAG) text = decoder.decode(bytes.subarray(field.start, field.end));
  }
  return text;
}
