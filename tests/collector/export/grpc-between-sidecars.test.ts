// One sidecar sends to another over gRPC: what the door of ours takes is what the exporter of ours sends.
import { expect, it } from 'vitest';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { MetricsDecoder } from '../../../collector/src/otlp/decode-metrics.ts';
import { dataPoint } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { post } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const sidecar = (endpoint: string, protocol: string): Promise<RunningCollector> =>
  startCollector(`sample: false
measure: false
monitoring: false
export: { interval: 5m, otlp: { next: { endpoint: "${endpoint}", protocol: ${protocol} } } }`);

async function sendAll({ urls, traces, clock, delivered }: RunningCollector): Promise<void> {
  const protobuf = { 'content-type': 'application/x-protobuf' };
  expect((await traces(bodyOf([testSpan(), testSpan()]))).status).toBe(200);
  for (const { body } of encodeMetrics([dataPoint({ name: 'calls', value: 7 })]))
    expect((await post(`${urls.otlpHttp}/v1/metrics`, body, protobuf)).status).toBe(200);
  const logs = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"said"}}]}]}]}';
  expect((await post(`${urls.otlpHttp}/v1/logs`, logs, { 'content-type': 'application/json' })).status).toBe(200);
  clock.advance(2000);
  await delivered();
}

it('all signals arrive, logs in JSON among them', async () => {
  const sink = await startSink();
  const second = await sidecar(sink.url, 'http');
  const first = await sidecar(second.urls.otlpGrpc, 'grpc');
  await sendAll(first);
  await eventually('the second to take the spans', () => second.books().spans.accepted === 2);
  second.clock.advance(2000);
  await second.delivered();
  expect(sink.spans()).toHaveLength(2);
  const bodies = (path: string): Buffer[] =>
    sink.requests.filter((request) => request.path === path).map(({ body }) => body);
  const points = bodies('/v1/metrics').flatMap((body) => [...new MetricsDecoder(body, 0).batches()].flat());
  expect(points.filter(({ metric }) => metric.name === 'calls').map(({ value }) => value)).toMatchObject([
    { value: 7 },
  ]);
  expect(Buffer.concat(bodies('/v1/logs')).includes('said')).toBe(true);
  expect(first.books().exporters).toMatchObject([{ delivered: 2, rejected: 0, balanced: true }]);
});
