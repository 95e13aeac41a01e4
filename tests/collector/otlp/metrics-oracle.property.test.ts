import { expect, test } from 'vitest';
import type { DataPoint, Metric } from '../../../collector/src/model/data-point.ts';
import { AttributeMemory } from '../../../collector/src/otlp/attribute-memory.ts';
import { MetricsDecoder } from '../../../collector/src/otlp/decode-metrics.ts';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { metricsFromJson } from '../../../collector/src/otlp/json-metrics.ts';
import { differences } from '../../support/decoded.ts';
import { metricRequest, metricsBody, metricsJson, otherwiseWritten } from '../../support/metric-traffic.ts';
import { naivePoints, pointText } from '../../support/naive-metrics.ts';
import { seeded } from '../../support/random.ts';

const NOW_MS = 1_800_000_000_123;

const memory = new AttributeMemory();

function decoded(body: Uint8Array) {
  const decoder = new MetricsDecoder(body, NOW_MS, memory);
  const points = [...decoder.pieces()].flat();
  expect(decoder.accepted).toBe(points.length);
  return { points, texts: points.map(pointText), rejected: decoder.rejected };
}

/** Points of one metric are written together, and the first says how it is described. */
function asDescribedFirst(points: readonly DataPoint[]): string[] {
  const first = new Map<string, Metric>();
  return points.map((point) => {
    const metric = first.get(point.metric.key) ?? point.metric;
    first.set(metric.key, metric);
    return pointText({ ...point, metric });
  });
}

test('reads what a naive decoder reads, writes it so that it reads the same, and takes JSON for the same', () => {
  const random = seeded(71);
  const seen = { points: 0, rejected: 0, none: 0, exemplars: 0 };
  const kinds = new Map<string, number>();
  for (let i = 0; i < 150; i++) {
    const request = metricRequest(random);
    const body = metricsBody(request);
    const expected = naivePoints(body, NOW_MS);
    const { points, texts, rejected } = decoded(body);
    expect(texts).toEqual(expected.points);
    expect(rejected).toBe(expected.rejected);

    const otherwise = otherwiseWritten(random, body);
    expect(naivePoints(otherwise, NOW_MS)).toEqual(expected);
    expect(decoded(otherwise).texts).toEqual(expected.points);

    const json = metricsFromJson(metricsJson(random, request));
    expect(decoded(json).texts).toEqual(expected.points);
    expect(decoded(json).rejected).toBe(expected.rejected);

    const encoded = encodeMetrics(points);
    expect(encoded.reduce((sum, each) => sum + each.points, 0)).toBe(points.length);
    const again = encoded.flatMap((each) => naivePoints(each.body, NOW_MS).points);
    expect(differences(again.toSorted(), asDescribedFirst(points).toSorted())).toEqual([]);

    seen.points += points.length;
    seen.rejected += rejected;
    for (const { metric, hasNoValue, exemplars } of points) {
      kinds.set(`${metric.kind} ${metric.temporality}`, (kinds.get(`${metric.kind} ${metric.temporality}`) ?? 0) + 1);
      if (hasNoValue) seen.none++;
      seen.exemplars += exemplars.length;
    }
  }
  // The requests must have reached the corners, or equality says little.
  expect(Math.min(...kinds.values())).toBeGreaterThan(50);
  expect(kinds.size).toBe(8);
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
}, 30_000);
