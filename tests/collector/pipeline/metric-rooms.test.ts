// Points on their way through every room that is on, from the door to the metrics page and to what is pushed.
import { expect, it } from 'vitest';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';
import { post } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';

const protobuf = { 'content-type': 'application/x-protobuf' };

/** Posts points of the moment; they begin a second after the sidecar did unless they say otherwise. */
async function send({ urls, clock }: RunningCollector, ...shapes: PointShape[]): Promise<void> {
  const points = shapes.map((shape) => dataPoint({ timeMs: clock.nowMs(), ...shape }));
  for (const { body } of encodeMetrics(points))
    expect((await post(`${urls.otlpHttp}/v1/metrics`, Buffer.from(body), protobuf)).status).toBe(200);
}

/** Lines of the page that begin with a name. */
async function linesOf(running: RunningCollector, name: string): Promise<string[]> {
  return (await running.metrics()).split('\n').filter((line) => line.startsWith(name));
}

it('reads host and process in full, however many series others bring', async () => {
  const running = await startCollector('limit: {max_total_series: 2}\nmonitoring: {components: [runtime]}');
  const flood = Array.from({ length: 50 }, (_, i) => ({ name: `m${i % 5}`, attributes: { user: `u${i}` } }));
  await send(running, ...flood);
  running.clock.advance(60_000);
  const spaces = await linesOf(running, 'v8js_memory_heap_used_bytes');
  expect(spaces.length).toBeGreaterThan(3);
  expect(spaces.filter((line) => line.includes('overflow'))).toEqual([]);
  expect(running.log.filter((line) => line.includes('of evenkeel'))).toEqual([]);
  const { points } = running.books();
  expect(points.sources.read).toBeGreaterThan(0);
  expect([points.limit?.balanced, points.exported.balanced]).toEqual([true, true]);
});
