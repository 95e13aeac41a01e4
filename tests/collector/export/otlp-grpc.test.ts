// OTLP over gRPC, to a receiver built on grpc-js.
import { describe, expect, it } from 'vitest';
import { TRAIL_HEADER } from '../../../collector/src/pipeline/trail.ts';
import { clientTls, pem, tlsFile } from '../../support/certificates.ts';
import { dataPoint } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { closedPort, of, rig } from '../../support/exporter-rig.ts';
import { startGrpcReceiver } from '../../support/grpc-receiver.ts';
import { spansOf } from '../../support/sink.ts';

const GRPC = { protocol: 'grpc' };

describe('a receiver of OTLP over gRPC', () => {
  it.each(['gzip', 'none'] as const)(
    'gets spans, points and logs with metadata, compressed by %s',
    async (compression) => {
      const receiver = await startGrpcReceiver();
      const headers = { Authorization: 'Bearer abc' };
      const marks = (signal: string) => ({ [TRAIL_HEADER]: signal });
      const { exporter, take, takePoints, settled, books, points } = await rig(
        receiver.url,
        { ...GRPC, compression, headers },
        undefined,
        marks,
      );
      take(3);
      takePoints(dataPoint(), dataPoint({ name: 'other' }));
      const body = Buffer.from('0a00', 'hex');
      exporter.take({ signal: 'logs', body, contentType: 'application/x-protobuf', contentEncoding: '' });
      await settled();
      await eventually('all calls', () => receiver.calls.length === 3);
      // Signals wait in queues of their own: which call arrives first is nobody's promise.
      const bodies = new Map(receiver.calls.map((call) => [call.signal, call.body]));
      expect([...bodies.keys()].toSorted()).toEqual(['logs', 'metrics', 'traces']);
      for (const { signal, metadata } of receiver.calls) {
        expect(metadata.get('authorization')).toEqual(['Bearer abc']);
        expect(metadata.get(TRAIL_HEADER)).toEqual([signal]);
      }
      expect(spansOf(bodies.get('traces') ?? Buffer.alloc(0))).toHaveLength(3);
      expect(bodies.get('logs')).toEqual(body);
      expect(books()).toEqual({ delivered: 3, rejected: 0, queued: 0, failed: {} });
      expect(points()).toEqual({ delivered: 2, rejected: 0, queued: 0, failed: {} });
    },
  );

  it('is called over one connection, and over another once that is gone', async () => {
    const port = await closedPort();
    const first = await startGrpcReceiver({ port });
    const { take, settled, pause, clock, books } = await rig(first.url, GRPC);
    take(1);
    await settled();
    first.close();
    take(2);
    const delay = await pause();
    const second = await startGrpcReceiver({ port });
    clock.advance(delay);
    await settled();
    expect([first.calls.length, second.calls.length]).toEqual([1, 1]);
    expect(books().delivered).toBe(3);
  });

  it('may leave out some of a batch', async () => {
    const receiver = await startGrpcReceiver();
    // Field 1: partial success; in it field 1: rejected.
    receiver.react({ response: Buffer.from('0a020802', 'hex') });
    const { take, takePoints, settled, books, points } = await rig(receiver.url, GRPC);
    take(5);
    takePoints(dataPoint(), dataPoint(), dataPoint());
    await settled();
    expect(books()).toEqual({ delivered: 3, rejected: 2, queued: 0, failed: {} });
    expect(points()).toEqual({ delivered: 1, rejected: 2, queued: 0, failed: {} });
  });

  it.each([
    [1, 'CANCELLED'],
    [4, 'DEADLINE_EXCEEDED'],
    [10, 'ABORTED'],
    [11, 'OUT_OF_RANGE'],
    [14, 'UNAVAILABLE'],
    [15, 'DATA_LOSS'],
  ])('is called again after %d %s', async (code, name) => {
    const receiver = await startGrpcReceiver();
    receiver.react({ code });
    const { take, settled, pause, clock, books, counts } = await rig(receiver.url, GRPC);
    take(2);
    const delay = await pause();
    expect(delay).toBeGreaterThanOrEqual(500);
    expect(delay).toBeLessThan(1000);
    receiver.react({});
    clock.advance(delay);
    await settled();
    expect(books()).toEqual({ delivered: 2, rejected: 0, queued: 0, failed: {} });
    expect(counts('requests')).toEqual({ [`backend/${name}`]: 1, 'backend/delivered': 1 });
  });

  it.each([2, 3, 5, 7, 8, 9, 12, 13, 16])('is believed: %d is final for spans', async (code) => {
    const receiver = await startGrpcReceiver();
    receiver.react({ code });
    const { take, settled, books, log } = await rig(receiver.url, GRPC);
    take(2);
    await settled();
    expect(books()).toEqual({ delivered: 0, rejected: 2, queued: 0, failed: {} });
    expect(receiver.calls).toHaveLength(1);
    expect(log).toEqual([expect.stringContaining(`REFUSED_backend: ${receiver.url} traces `)]);
  });

  it('is given the time its RetryInfo asks for, also where it is exhausted', async () => {
    const receiver = await startGrpcReceiver();
    const { take, settled, pause, clock, books } = await rig(receiver.url, GRPC);
    for (const [code, retryAfterMs] of [
      [8, 7500],
      [14, 12_000],
    ] as const) {
      receiver.react({ code, retryAfterMs });
      take(1);
      const delay = await pause();
      expect(delay).toBe(retryAfterMs);
      receiver.react({});
      clock.advance(delay);
      await settled();
    }
    expect(books().delivered).toBe(2);
  });

  it('may be absent or say nothing', async () => {
    const check = async (url: string, settings: object, why: string): Promise<void> => {
      const { take, pause, counts, log } = await rig(url, { ...GRPC, ...settings });
      take(1);
      await pause();
      expect(counts('requests')).toEqual({ 'backend/unanswered': 1 });
      expect(log[0]).toContain(`EXPORT_backend: ${url} traces ${why}; will be tried again`);
    };
    await check(`http://127.0.0.1:${await closedPort()}`, {}, 'ECONNREFUSED');
    const receiver = await startGrpcReceiver();
    receiver.react('hang');
    await check(receiver.url, { timeout: '50ms' }, 'no answer in time');
  });

  it('is left alone with a signal whose service it does not have', async () => {
    const receiver = await startGrpcReceiver({ signals: ['traces'] });
    const { take, takePoints, settled, books, points, log } = await rig(receiver.url, GRPC);
    takePoints(dataPoint());
    await settled();
    takePoints(dataPoint(), dataPoint());
    take(1);
    await settled();
    expect(points()).toEqual({ delivered: 0, rejected: 0, queued: 0, failed: { unsupported: 3 } });
    expect(books().delivered).toBe(1);
    expect(log).toEqual([expect.stringContaining('UNSUPPORTED_backend_metrics')]);
  });
});

describe('TLS over gRPC', () => {
  const tls = { key: pem('server.key.pem'), cert: pem('server.pem') };

  it('trusts the authority file only', async () => {
    const receiver = await startGrpcReceiver({ tls });
    const trusting = await rig(receiver.url, { ...GRPC, ca_file: tlsFile('ca.pem') });
    trusting.take(2);
    await trusting.settled();
    expect(trusting.books().delivered).toBe(2);
    const doubtful = await rig(receiver.url, GRPC);
    doubtful.take(1);
    await doubtful.pause();
    expect(doubtful.log.join()).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    expect(doubtful.read('queued', of)).toBe(1);
  });

  it('shows its certificate to a receiver that asks for one', async () => {
    const receiver = await startGrpcReceiver({ tls: { ...tls, clientCa: clientTls().ca } });
    const own = { cert_file: tlsFile('client.pem'), key_file: tlsFile('client.key.pem') };
    const known = await rig(receiver.url, { ...GRPC, ca_file: tlsFile('ca.pem'), ...own });
    known.take(2);
    await known.settled();
    expect(known.books().delivered).toBe(2);
    const unknown = await rig(receiver.url, { ...GRPC, ca_file: tlsFile('ca.pem') });
    unknown.take(1);
    await unknown.pause();
    expect(unknown.books().queued).toBe(1);
  });
});
