import { describe, expect, it } from 'vitest';
import { dataPoint, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { acceptAll, writeRig } from '../../support/remote-write-rig.ts';
import { startSink } from '../../support/sink.ts';
import { decodeWrite } from '../../support/write-schema.ts';

const T = POINTS_BEGAN_MS + 10_000;

describe('delivery', () => {
  it('carries samples in 2.0, with headers, labels, metadata and start', async () => {
    const sink = await startSink();
    sink.react(acceptAll);
    const { take, flush, settled, books } = await writeRig(sink.url, {
      headers: { authorization: 'Bearer abc' },
      external_labels: { region: 'here', job: 'other' },
    });
    take(
      dataPoint({
        name: 'http.requests',
        description: 'So many.',
        instance: 'a',
        attributes: { 'http.route': '/' },
        value: 7,
      }),
    );
    flush();
    await settled();
    const [request] = sink.requests;
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '2.0.0',
      'user-agent': 'evenkeel',
    });
    expect(request && decodeWrite(request)).toEqual({
      version: '2.0',
      metadata: [],
      series: [
        {
          name: 'http_requests_total{http_route="/",instance="a",job="shop",region="here"}',
          samples: [
            { timeMs: POINTS_BEGAN_MS, value: 0, startMs: POINTS_BEGAN_MS },
            { timeMs: T, value: 7, startMs: POINTS_BEGAN_MS },
          ],
          exemplars: [],
          metadata: { type: 1, help: 'So many.', unit: '' },
          createdMs: POINTS_BEGAN_MS,
        },
      ],
    });
    expect(books()).toEqual({ delivered: 1, rejected: 0, queued: 0, failed: {} });
  });

  it('gathers samples for a while, up to as many as one request may have', async () => {
    const sink = await startSink();
    const { take, flush, settled, books } = await writeRig(sink.url, {
      protocol: '1.0',
      max_samples_per_send: 3,
      metadata: false,
    });
    const point = (i: number) => dataPoint({ name: `m${i}`, startMs: 0 });
    take(point(0), point(1));
    expect(books().queued).toBe(2);
    take(point(2), point(3));
    await eventually('the full request', () => sink.requests.length === 1);
    expect(books().queued).toBeGreaterThan(0);
    flush();
    await settled();
    expect(sink.requests.map((request) => decodeWrite(request).series.length)).toEqual([3, 1]);
  });
});
