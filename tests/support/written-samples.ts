// Samples of points as remote write makes them, and bodies of those read back.
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { snappy } from '../../collector/src/export/snappy.ts';
import { encodeV1 } from '../../collector/src/export/write-v1.ts';
import { encodeV2 } from '../../collector/src/export/write-v2.ts';
import { type Sample, SampleWriter } from '../../collector/src/export/written-series.ts';
import { type DecodedWrite, decodeWrite } from './write-schema.ts';

const ALL = { hasNative: true, hasExemplars: true };

/** One that has watched nothing begin. */
export function writerOf(options: object = {}): SampleWriter {
  return new SampleWriter({ ...ALL, externalLabels: {}, sinceMs: Infinity, forgetAfterMs: 600_000, ...options });
}

export function samplesOf(points: readonly DataPoint[], writer = writerOf()): Sample[] {
  return points.flatMap((point) => writer.take(point, 0)?.samples ?? []);
}

/** Reads what is written of samples. */
export function decoded(samples: readonly Sample[], version: '1.0' | '2.0'): DecodedWrite {
  const body = version === '1.0' ? encodeV1(samples) : encodeV2(samples, { hasMetadata: true });
  const type =
    version === '1.0' ? 'application/x-protobuf' : 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
  return decodeWrite({ headers: { 'content-type': type }, raw: Buffer.from(snappy.compress(body)) });
}
