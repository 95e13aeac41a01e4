// How the OTLP/HTTP exporter meets its limits: a full queue, the end of the process, TLS it does not trust.
import { describe, expect, it } from 'vitest';
import { otlpExporterConfig } from '../../../collector/src/export/config.ts';
import { exportInstruments } from '../../../collector/src/export/instruments.ts';
import { otlpExporter } from '../../../collector/src/export/otlp.ts';
import { pem, tlsFile } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { of, rig } from '../../support/exporter-rig.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { startSink } from '../../support/sink.ts';
import { testHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';

describe('at its limits', () => {
  it('loses what its queue cannot hold, to this exporter only', async () => {
    const sink = await startSink();
    sink.react('hang');
    const { take, books, read, exporter } = await rig(sink.url, { max_queue: '1KiB' });
    for (let i = 0; i < 40; i++) take(1);
    const { queued, failed } = books();
    expect(queued).toBeGreaterThan(2);
    expect(failed).toEqual({ queue_full: 40 - queued });
    expect(read('queue_size', of)).toBeLessThanOrEqual(1024);
    const stopping = exporter.stop(0);
    await eventually('the first attempt', () => sink.requests.length > 0);
    void stopping;
  });

  it.each(['gzip', 'none'])(
    'compresses what waits, so that an outage takes a fraction of the room: %s',
    async (compression) => {
      const sink = await startSink();
      sink.react({ status: 503 });
      const { exporter, read, counts, clock } = await rig(sink.url, { max_queue: '2MiB', compression });
      const text = 'something that is said again and again '.repeat(100);
      const spans = Array.from({ length: 80 }, () => testSpan({ name: text }));
      let rawBytes = 0;
      for (let i = 0; i < 12; i++) {
        const before = read('queue_size', of);
        exporter.take(keptBatch(spans));
        rawBytes += read('queue_size', of) - before;
        // All but the first, which is on its way, and the last, which others may join.
        await eventually('packing', () => read('queue_size', of) < 1.4 * 1024 ** 2);
      }
      expect(rawBytes).toBeGreaterThan(1.5 * 2 * 1024 ** 2);
      expect([read('queued', of), Object.values(counts('failed')).some((lost) => lost > 0)]).toEqual([960, false]);
      await eventually('a failed attempt', () => clock.untilNextOnce());
      sink.react({ status: 200 });
      clock.advance(60_000);
      await eventually('delivery', () => read('queued', of) === 0);
      expect([sink.spans().length, read('delivered', of), read('queue_size', of)]).toEqual([960, 960, 0]);
    },
  );

  it('answers a refusal by Node itself as one more failed attempt', async () => {
    const sink = await startSink();
    const { take, pause, counts } = await rig(sink.url, { headers: { trailer: 'x' } });
    take(1);
    await pause();
    expect(counts('requests')).toEqual({ 'backend/unanswered': 1 });
  });
});

describe('stop', () => {
  it('delivers what is queued', async () => {
    const sink = await startSink();
    const { take, books, exporter } = await rig(sink.url);
    for (let i = 0; i < 20; i++) take(2);
    await exporter.stop(5000);
    expect(books()).toEqual({ delivered: 40, rejected: 0, queued: 0, failed: {} });
    expect(sink.spans()).toHaveLength(40);
  });

  it.each(['hang', 'reset', 'absent'] as const)('gives up at its limit with a receiver that is %s', async (state) => {
    const sink = await startSink();
    if (state === 'absent') await sink.close();
    else sink.react(state);
    const { take, books, exporter, clock, log } = await rig(sink.url, { timeout: '10m' });
    for (let i = 0; i < 3; i++) take(2);
    if (state === 'hang') await eventually('the first attempt', () => sink.requests.length === 1);
    else await eventually('the first pause', () => clock.untilNextOnce());
    const stopping = exporter.stop(5000);
    clock.advance(4999);
    expect(books().queued).toBe(6);
    clock.advance(1);
    await stopping;
    expect(books()).toEqual({ delivered: 0, rejected: 0, queued: 0, failed: { stop: 6 } });
    expect(log.at(-1)).toContain('error export STOP_backend: 6 spans were not delivered');
    take(1);
    expect(books().failed).toEqual({ stop: 7 });
  });

  it('may come before start, and twice', async () => {
    const own = testHost('export', exportInstruments);
    const exporter = otlpExporter('backend', otlpExporterConfig.parse({ endpoint: 'http://127.0.0.1:1' }), own.host);
    await exporter.stop(0);
    await exporter.stop(0);
  });
});

describe('a receiver with TLS', () => {
  it('is trusted by its authority file only', async () => {
    const sink = await startSink({ tls: { key: pem('server.key.pem'), cert: pem('server.pem') } });
    const trusting = await rig(sink.url, { ca_file: tlsFile('ca.pem') });
    trusting.take(2);
    await trusting.settled();
    expect(trusting.books().delivered).toBe(2);
    const doubtful = await rig(sink.url);
    doubtful.take(1);
    await doubtful.pause();
    expect(doubtful.books()).toEqual({ delivered: 0, rejected: 0, queued: 1, failed: {} });
    expect(doubtful.log.join()).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    expect(sink.requests).toHaveLength(1);
  });

  it('is not started towards where the authority file is missing', async () => {
    const own = testHost('export', exportInstruments);
    const config = otlpExporterConfig.parse({ endpoint: 'https://127.0.0.1:1', ca_file: '/no/such/ca.pem' });
    const exporter = otlpExporter('backend', config, own.host);
    await expect(exporter.start()).rejects.toMatchObject({ code: 'CERTIFICATE_UNREADABLE' });
  });
});
