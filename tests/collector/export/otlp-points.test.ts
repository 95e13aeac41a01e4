// Data points and logs through the OTLP exporter: books, joining, receivers that do not take them.
import { describe, expect, it } from 'vitest';
import { dataPoint } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { rig } from '../../support/exporter-rig.ts';
import { startSink } from '../../support/sink.ts';
import { seeded } from '../../support/random.ts';
import { decodedPoints } from '../../support/decoded-points.ts';

const LOGS = {
  signal: 'logs',
  body: Buffer.from('{}'),
  contentType: 'application/json',
  contentEncoding: 'identity',
} as const;

function valuesOf(body: Buffer): unknown[] {
  return decodedPoints(body).map(({ value }) => (value.type === 'number' ? value.value : undefined));
}

describe('data points', () => {
  it('keep their order, are joined while they wait, and are in the books', async () => {
    const sink = await startSink();
    sink.react('reset');
    const { takePoints, points, settled, pause, clock } = await rig(sink.url);
    for (let value = 1; value <= 30; value++) takePoints(dataPoint({ value }));
    expect(points()).toEqual({ delivered: 0, rejected: 0, queued: 30, failed: {} });
    const delay = await pause();
    sink.react({ status: 200 });
    clock.advance(delay);
    await settled();
    const [, first, second, ...others] = sink.requests.map(({ body }) => valuesOf(body));
    expect([first, second, others]).toEqual([[1], Array.from({ length: 29 }, (_, i) => i + 2), []]);
    expect(points()).toEqual({ delivered: 30, rejected: 0, queued: 0, failed: {} });
  });

  it('that a receiver left out are told in either encoding', async () => {
    const sink = await startSink();
    const { takePoints, points, settled } = await rig(sink.url);
    const json = { 'content-type': 'application/json' };
    sink.react({ status: 200, headers: json, body: '{"partialSuccess":{"rejectedDataPoints":"1"}}' });
    takePoints(dataPoint(), dataPoint());
    await settled();
    sink.react({ status: 200, body: Buffer.from('0a020802', 'hex') });
    takePoints(dataPoint(), dataPoint(), dataPoint());
    await settled();
    expect(points()).toEqual({ delivered: 2, rejected: 3, queued: 0, failed: {} });
  });

  it('balance at every look while the receiver comes and goes', async () => {
    const sink = await startSink();
    const random = seeded(3);
    sink.react(() => {
      const dice = random();
      if (dice < 0.3) return { status: 503 };
      if (dice < 0.4) return 'reset';
      if (dice < 0.6) return { status: 400 };
      return { status: 200, body: dice < 0.7 ? Buffer.from('0a020801', 'hex') : '' };
    });
    const { take, takePoints, points, books, settled, clock } = await rig(sink.url, {
      max_queue: '1KiB',
      retry_elapsed: '2s',
    });
    for (let i = 0; i < 150; i++) {
      takePoints(dataPoint(), dataPoint({ name: 'other' }));
      if (i % 5 === 0) take(1);
      points();
      books();
      clock.advance(clock.untilNextOnce() ?? 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually('the queue to be empty', () => {
      clock.advance(clock.untilNextOnce() ?? 0);
      return points().queued + books().queued === 0;
    });
    await settled();
    const { delivered, rejected, failed } = points();
    for (const part of [delivered, rejected, failed['queue_full'] ?? 0]) expect(part).toBeGreaterThan(0);
  });
});

describe('a receiver that is slow with one signal', () => {
  it('gets the others meanwhile, which keep half of the queue', async () => {
    const sink = await startSink();
    sink.react((_, { path }) => (path === '/v1/metrics' ? 'hang' : { status: 200 }));
    const { take, takePoints, points, books, exporter } = await rig(sink.url, { max_queue: '4KiB', timeout: '10m' });
    for (let i = 0; i < 100; i++) takePoints(dataPoint({ name: `metric.${i}` }));
    expect(points().failed['queue_full']).toBeGreaterThan(0);
    expect(exporter.queueFill).toBeGreaterThan(0.4);
    expect(exporter.queueFill).toBeLessThanOrEqual(0.5);
    take(1);
    await eventually('delivery of traces', () => books().delivered === 1);
    expect(points()).toMatchObject({ delivered: 0, rejected: 0 });
  });

  it('may fill the whole queue where it gets nothing else', async () => {
    const sink = await startSink();
    sink.react('hang');
    const { takePoints, exporter } = await rig(sink.url, { max_queue: '4KiB', timeout: '10m', signals: ['metrics'] });
    for (let i = 0; i < 100; i++) takePoints(dataPoint({ name: `metric.${i}` }));
    expect(exporter.queueFill).toBeGreaterThan(0.9);
  });
});

describe('a receiver without metrics or logs', () => {
  it.each([404, 405, 501])('is left alone with them for ten minutes after %d, with one warning', async (status) => {
    const sink = await startSink();
    sink.react((_, { path }) => ({ status: path === '/v1/traces' ? 200 : status }));
    const { exporter, take, takePoints, points, books, counts, settled, clock, log } = await rig(sink.url);
    const push = async (): Promise<void> => {
      takePoints(dataPoint());
      exporter.take(LOGS);
      take(1);
      await settled();
      await eventually('the answer to logs', () => exporter.queueFill === 0);
    };
    for (let i = 0; i < 3; i++) await push();
    expect(sink.requests.map(({ path }) => path).sort()).toEqual([
      '/v1/logs',
      '/v1/metrics',
      ...Array(3).fill('/v1/traces'),
    ]);
    expect(points()).toEqual({ delivered: 0, rejected: 0, queued: 0, failed: { unsupported: 3 } });
    expect(books()).toEqual({ delivered: 3, rejected: 0, queued: 0, failed: {} });
    expect(counts('dropped')).toEqual({ 'logs/unsupported': 3 });
    expect(log.map((line) => / (\S+): /.exec(line)?.[1]).sort()).toEqual([
      'UNSUPPORTED_backend_logs',
      'UNSUPPORTED_backend_metrics',
    ]);
    clock.advance(600_000);
    sink.react({ status: 200 });
    await push();
    expect(points().delivered).toBe(1);
    expect(counts('forwarded')).toEqual({ logs: 1 });
  });

  it('is not the same as one without traces, which is a fault to be seen', async () => {
    const sink = await startSink();
    sink.react({ status: 404 });
    const { take, settled, books, log } = await rig(sink.url);
    take(1);
    await settled();
    take(1);
    await settled();
    expect(sink.requests).toHaveLength(2);
    expect(books().rejected).toBe(2);
    expect(log[0]).toContain('error export REFUSED_backend');
  });

  it('can be spared them by its signals', async () => {
    const sink = await startSink();
    const { exporter, take, settled, books } = await rig(sink.url, { signals: ['traces'] });
    exporter.take(LOGS);
    take(1);
    await settled();
    expect(sink.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(books().delivered).toBe(1);
  });
});
