// How remote write meets receivers that are older, busy, away or choosy.
import { describe, expect, it } from 'vitest';
import { dataPoint, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { closedPort } from '../../support/exporter-rig.ts';
import { seeded } from '../../support/random.ts';
import { acceptAll, written, writeRig } from '../../support/remote-write-rig.ts';
import { type Sink, startSink } from '../../support/sink.ts';
import { decodeWrite } from '../../support/write-schema.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { touch } from '../../support/certificates.ts';

const T = POINTS_BEGAN_MS + 10_000;
const NO_METADATA = { metadata: false };

/** One gauge at some second. */
const gauge = (second: number, value = second) =>
  dataPoint({ name: 'level', kind: 'gauge', timeMs: T + second * 1000, value });

/** Everything that was answered with success, series by series in the order of arrival. */
function taken(sink: Sink, from = 0): Map<string, number[]> {
  const bySeries = new Map<string, number[]>();
  for (const request of sink.requests.slice(from))
    for (const { name, samples } of decodeWrite(request).series)
      bySeries.set(name, [...(bySeries.get(name) ?? []), ...samples.map(({ timeMs }) => timeMs)]);
  return bySeries;
}

describe('a receiver of 1.0', () => {
  it.each([
    ['answers an empty request with success', { status: 204 }],
    ['says that it does not know the type', { status: 415 }],
  ] as const)('that %s gets the same in 1.0, and is asked for 2.0 again after an hour', async (_, older) => {
    const sink = await startSink();
    sink.react((i, request) => (decodeWrite(request).version === '2.0' ? older : acceptAll(i, request)));
    const { take, flush, settled, books, clock, log } = await writeRig(sink.url, NO_METADATA);
    const deliver = async (second: number): Promise<void> => {
      take(gauge(second));
      flush();
      await settled();
    };
    await deliver(1);
    await deliver(2);
    const versions = () => sink.requests.map((request) => decodeWrite(request).version);
    expect(versions()).toEqual(['2.0', '1.0', '1.0']);
    expect(sink.requests[1]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
    });
    expect(books()).toEqual({ delivered: 2, rejected: 0, queued: 0, failed: {} });
    expect(log.filter((line) => line.includes('OLDER_backend'))).toHaveLength(1);
    clock.advance(3_600_000);
    await deliver(3);
    expect(versions().slice(3)).toEqual(['2.0', '1.0']);
    expect(taken(sink, 1)).toEqual(new Map([['level{job="shop"}', [T + 1000, T + 2000, T + 3000, T + 3000]]]));
  });

  it('is told metadata in requests of their own, once a minute', async () => {
    const sink = await startSink();
    const { take, flush, settled, clock } = await writeRig(sink.url, { protocol: '1.0' });
    const described = dataPoint({ name: 'size', unit: 'By', description: 'How large.', startMs: 0 });
    take(described, gauge(1));
    flush();
    await settled();
    take(gauge(2));
    flush();
    await settled();
    const told = () => sink.requests.map((request) => decodeWrite(request).metadata);
    const metadata = [
      { type: 1, name: 'size_bytes_total', help: 'How large.', unit: 'bytes' },
      { type: 2, name: 'level', help: '', unit: '' },
    ];
    expect(told()).toEqual([[], metadata, []]);
    clock.advance(60_000);
    take(gauge(3));
    flush();
    await settled();
    expect(told().slice(3)).toEqual([[], metadata]);
  });
});

describe('a receiver that cannot take it now', () => {
  it.each([429, 500, 503])('is asked again after %d, ever more rarely', async (status) => {
    const sink = await startSink();
    sink.react({ status });
    const { take, flush, pause, clock, settled, books } = await writeRig(sink.url, { retry_max: '4s' });
    take(gauge(1));
    flush();
    for (const longest of [1000, 2000, 4000, 4000]) {
      const delay = await pause();
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThan(longest);
      if (longest === 4000) sink.react(acceptAll);
      clock.advance(delay);
      if (longest === 4000) break;
    }
    await settled();
    expect(books()).toEqual({ delivered: 1, rejected: 0, queued: 0, failed: {} });
  });

  it('is given the time it asks for', async () => {
    const sink = await startSink();
    sink.react({ status: 503, headers: { 'retry-after': '17' } });
    const { take, flush, pause } = await writeRig(sink.url);
    take(gauge(1));
    flush();
    expect(await pause()).toBe(17_000);
  });

  it('misses nothing and gets everything in order after 30 s of outage', async () => {
    const port = await closedPort();
    const { take, clock, settled, books } = await writeRig(`http://127.0.0.1:${port}`, { retry_max: '5s' });
    const names = ['a', 'b', 'c'];
    for (let second = 1; second <= 30; second++) {
      take(...names.map((name) => dataPoint({ name, startMs: 0, timeMs: T + second * 1000, value: second })));
      clock.advance(1000);
      // Attempts fail by themselves, in real time.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(books()).toEqual({ delivered: 0, rejected: 0, queued: 90, failed: {} });
    const sink = await startSink({ port });
    sink.react(acceptAll);
    await settled();
    const times = Array.from({ length: 30 }, (_, i) => T + (i + 1) * 1000);
    expect(taken(sink)).toEqual(new Map(names.map((name) => [`${name}_total{job="shop"}`, times])));
    // What waited went together, and not a request a second.
    expect(sink.requests.length).toBeLessThan(5);
    expect(books()).toEqual({ delivered: 90, rejected: 0, queued: 0, failed: {} });
  });

  it('loses the oldest first where the queue is full, but not what is on its way', async () => {
    const sink = await startSink();
    sink.react('reset');
    const { take, flush, books, read, settled, pause } = await writeRig(sink.url, {
      max_queue: '1KiB',
      max_samples_per_send: 1,
    });
    for (let second = 1; second <= 20; second++) take(gauge(second));
    flush();
    const { queued, failed } = books();
    expect(queued).toBeGreaterThan(3);
    expect(failed).toEqual({ queue_full: 20 - queued });
    expect(read('queue_size', { exporter: 'backend' })).toBeLessThanOrEqual(1024);
    await pause();
    sink.react(acceptAll);
    await settled();
    const newest = Array.from({ length: queued - 1 }, (_, i) => T + (20 - queued + 2 + i) * 1000);
    expect([...taken(sink, 1).values()]).toEqual([[T + 1000, ...newest]]);
  });

  it('balances its books at every look while it comes and goes', async () => {
    const sink = await startSink();
    const random = seeded(7);
    sink.react((i, request) => {
      const dice = random();
      if (dice < 0.25) return { status: 503 };
      if (dice < 0.35) return 'reset';
      if (dice < 0.45) return { status: 400, body: 'out of order' };
      if (dice < 0.55) return { status: 400, headers: written(1) };
      return acceptAll(i, request);
    });
    const { take, flush, books, settled, counts } = await writeRig(sink.url, {
      max_queue: '2KiB',
      max_samples_per_send: 3,
    });
    for (let second = 1; second <= 120; second++) {
      take(
        gauge(second),
        gauge(second),
        dataPoint({ name: 'calls', startMs: 0, timeMs: T + second * 1000, value: second }),
      );
      books();
      if (second % 3 === 0) flush();
      await new Promise((resolve) => setImmediate(resolve));
      books();
    }
    flush();
    await settled();
    const { delivered, rejected, failed } = books();
    // A gauge of which each moment is told twice is pushed once.
    expect(failed['not_newer']).toBe(120);
    for (const part of [delivered, rejected, failed['queue_full'] ?? 0]) expect(part).toBeGreaterThan(0);
    expect(Object.keys(counts('refusals')).sort()).toEqual(['backend/other', 'backend/out_of_order']);
  });
});

describe('a receiver that refuses', () => {
  it('is believed, and the reason it gives is counted', async () => {
    const sink = await startSink();
    sink.react({ status: 400, body: 'out of order sample' });
    const { take, flush, settled, books, counts, log } = await writeRig(`${sink.url}/push?token=hidden-word`, {
      protocol: '1.0',
    });
    take(gauge(1), dataPoint({ name: 'other', startMs: 0 }));
    flush();
    await settled();
    expect(books()).toEqual({ delivered: 0, rejected: 2, queued: 0, failed: {} });
    expect(counts('refusals')).toEqual({ 'backend/out_of_order': 1 });
    expect(log.join()).toContain(`${sink.url}/push HTTP 400: 2 of 2 samples were refused (out_of_order)`);
    expect(log.join()).not.toContain('hidden-word');
  });

  it('some samples of a request loses as many points at most', async () => {
    const sink = await startSink();
    sink.react({ status: 400, headers: written(2), body: 'too old' });
    const { take, flush, settled, books, counts } = await writeRig(sink.url);
    take(gauge(1), gauge(2), gauge(3));
    flush();
    await settled();
    expect(books()).toEqual({ delivered: 2, rejected: 1, queued: 0, failed: {} });
    expect(counts('samples_sent')).toEqual({ 'backend/taken': 2, 'backend/refused': 1 });
    expect(counts('refusals')).toEqual({ 'backend/too_old': 1 });
  });
});

describe('a token file', () => {
  it('is sent, and read again when it changes', async () => {
    const token_file = join(temporaryFolder(), 'token');
    writeFileSync(token_file, 'first\n');
    const sink = await startSink();
    sink.react(acceptAll);
    const { take, flush, settled, clock, log } = await writeRig(sink.url, { token_file });
    for (const [second, token] of [
      [1, 'first'],
      [2, 'second'],
    ] as const) {
      writeFileSync(token_file, `${token}\n`);
      if (second > 1) touch(token_file);
      clock.advance(30_000);
      take(gauge(second));
      flush();
      await settled();
      expect(sink.requests.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
    }
    expect(log.join()).not.toContain('second');
  });
});

describe('stop', () => {
  it('delivers what is gathered and queued', async () => {
    const sink = await startSink();
    sink.react(acceptAll);
    const { take, books, exporter } = await writeRig(sink.url);
    take(gauge(1), gauge(2));
    await exporter.stop(5000);
    expect(books()).toEqual({ delivered: 2, rejected: 0, queued: 0, failed: {} });
    take(gauge(3));
    await exporter.stop(0);
    expect(books().failed).toEqual({ stop: 1 });
  });

  it('gives up at its limit', async () => {
    const sink = await startSink();
    sink.react('hang');
    const { take, books, exporter, clock, log } = await writeRig(sink.url);
    take(gauge(1), gauge(2));
    const stopping = exporter.stop(5000);
    clock.advance(5000);
    await stopping;
    expect(books()).toEqual({ delivered: 0, rejected: 0, queued: 0, failed: { stop: 2 } });
    expect(log.at(-1)).toContain('STOP_backend: 2 points were not delivered');
  });
});
