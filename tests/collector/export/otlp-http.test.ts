import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { closedPort, of, rig } from '../../support/exporter-rig.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { spansOf, startSink } from '../../support/sink.ts';
import { testSpan } from '../../support/test-span.ts';

describe('delivery', () => {
  it.each(['gzip', 'zstd', 'none'] as const)(
    'carries every span with its headers, compressed by %s',
    async (compression) => {
      const sink = await startSink();
      const headers = { authorization: 'Bearer abc', 'x-scope': 'a b' };
      const { exporter, read } = await rig(sink.url, { compression, headers });
      const spans = [testSpan({ trace: 'a' }), testSpan({ trace: 'b', service: 'other' }), testSpan({ trace: 'a' })];
      exporter.take(keptBatch(spans));
      await eventually('delivery', () => sink.spans().length === 3);
      expect(
        sink
          .spans()
          .map(({ spanId }) => spanId)
          .sort(),
      ).toEqual(spans.map(({ spanId }) => spanId.toString('hex')).sort());
      expect(sink.requests[0]?.path).toBe('/v1/traces');
      expect(sink.requests[0]?.headers).toMatchObject({ ...headers, 'content-type': 'application/x-protobuf' });
      expect(sink.requests[0]?.headers['content-encoding']).toBe(compression === 'none' ? undefined : compression);
      await eventually('the answer', () => read('queued', of) === 0);
      expect(read('delivered', of)).toBe(3);
    },
  );

  it('goes to the endpoint below its path, or to the traces endpoint as it is', async () => {
    const sink = await startSink();
    const check = async (endpoint: string, settings: object, path: string): Promise<void> => {
      const { take, settled } = await rig(endpoint, settings);
      take(1);
      await settled();
      expect(sink.requests.at(-1)?.path).toBe(path);
    };
    await check(`${sink.url}/`, {}, '/v1/traces');
    await check(`${sink.url}/otlp/`, {}, '/otlp/v1/traces');
    await check(`${sink.url}/otlp?key=1`, {}, '/otlp/v1/traces?key=1');
    await check('https://127.0.0.1:1', { traces_endpoint: `${sink.url}/custom?key=1` }, '/custom?key=1');
  });

  it('keeps the order, joins what waits, and counts what is in the queue', async () => {
    const sink = await startSink();
    sink.react('hang');
    const { take, books, read, settled, clock } = await rig(sink.url, { timeout: '150ms' });
    for (const spans of [3, 1, 2]) take(spans);
    expect(books()).toEqual({ delivered: 0, rejected: 0, queued: 6, failed: {} });
    expect(read('queue_size', of)).toBeGreaterThan(100);
    await eventually('the first attempt', () => sink.requests.length === 1);
    sink.react({ status: 200 });
    await eventually('the end of its patience', () => clock.untilNextOnce() !== undefined);
    clock.advance(1000);
    await settled();
    expect(sink.requests.slice(1).map(({ body }) => spansOf(body).length)).toEqual([3, 3]);
    expect(books()).toEqual({ delivered: 6, rejected: 0, queued: 0, failed: {} });
    expect(read('queue_size', of)).toBe(0);
  });

  it('joins very many small ones as well', async () => {
    const sink = await startSink();
    const { take, settled } = await rig(sink.url);
    for (let i = 0; i < 200; i++) take(1);
    await settled();
    expect(sink.requests.map(({ body }) => spansOf(body).length)).toEqual([1, 199]);
  });
});

describe('a receiver that cannot take it now', () => {
  it.each([429, 502, 503, 504])('is asked again after %d, ever more rarely and never on the dot', async (status) => {
    const sink = await startSink();
    sink.react({ status });
    const { take, pause, clock, settled, counts, books } = await rig(sink.url, {
      retry_initial: '1s',
      retry_max: '4s',
    });
    take(2);
    const pauses: number[] = [];
    for (const longest of [1000, 2000, 4000, 4000, 4000]) {
      const delay = await pause();
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThan(longest);
      pauses.push(delay / longest);
      if (pauses.length === 5) sink.react({ status: 200 });
      expect(books().queued).toBe(2);
      clock.advance(delay);
    }
    await settled();
    expect(new Set(pauses).size).toBe(5);
    expect(books()).toEqual({ delivered: 2, rejected: 0, queued: 0, failed: {} });
    expect(counts('requests')).toEqual({ [`backend/${status}`]: 5, 'backend/delivered': 1 });
    expect(sink.requests).toHaveLength(6);
  });

  it('is given the time it asks for', async () => {
    const sink = await startSink();
    const { take, pause, clock, settled } = await rig(sink.url);
    const check = async (retryAfter: string, shortest: number, longest: number): Promise<void> => {
      sink.react({ status: 503, headers: { 'retry-after': retryAfter } });
      take(1);
      const delay = await pause();
      expect(delay).toBeGreaterThanOrEqual(shortest);
      expect(delay).toBeLessThanOrEqual(longest);
      sink.react({ status: 200 });
      clock.advance(delay);
      await settled();
    };
    await check('7', 7000, 7000);
    await check(new Date(clock.nowMs() + 30_000).toUTCString(), 28_000, 30_000);
    await check('0', 500, 1000);
    await check('soon', 500, 1000);
  });

  it('may be absent, cut connections or say nothing', async () => {
    const check = async (endpoint: string, settings: object): Promise<void> => {
      const { take, pause, counts, books, log } = await rig(endpoint, settings);
      take(1);
      expect(await pause()).toBeLessThan(1000);
      expect(books().queued).toBe(1);
      expect(counts('requests')).toEqual({ 'backend/unanswered': 1 });
      expect(log[0]).toContain(`warning export EXPORT_backend: ${endpoint}/v1/traces`);
    };
    const sink = await startSink();
    await check(`http://127.0.0.1:${await closedPort()}`, {});
    sink.react('reset');
    await check(sink.url, {});
    sink.react('hang');
    await check(sink.url, { timeout: '30ms' });
  });

  it('gets everything once it is there', async () => {
    const port = await closedPort();
    const { take, pause, clock, settled, books } = await rig(`http://127.0.0.1:${port}`);
    for (let i = 0; i < 5; i++) take(2);
    clock.advance(await pause());
    const second = await pause();
    const sink = await startSink({ port });
    clock.advance(second);
    await settled();
    expect(sink.spans()).toHaveLength(10);
    expect(books().delivered).toBe(10);
  });

  it('is given up after a while, and the next batch gets its own chance', async () => {
    const sink = await startSink();
    sink.react({ status: 503 });
    const { take, clock, settled, books, read } = await rig(sink.url, { retry_elapsed: '2s' });
    take(3);
    take(1);
    await eventually('the first to be given up', () => {
      if (books().failed['retries'] === 3) return true;
      clock.advance(clock.untilNextOnce() ?? 0);
      return false;
    });
    sink.react({ status: 200 });
    // It may have been tried before the receiver came back, or not yet.
    await eventually('the next to be delivered', () => {
      if (books().delivered === 1) return true;
      clock.advance(clock.untilNextOnce() ?? 0);
      return false;
    });
    await settled();
    expect(books()).toEqual({ delivered: 1, rejected: 0, queued: 0, failed: { retries: 3 } });
    expect(read('queue_size', of)).toBe(0);
  });
});

describe('a receiver that will not take it', () => {
  it.each([400, 401, 404, 413, 500, 301])('is believed: %d is final', async (status) => {
    const sink = await startSink();
    sink.react((i) => ({ status: i === 0 ? status : 200 }));
    const { take, settled, books, log } = await rig(`${sink.url}?token=in-the-query`, {
      traces_endpoint: `${sink.url}/v1/traces?token=hidden-word`,
      headers: { authorization: 'hidden-word' },
    });
    take(3);
    take(2);
    await settled();
    expect(books()).toEqual({ delivered: 2, rejected: 3, queued: 0, failed: {} });
    expect(sink.requests).toHaveLength(2);
    expect(log).toEqual([expect.stringContaining(`REFUSED_backend: ${sink.url}/v1/traces HTTP ${status}`)]);
    expect(log.join()).not.toContain('hidden-word');
  });

  it('may leave out some spans, and says so in either encoding', async () => {
    const sink = await startSink();
    const { take, settled, books } = await rig(sink.url);
    const check = async (body: Uint8Array | string, type: string, rejected: number): Promise<void> => {
      const before = books();
      sink.react({ status: 200, headers: { 'content-type': type }, body });
      take(5);
      await settled();
      expect(books().rejected - before.rejected).toBe(rejected);
      expect(books().delivered - before.delivered).toBe(5 - rejected);
    };
    const json = 'application/json';
    const protobuf = 'application/x-protobuf';
    await check('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}', `${json}; charset=utf-8`, 2);
    await check('{"partialSuccess":{"rejectedSpans":3}}', json, 3);
    await check(Buffer.from('0a06080412026e6f', 'hex'), protobuf, 4);
    await check(Buffer.from('0a06080912026e6f', 'hex'), protobuf, 5);
    await check(Buffer.from('0a0412026e6f', 'hex'), protobuf, 0);
    await check('{"partialSuccess":{}}', json, 0);
    await check('{"partialSuccess":{"rejectedSpans":"-1"}}', json, 0);
    await check('not what it says', json, 0);
    await check('<html>', 'text/html', 0);
    await check('null', json, 0);
  });
});
