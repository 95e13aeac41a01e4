// Exemplars of OpenMetrics as those of data points.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, Exemplars
import { canonical } from '../model/attributes.ts';
import type { PointExemplar } from '../model/data-point.ts';
import { ownText } from './own-text.ts';
import type { TextExemplar } from './text-reader.ts';

/** @param sampleMs of the sample it stands beside, for one without a time; NaN where that has none either */
export function exemplarOf({ labels, value, timeMs }: TextExemplar, sampleMs: number): PointExemplar {
  const ids = new Map(labels);
  const traceId = idOf(ids.get('trace_id'), 32);
  const spanId = traceId === '' ? '' : idOf(ids.get('span_id'), 16);
  const rest = labels.filter(
    ([key]) => !((key === 'trace_id' && traceId !== '') || (key === 'span_id' && spanId !== '')),
  );
  return {
    value,
    isInteger: false,
    timeMs: timeMs ?? (Number.isNaN(sampleMs) ? 0 : sampleMs),
    traceId,
    spanId,
    // Copies: pieces of the answer would keep all of it in memory.
    attributes: canonical(rest.map(([key, text]) => [ownText(key), ownText(text)])),
  };
}

/** An id that is not one of OpenTelemetry's stays a label. */
function idOf(text: string | undefined, digits: number): string {
  const id = ownText(text ?? '').toLowerCase();
  return id.length === digits && /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id) ? id : '';
}
