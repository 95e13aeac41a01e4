import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { post } from '../../support/http.ts';
import { EXPORT, grpcClient } from '../../support/grpc.ts';
import { metricRequest, metricsBody, metricsJson, type PlainRequest } from '../../support/metric-traffic.ts';
import { naivePoints } from '../../support/naive-metrics.ts';
import { MetricsResponse8 } from '../../support/otlp-metrics-schema.ts';
import { seeded } from '../../support/random.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Gauges of which three are sound and two have no value. */
function request(name: string): PlainRequest {
  const dataPoints = [{ asInt: 1 }, {}, { asDouble: 0.5 }, { asInt: 3 }, {}];
  const around = { resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] } };
  return { resourceMetrics: [{ ...around, scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints } }] }] }] };
}

async function counted(running: RunningCollector): Promise<Record<string, number>> {
  const page = await running.metrics();
  const names = ['points', 'rejected_points', 'duplicates', 'duplicate_points'];
  const read = (name: string): number =>
    Number(new RegExp(`^evenkeel_receive_${name}_total (\\d+)$`, 'm').exec(page)?.[1] ?? NaN);
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

const PARTIAL = expect.stringMatching(/^data points .* were left out$/);

describe('metrics', () => {
  it('come through every door in every encoding, and their senders hear how many points were left out', async () => {
    const running = await startCollector();
    const url = `${running.urls.otlpHttp}/v1/metrics`;
    const check = async (body: Uint8Array, headers: Record<string, string>): Promise<void> => {
      const answer = await post(url, body, headers);
      expect(answer.status).toBe(200);
      const told =
        headers['content-type'] === undefined
          ? MetricsResponse8.toObject(MetricsResponse8.decode(answer.body), { longs: String })
          : (JSON.parse(answer.body.toString()) as object);
      expect(told).toEqual({ partialSuccess: { rejectedDataPoints: '2', errorMessage: PARTIAL } });
    };
    await check(metricsBody(request('plain')), {});
    await check(gzipSync(metricsBody(request('gzip'))), { 'content-encoding': 'gzip' });
    await check(zstdCompressSync(metricsBody(request('zstd'))), { 'content-encoding': 'zstd' });
    await check(metricsJson(seeded(1), request('json')), JSON_TYPE);
    const json = gzipSync(metricsJson(seeded(1), request('json, gzip')));
    await check(json, { ...JSON_TYPE, 'content-encoding': 'gzip' });
    for (const gzip of [false, true]) {
      const call = grpcClient(running.urls.otlpGrpc, { gzip });
      const { code, response } = await call(metricsBody(request(`gRPC ${gzip}`)), EXPORT.metrics);
      expect(code).toBe(0);
      expect(
        MetricsResponse8.toObject(MetricsResponse8.decode(response ?? Buffer.alloc(1)), { longs: String }),
      ).toEqual({
        partialSuccess: { rejectedDataPoints: '2', errorMessage: PARTIAL },
      });
    }
    expect(await counted(running)).toEqual({ points: 21, rejected_points: 14, duplicates: 0, duplicate_points: 0 });
    // A repeat hears the same, through whichever door it comes.
    await check(metricsBody(request('gRPC true')), {});
    expect(await counted(running)).toEqual({ points: 21, rejected_points: 14, duplicates: 1, duplicate_points: 3 });
  });

  it('that are malformed or too large are refused, and come in when they are mended', async () => {
    const running = await startCollector('receive: { http: { max_json_body: 1KiB } }');
    const url = `${running.urls.otlpHttp}/v1/metrics`;
    const body = metricsBody(request('m'));
    for (const _ of [1, 2]) expect((await post(url, body.subarray(0, -1))).status).toBe(400);
    expect((await post(url, Buffer.alloc(2048, ' '), JSON_TYPE)).status).toBe(413);
    expect(await counted(running)).toEqual({ points: 0, rejected_points: 0, duplicates: 0, duplicate_points: 0 });
    expect((await post(url, body)).status).toBe(200);
    expect(await counted(running)).toEqual({ points: 3, rejected_points: 2, duplicates: 0, duplicate_points: 0 });
  });

  it('of every kind leave for an OTLP endpoint as they came', async () => {
    const random = seeded(12);
    const sink = await startSink();
    const exporter = `export: { exemplars: all, otlp: { backend: { endpoint: ${sink.url} } } }`;
    const running = await startCollector(`${exporter}\nlimit: false\naggregate: false`);
    const nowMs = running.clock.nowMs();
    const expected: string[] = [];
    const kinds = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const body = metricsBody(metricRequest(random));
      expect((await post(`${running.urls.otlpHttp}/v1/metrics`, body)).status).toBe(200);
      const { points } = naivePoints(body, nowMs);
      expected.push(...points.map(withoutDescription));
      for (const point of points) kinds.add((JSON.parse(point) as { kind: string }).kind);
    }
    expect(kinds.size).toBe(5);
    await running.delivered();
    const delivered = sink.requests.filter(({ path }) => path.endsWith('/v1/metrics'));
    const received = delivered.flatMap(({ body }) => naivePoints(body, nowMs).points);
    const foreign = received.filter((point) => !point.includes('"name":"evenkeel"'));
    expect(foreign.map(withoutDescription).toSorted()).toEqual(expected.toSorted());
  });
});

/** Where points of one metric are sent together, the first says how it is described. */
function withoutDescription(point: string): string {
  const { description: _, metadata: __, ...rest } = JSON.parse(point) as Record<string, unknown>;
  return JSON.stringify(rest);
}
