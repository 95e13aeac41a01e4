// What a sampling threshold says, in one line: the share of traces like this that is kept.
import type { SpanJson } from '../api.ts';
import { adjustedCount, formatThreshold, otState, readOtState } from '../../otlp/trace-state.ts';

interface Threshold {
  /** How many spans a kept one stands for. */
  readonly stands: number;
  /** As `th` has it. */
  readonly text: string;
}

/** Reads the threshold of a tracestate; undefined without one. */
export function readThreshold(traceState: string): Threshold | undefined {
  const bytes = new TextEncoder().encode(traceState);
  readOtState(bytes, 0, bytes.length);
  if (!otState.hasThreshold) return undefined;
  const { thresholdHigh: high, thresholdLow: low } = otState;
  return { stands: adjustedCount(high, low), text: formatThreshold({ high, low }) };
}

/** Explains the threshold of one span, or of spans that all carry the same. */
export function explainThreshold(traceState: string): string {
  const threshold = readThreshold(traceState);
  if (threshold === undefined)
    return 'no sampling threshold (ot=th), so its share is unknown; if the service sends every span, name it in sources.unsampled';
  const { stands, text } = threshold;
  if (stands === 1) return `threshold ot=th:${text}: every trace like this is kept, 1 in 1`;
  return `threshold ot=th:${text}: 1 in ${rounded(stands)} is kept, so each span stands for about ${rounded(stands)}`;
}

/** Explains what kept a trace and what its spans stand for. */
export function explainSampling(reason: string, spans: readonly SpanJson[]): string {
  const counts = spans.map((span) => readThreshold(span.traceState)?.stands);
  const known = [...new Set(counts)].filter((each) => each !== undefined).sort((a, b) => a - b);
  const without = counts.filter((each) => each === undefined).length;
  const kept = `Kept by policy ${reason}`;
  const [least = 0] = known;
  const most = known.at(-1) ?? 0;
  if (known.length === 0 || (least === most && without === 0))
    return `${kept}; ${explainThreshold(spans[0]?.traceState ?? '')}.`;
  const unknown =
    without > 0 ? `; ${without} of ${spans.length} carry no threshold, what they stand for is unknown` : '';
  if (least === most) return `${kept}; its spans stand for ${rounded(least)} each by their threshold${unknown}.`;
  return `${kept}; its spans stand for ${rounded(least)} to ${rounded(most)} each by their own thresholds${unknown}.`;
}

/** The threshold is cut to a few digits, so a share of a tenth reads 10.0001. */
function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}
