// The data points of bodies that were sent, read back by the project's own decoder.
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { AttributeMemory } from '../../collector/src/otlp/attribute-memory.ts';
import { MetricsDecoder } from '../../collector/src/otlp/decode-metrics.ts';

/** All points of one ExportMetricsServiceRequest. */
export function decodedPoints(body: Uint8Array): DataPoint[] {
  return [...new MetricsDecoder(body, 0, new AttributeMemory()).pieces()].flat();
}
