// Who is who on the metrics page and in what is pushed: the sidecar itself, a service of its name, two that claim to be one.
import { expect, it } from 'vitest';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';
import { post } from '../../support/http.ts';
import { acceptAll } from '../../support/remote-write-rig.ts';
import { startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';
import { decodeWrite } from '../../support/write-schema.ts';

it('tells the sidecar from a service of its name, and adds up two sources that claim to be one', async () => {
  const sink = await startSink();
  sink.react(acceptAll);
  const running = await startCollector(
    `monitoring: {components: [process]}\nexport: {remote_write: {sink: {url: '${sink.url}'}}}`,
  );
  const { clock, urls } = running;
  clock.advance(5000);
  const shape: PointShape = { name: 'process.uptime', kind: 'gauge', service: 'evenkeel', instance: 'other', value: 7 };
  const twin = (pod: string, value: number): PointShape => ({
    service: 'shop',
    instance: 'i',
    resource: { pod },
    value,
  });
  const points = [shape, twin('one', 2), twin('two', 3)].map((each) =>
    dataPoint({ startMs: clock.nowMs() - 1000, timeMs: clock.nowMs(), ...each }),
  );
  for (const { body } of encodeMetrics(points))
    await post(`${urls.otlpHttp}/v1/metrics`, Buffer.from(body), { 'content-type': 'application/x-protobuf' });
  clock.advance(60_000);
  const page = (await running.metrics()).split('\n');
  const named = (name: string): string[] => page.filter((line) => line.startsWith(name));
  // Who scrapes names the sidecar; the other names itself.
  const uptimes = named('process_uptime').map((line) => line.slice(0, line.lastIndexOf(' ')));
  expect(uptimes.toSorted()).toEqual(['process_uptime_seconds', 'process_uptime{job="evenkeel",instance="other"}']);
  expect(named('requests_total')).toEqual(['requests_total{job="shop",instance="i"} 5']);
  await running.delivered();
  const pushed = sink.requests.flatMap((request) => decodeWrite(request).series);
  const own = pushed.filter(({ name }) => name.startsWith('process_uptime_seconds'));
  expect(own.length).toBeGreaterThan(0);
  for (const { name } of own) expect(name).toMatch(/job="evenkeel"/);
  for (const { name } of own) expect(name).toMatch(/instance="[^"]+:/);
  // A counter cannot be two: one of them is pushed; of the other its 0 and its value are counted.
  const [exporter] = running.books().points.exporters;
  expect([exporter?.failed['label_conflict'], exporter?.failed['not_newer'], exporter?.balanced]).toEqual([2, 0, true]);
  expect(running.log.filter((line) => line.includes('LABELS_sink'))).toHaveLength(1);
});
