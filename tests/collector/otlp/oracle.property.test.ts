// The whole main path against its plain twin in tests/support/naive.ts, on random spans of every shape.
import { expect, test } from 'vitest';
import { INDEX_OFFSET } from '../../../collector/src/model/exponential-histogram.ts';
import { measureConfig } from '../../../collector/src/measure/config.ts';
import { MeasureStage } from '../../../collector/src/measure/stage.ts';
import { TraceBuffer } from '../../../collector/src/sample/trace-buffer.ts';
import { SpanEncoder } from '../../../collector/src/otlp/encode.ts';
import { tracesFromJson } from '../../../collector/src/otlp/json.ts';
import { asText, decodeBody, type DecodedSpan, differences } from '../../support/decoded.ts';
import { reencode, releaseBatch, rowsOf, testIntake } from '../../support/intake.ts';
import { Naive, type NaiveSeries } from '../../support/naive.ts';
import { pick, seeded } from '../../support/random.ts';
import { testSampler } from '../../support/sampler.ts';
import { testHost } from '../../support/surroundings.ts';
import { bodyOf, jsonBodyOf, type TestSpan, traffic, type TrafficShape } from '../../support/traffic.ts';

const DIMENSIONS = ['http.route', 'http.status'];
const UNSAMPLED = ['service-0', 'service-1', 'größe'];
const WAIT = { decisionWaitMs: 5000, afterRootMs: 900 };

/** Bodies of up to 200 spans with their arrival times: traces are spread, so that some spans come after the decision. */
function arrivals(shape: TrafficShape): { atMs: number; spans: TestSpan[] }[] {
  const random = seeded(shape.seed + 1);
  const timed = traffic(shape).flatMap((trace, t) => {
    const startMs = t * 4;
    return trace.map((span) => ({ atMs: startMs + pick(random, random() < 0.1 ? 12_000 : 800), span }));
  });
  timed.sort((a, b) => a.atMs - b.atMs);
  const bodies: { atMs: number; spans: TestSpan[] }[] = [];
  for (let i = 0; i < timed.length;) {
    const part = timed.slice(i, (i += 1 + pick(random, 200)));
    bodies.push({ atMs: part.at(-1)?.atMs ?? 0, spans: part.map(({ span }) => span) });
  }
  return bodies;
}

interface Outcome {
  readonly measure: MeasureStage;
  readonly buffer: TraceBuffer;
  readonly kept: DecodedSpan[];
  readonly liveBytes: number;
}

/** Drives the collector's parts and the naive twin through the same calls. */
async function run(shape: TrafficShape, maxSeries: number): Promise<{ outcome: Outcome; naive: Naive; spans: number }> {
  const intake = testIntake({ unsampled: UNSAMPLED, dimensions: DIMENSIONS });
  const config = measureConfig.parse({ dimensions: DIMENSIONS, max_series: maxSeries });
  const measure = new MeasureStage(config, testHost(), { consume: async () => {} });
  const encoder = new SpanEncoder();
  const kept: DecodedSpan[] = [];
  const sampler = testSampler([
    { name: 'errors', type: 'status', status: 'error' },
    { name: 'slow', type: 'latency', over: '1s' },
    { name: 'share', type: 'probabilistic', ratio: 0.25 },
  ]);
  const buffer = new TraceBuffer(
    { sampler, ...WAIT, maxPendingBytes: 2 ** 40, maxDecisions: 100_000, seed: 99 },
    intake.arena,
    intake.contexts,
    (batch) => kept.push(...decodeBody(encoder.encode(batch, 0, batch.spanCount))),
  );
  const naive = new Naive({
    unsampled: UNSAMPLED,
    dimensions: DIMENSIONS,
    maxSeries,
    boundsNs: config.histogram_bounds.map((ms) => BigInt(ms) * 1_000_000n),
    ...WAIT,
    slowNs: 1_000_000_000n,
    threshold: 0xc0_0000_0000_0000n,
  });
  let spans = 0;
  let lastMs = 0;
  for (const { atMs, spans: members } of arrivals(shape)) {
    const body = bodyOf(members);
    spans += members.length;
    lastMs = atMs;
    buffer.tick(atMs);
    naive.tick(atMs);
    expect(intake.take([body], body.length, atMs, atMs)).toBe('accepted');
    expect(intake.batch.rejected).toBe(0);
    await measure.consume(intake.batch);
    buffer.add(intake.batch, atMs);
    naive.take(body, atMs);
    expect(buffer.pendingTraces).toBe(naive.pending);
  }
  buffer.tick(lastMs + WAIT.decisionWaitMs);
  naive.tick(lastMs + WAIT.decisionWaitMs);
  return { outcome: { measure, buffer, kept, liveBytes: intake.arena.liveBytes }, naive, spans };
}

/** Every series as one line, read from what the metrics page and the histogram columns say. */
function seriesOf(measure: MeasureStage): string[] {
  const { metrics } = measure;
  const labels: string[] = [];
  for (const point of measure.collect()[0]?.points ?? []) labels.push(JSON.stringify(point.attributes));
  const all = new Map<string, string>();
  const width = metrics.classic.length / metrics.calls.length;
  for (let row = 0; row < metrics.rows; row++) {
    const exponential = new Map<number, number>();
    metrics.buckets[row]?.forEach((count, i) => count > 0 && exponential.set(i + INDEX_OFFSET, count));
    const key = labels[row] ?? '';
    const classic = [...metrics.classic.subarray(row * width, (row + 1) * width)];
    const [calls = 0, sumNs = 0, zero = 0] = [metrics.calls[row], metrics.sumNs[row], metrics.zeroCount[row]];
    all.set(key, lineOf(key, { calls, sumNs, zero, classic, exponential }));
  }
  expect(all.size, 'no two series with the same labels').toBe(metrics.rows);
  return [...all.values()];
}

function expectedSeries(naive: Naive): string[] {
  return [...naive.series].map(([key, series]) => lineOf(key, series));
}

function lineOf(key: string, { exponential, ...series }: NaiveSeries): string {
  return `${key} ${JSON.stringify({ ...series, exponential: [...exponential].sort(([a], [b]) => a - b) })}`;
}

test('counts, decides and exports random spans exactly as the naive twin does', async () => {
  const shape = { seed: 42, traces: 1400, maxSpans: 40, operations: 30, attributes: 4, slowRatio: 0.05, rich: true };
  const { outcome, naive, spans } = await run(shape, 65_536);
  expect(spans).toBeGreaterThan(20_000);
  expect(differences(seriesOf(outcome.measure), expectedSeries(naive))).toEqual([]);
  expect(outcome.buffer.pendingSpans).toBe(0);
  expect(outcome.liveBytes).toBe(0);
  expect(differences(asText(outcome.kept), asText(naive.kept))).toEqual([]);
  // The traffic must have reached the corners, or equality says little.
  expect(naive.counts.late).toBeGreaterThan(100);
  expect(naive.counts.unknown).toBeGreaterThan(100);
  expect(naive.counts.inconsistent).toBeGreaterThan(10);
  const policies = [...naive.decisions.values()].map(({ policy, kept }) => `${policy} ${kept}`);
  for (const seen of ['errors true', 'slow true', 'share true', 'share false']) expect(policies).toContain(seen);
  expect(naive.kept.length).toBeGreaterThan(2000);
  expect(naive.kept.length).toBeLessThan(spans - 2000);
}, 60_000);

test('counts in overflow series beyond max_series exactly as the naive twin does', async () => {
  const shape = { seed: 43, traces: 150, maxSpans: 20, operations: 30, attributes: 2, rich: true };
  const { outcome, naive } = await run(shape, 64);
  expect(differences(seriesOf(outcome.measure), expectedSeries(naive))).toEqual([]);
  expect([...naive.series.keys()].filter((key) => key.includes('overflow')).length).toBeGreaterThan(3);
});

test('reads the same spans from JSON as from protobuf', () => {
  for (const [i, spans] of traffic({ seed: 44, traces: 400, maxSpans: 20, attributes: 6, rich: true }).entries()) {
    const body = bodyOf(spans);
    const converted = tracesFromJson(jsonBodyOf(spans));
    expect(asText(decodeBody(converted))).toEqual(asText(decodeBody(body)));
    const intake = testIntake({ dimensions: DIMENSIONS });
    expect(intake.take([body], body.length, i, i)).toBe('accepted');
    const rows = rowsOf(intake.batch);
    releaseBatch(intake.batch);
    expect(intake.take([converted], converted.length, i, i)).toBe('accepted');
    expect(rowsOf(intake.batch)).toEqual(rows);
    expect(asText(decodeBody(reencode(intake.batch)))).toEqual(asText(decodeBody(body)));
    releaseBatch(intake.batch);
  }
});
