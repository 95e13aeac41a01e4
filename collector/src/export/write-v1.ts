// prometheus.WriteRequest, the message of remote write 1.0.
// @see Prometheus Remote-Write Specification 1.0; prometheus/prompb, remote.proto and types.proto
import { ProtobufWriter } from '../otlp/writer.ts';
import type { Label } from './prometheus-naming.ts';
import {
  bySeries,
  exampleLabels,
  metricType,
  type SeriesSamples,
  writeHistogramSample,
  writeNumberSample,
} from './write-encoder.ts';
import { type Sample, wholeMs, type WrittenMetric } from './written-series.ts';

/** Writes a request of samples. */
export function encodeV1(samples: readonly Sample[]): Uint8Array {
  const out = new ProtobufWriter(64 * 1024);
  for (const group of bySeries(samples)) {
    const start = out.open(1);
    writeSeries(out, group);
    out.close(start);
  }
  return out.bytes();
}

/** Writes a request of metadata alone, as 1.0 has them: told now and then, and not with each sample. */
export function encodeV1Metadata(metrics: readonly WrittenMetric[]): Uint8Array {
  const out = new ProtobufWriter(16 * 1024);
  for (const metric of metrics) {
    const start = out.open(3);
    out.uint32(1, metricType(metric));
    out.text(2, metric.name);
    if (metric.help !== '') out.text(4, metric.help);
    if (metric.unit !== '') out.text(5, metric.unit);
    out.close(start);
  }
  return out.bytes();
}

function writeSeries(out: ProtobufWriter, { series, samples, isHistogram }: SeriesSamples): void {
  writeLabels(out, series.labels);
  for (const sample of samples) {
    const start = out.open(isHistogram ? 4 : 2);
    if (isHistogram) writeHistogramSample(out, sample);
    else writeNumberSample(out, sample);
    out.close(start);
  }
  for (const exemplar of samples.flatMap(({ exemplars }) => exemplars)) {
    const start = out.open(3);
    writeLabels(out, exampleLabels(exemplar));
    out.double(2, exemplar.value);
    out.uint32(3, wholeMs(exemplar.timestampMs));
    out.close(start);
  }
}

function writeLabels(out: ProtobufWriter, labels: readonly Label[]): void {
  for (const [name, value] of labels) {
    const start = out.open(1);
    out.text(1, name);
    out.text(2, value);
    out.close(start);
  }
}
