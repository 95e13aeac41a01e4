// io.prometheus.write.v2.Request, the message of remote write 2.0.
// @see Prometheus Remote-Write Specification 2.0; prometheus/prompb/io/prometheus/write/v2, types.proto
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
import { type Sample, wholeMs } from './written-series.ts';

export interface V2Options {
  readonly hasMetadata: boolean;
}

/** Writes a request; every text is in it once. */
export function encodeV2(samples: readonly Sample[], options: V2Options): Uint8Array {
  // The first symbol has to be the empty one.
  const symbols = new Map([['', 0]]);
  const refOf = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const series = new ProtobufWriter(64 * 1024);
  for (const group of bySeries(samples)) {
    const start = series.open(5);
    writeSeries(series, group, refOf, options);
    series.close(start);
  }
  const out = new ProtobufWriter(series.length + 16 * 1024);
  for (const symbol of symbols.keys()) out.text(4, symbol);
  out.raw(series.bytes());
  return out.bytes();
}

type RefOf = (text: string) => number;

function writeSeries(
  out: ProtobufWriter,
  { series, samples, isHistogram }: SeriesSamples,
  refOf: RefOf,
  { hasMetadata }: V2Options,
): void {
  writeRefs(out, series.labels, refOf);
  for (const sample of samples) {
    const start = out.open(isHistogram ? 3 : 2);
    if (isHistogram) writeHistogramSample(out, sample);
    else writeNumberSample(out, sample);
    // The start timestamp, with the value it belongs to.
    if (sample.startMs > 0) out.uint32(isHistogram ? 17 : 3, sample.startMs);
    out.close(start);
  }
  for (const exemplar of samples.flatMap(({ exemplars }) => exemplars)) {
    const start = out.open(4);
    writeRefs(out, exampleLabels(exemplar), refOf);
    out.double(2, exemplar.value);
    out.uint32(3, wholeMs(exemplar.timestampMs));
    out.close(start);
  }
  if (hasMetadata) {
    const { metric } = series;
    const start = out.open(5);
    out.uint32(1, metricType(metric));
    out.uint32(3, refOf(metric.help));
    out.uint32(4, refOf(metric.unit));
    out.close(start);
  }
  // Receivers of before the start timestamp stood with each sample read it here, the created timestamp of the series.
  const createdMs = samples.at(-1)?.startMs ?? 0;
  if (createdMs > 0) out.uint32(6, createdMs);
}

function writeRefs(out: ProtobufWriter, labels: readonly Label[], refOf: RefOf): void {
  const packed = out.open(1);
  for (const [name, value] of labels) {
    out.varint(refOf(name));
    out.varint(refOf(value));
  }
  out.close(packed);
}
