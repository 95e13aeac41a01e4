import { expect, test } from 'vitest';
import { AttributeMemory } from '../../../collector/src/otlp/attribute-memory.ts';
import { MetricsDecoder } from '../../../collector/src/otlp/decode-metrics.ts';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { metricsFromJson } from '../../../collector/src/otlp/json-metrics.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { metricRequest, metricsBody, metricsJson } from '../../support/metric-traffic.ts';
import { mutate, mutateBytes, mutateJson } from '../../support/mutate.ts';
import { type NaivePoints, naivePoints, pointText } from '../../support/naive-metrics.ts';
import { MetricsRequest8 } from '../../support/otlp-metrics-schema.ts';
import { oneOf, type Random, seeded } from '../../support/random.ts';
import { odditiesOf } from '../../support/wire-tree.ts';

const REQUEST = 'ExportMetricsServiceRequest';
const NOW_MS = 1_800_000_000_123;

function smallRequests(random: Random): Record<string, unknown>[] {
  const all = Array.from({ length: 200 }, () => metricRequest(random, 1));
  return all.filter((request) => naivePoints(metricsBody(request), NOW_MS).points.length > 0);
}

function judge(body: Uint8Array): NaivePoints | 'refused' {
  try {
    return naivePoints(body, NOW_MS);
  } catch {
    return 'refused';
  }
}

test('takes and refuses mutated bodies as protobufjs does, and reads the same points from what it takes', () => {
  const random = seeded(2026);
  const bodies = smallRequests(random).map(metricsBody);
  expect(bodies.length).toBeGreaterThan(40);
  // Shared, as by the bodies of one sidecar: what one body made it remember must not change what another means.
  const memory = new AttributeMemory();
  const seen = { accepted: 0, points: 0, rejected: 0 };
  const reasons = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const body = mutate(random, oneOf(random, bodies), REQUEST);
    const expected = judge(body);
    const decoder = new MetricsDecoder(body, NOW_MS, memory);
    try {
      const points = [...decoder.pieces()].flat();
      const read = { points: points.map(pointText), rejected: decoder.rejected };
      const oddities = [...odditiesOf(body, REQUEST)].join();
      // Whole texts are compared first: a matcher a body would take most of the time.
      if (JSON.stringify(read) !== JSON.stringify(expected) || oddities !== '')
        expect({ ...read, oddities }, `body ${i}: ${body.toString('hex')}`).toEqual(expected);
      encodeMetrics(points);
      seen.accepted++;
      seen.points += points.length;
      seen.rejected += decoder.rejected;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      reasons.set(error.reason, (reasons.get(error.reason) ?? 0) + 1);
      const isExpected = expected === 'refused' || [...odditiesOf(body, REQUEST)].join().includes(error.reason);
      if (!isExpected) throw new Error(`refused without reason: ${body.toString('hex')}`, { cause: error });
    }
  }
  // A fuzz that only ever sees one answer proves nothing.
  expect(Math.min(seen.accepted, seen.points)).toBeGreaterThan(3000);
  expect(seen.rejected).toBeGreaterThan(200);
  for (const reason of ['truncated', 'varint', 'tag', 'wire_type', 'group', 'depth', 'utf8'])
    expect(reasons.get(reason), reason).toBeGreaterThan(0);
}, 60_000);

test('turns mutated JSON into points or Malformed, never anything else', () => {
  const random = seeded(4712);
  const bodies = smallRequests(random).map((request) => metricsJson(random, request));
  const memory = new AttributeMemory();
  const seen = { accepted: 0, malformed: 0 };
  for (let i = 0; i < 2500; i++) {
    const from = oneOf(random, bodies);
    const body = random() < 0.6 ? mutateJson(random, from) : mutateBytes(random, from);
    try {
      const converted = metricsFromJson(body);
      // What was made from JSON is canonical protobuf; anything but Malformed fails the test.
      expect(() => MetricsRequest8.decode(converted), body.toString()).not.toThrow();
      const points = [...new MetricsDecoder(converted, NOW_MS, memory).pieces()].flat();
      expect(points.map(pointText)).toEqual(naivePoints(converted, NOW_MS).points);
      seen.accepted++;
    } catch (error) {
      if (!(error instanceof Malformed)) throw new Error(body.toString(), { cause: error });
      seen.malformed++;
    }
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(500);
});
