import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Collector, createCollector } from '../../collector/src/collector.ts';
import { parseConfig } from '../../collector/src/config/load.ts';
import { ManualClock } from '../support/clock.ts';
import { post, send } from '../support/http.ts';
import { startCollector } from '../support/running-collector.ts';
import { startSink } from '../support/sink.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

async function create(settings: Record<string, string> = {}, clock = new ManualClock()): Promise<Collector> {
  const ports = ['receive.http.port', 'receive.grpc.port', 'web.port', 'export.prometheus.port'];
  const all = { ...Object.fromEntries(ports.map((port) => [port, '0'])), store: 'false', ...settings };
  const overrides = Object.entries(all).map(([path, value]) => ({ path: path.split('.'), value }));
  const collector = await createCollector(parseConfig('', 'test', overrides), { clock });
  onTestFinished(() => collector.stop());
  return collector;
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('start', () => {
  it('closes again what it had opened where a later part fails', async () => {
    const taken = await takenPort();
    const path = temporaryFolder();
    const unlucky = await create({ store: `{ path: "${path}" }`, 'receive.http.port': `${taken}` });
    const starting = unlucky.start();
    await expect(starting).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await expect(starting).rejects.toThrow(`127.0.0.1:${taken} (receive.http.port)`);
    // The store's file is free for the next one.
    await (await create({ store: `{ path: "${path}" }` })).start();
  });

  it('may be overtaken by stop, and then leaves nothing open', async () => {
    const path = temporaryFolder();
    const collector = await create({ store: `{ path: "${path}" }` });
    const starting = collector.start();
    await collector.stop();
    const urls = await starting;
    for (const url of [urls.metrics, urls.page, urls.otlpHttp, urls.otlpGrpc])
      if (url !== undefined && url !== '' && url !== '/metrics') await expect(send(url)).rejects.toThrow();
    await (await create({ store: `{ path: "${path}" }` })).start();
  });
});

describe('stop', () => {
  it('may come before start, and any number of times', async () => {
    const collector = await create();
    await collector.stop();
    await collector.stop();
    const running = await create();
    const { otlpHttp } = await running.start();
    await Promise.all([running.stop(), running.stop()]);
    await running.stop();
    await expect(post(`${otlpHttp}/v1/traces`, '')).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('a room that is off', () => {
  it('lets everything through where it is sample', async () => {
    const sink = await startSink();
    const running = await startCollector(`sample: false\nexport: { otlp: { backend: { endpoint: "${sink.url}" } } }`);
    await running.traces(bodyOf([testSpan({ trace: 'a' }), testSpan({ trace: 'b', child: true })]));
    running.clock.advance(200);
    expect(running.books().spans).toMatchObject({ kept: 1, pending: 1 });
    running.clock.advance(1000);
    await running.delivered();
    expect(sink.spans()).toHaveLength(2);
    expect(running.books()).toMatchObject({ keptTraces: [{ policy: 'all', traces: 2 }], spans: { balanced: true } });
  });

  it('is missing on the metrics page where it is measure, and nowhere else', async () => {
    const running = await startCollector('measure: false');
    await running.traces(bodyOf([testSpan({ error: true })]));
    expect(await running.metrics()).not.toContain('traces_span_metrics');
    expect(running.books().spans).toMatchObject({ accepted: 1, balanced: true });
    expect((await send(`${running.urls.page}/api/operations`)).body.toString()).toBe(
      '{"windowSeconds":0,"operations":[]}',
    );
  });

  it('has no address where it is OTLP/gRPC, web or the metrics page', async () => {
    const config = parseConfig(
      'web: false\nstore: false\nexport: { prometheus: false }\nreceive: { grpc: false, http: { port: 0 } }',
      'test',
    );
    const collector = await createCollector(config);
    onTestFinished(() => collector.stop());
    expect(Object.keys(await collector.start())).toEqual(['otlpHttp']);
  });
});
