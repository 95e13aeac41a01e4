// startTelemetry in processes of its own: what arrives where, under which options and environment.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Received, type Receiver, startReceiver } from '../support/otlp-receiver.ts';
import { Request8 } from '../support/otlp-schema.ts';
import { run, start } from '../support/started-program.ts';

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
interface TraceRequest {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: { name: string }[] }[] }[];
}

/** Decodes the traces that arrived, whichever of the two encodings they came in. */
function requests(receiver: Receiver, path = '/v1/traces'): TraceRequest[] {
  return of(receiver, path).map(({ headers, body }) => {
    if (headers['content-type'] === 'application/json') return JSON.parse(body.toString()) as TraceRequest;
    return Request8.toObject(Request8.decode(body)) as TraceRequest;
  });
}

function of(receiver: Receiver, path: string): Received[] {
  return receiver.received.filter((received) => received.path === path);
}

function names(receiver: Receiver, path?: string): string[] {
  const resources = requests(receiver, path).flatMap(({ resourceSpans }) => resourceSpans);
  return resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
}

function resource(receiver: Receiver): Record<string, unknown> {
  const attributes = requests(receiver)[0]?.resourceSpans[0]?.resource.attributes ?? [];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

const quiet = { code: 0, stdout: '', stderr: '' };

describe('startTelemetry', () => {
  it('sends spans and metrics as protobuf to the endpoint', async () => {
    const receiver = await startReceiver();
    const options = { endpoint: receiver.url, headers: { 'x-team': 'checkout' } };
    expect(await run(options, ['shutdown'])).toEqual(quiet);
    expect(names(receiver)).toEqual(['early', 'fixture.async']);
    for (const { headers } of receiver.received) {
      expect(headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'x-team': 'checkout' });
    }
    expect(of(receiver, '/v1/metrics')[0]?.body.toString('latin1')).toContain('nodejs.eventloop.time');
  });

  it('describes the service, and never with its command line', async () => {
    const receiver = await startReceiver();
    const options = { endpoint: receiver.url, serviceVersion: '1.2.3', resourceAttributes: { 'shop.eu': true, n: 3 } };
    const environment = { OTEL_NODE_RESOURCE_DETECTORS: 'process,host,service', OTEL_RESOURCE_ATTRIBUTES: 'team=a' };
    await run(options, ['shutdown'], environment);
    const attributes = resource(receiver);
    expect(attributes).toMatchObject({
      'service.name': 'fixture',
      'service.version': '1.2.3',
      'shop.eu': true,
      team: 'a',
      'process.runtime.name': 'nodejs',
    });
    expect(Object.keys(attributes)).toContain('service.instance.id');
    expect(Object.keys(attributes)).toContain('host.name');
    expect(Object.keys(attributes).filter((key) => key.startsWith('process.command'))).toEqual([]);
    for (const { body } of receiver.received) expect(body.toString('latin1')).not.toContain('hunter2');
  });

  it('sends JSON when the environment asks for it', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect(await run({}, ['shutdown'], environment)).toEqual(quiet);
    expect(names(receiver)).toEqual(['early', 'fixture.async']);
    expect(new Set(receiver.received.map(({ headers }) => headers['content-type']))).toEqual(
      new Set(['application/json']),
    );
  });

  it('takes headers, compression and the address of one signal from the environment', async () => {
    const receiver = await startReceiver();
    await run({ headers: { 'x-a': 'code' } }, ['shutdown'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/base/`,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own/traces`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-a=env,x-b=env',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    expect(names(receiver, '/own/traces')).toEqual(['early', 'fixture.async']);
    expect(of(receiver, '/base/v1/metrics')).toHaveLength(1);
    for (const { headers } of receiver.received) {
      expect(headers).toMatchObject({ 'x-a': 'code', 'x-b': 'env', 'content-encoding': 'gzip' });
    }
  });

  it('lets the endpoint in code win over the environment', async () => {
    const [code, environment] = [await startReceiver(), await startReceiver()];
    await run({ endpoint: code.url }, ['shutdown'], { OTEL_EXPORTER_OTLP_ENDPOINT: environment.url });
    expect(names(code)).toEqual(['early', 'fixture.async']);
    expect(environment.received).toEqual([]);
  });

  it('honours the limits of the batch processor', async () => {
    const receiver = await startReceiver();
    await run({ endpoint: receiver.url }, ['shutdown'], { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' });
    expect(requests(receiver)).toHaveLength(2);
  });

  it('sends without being asked while the program runs', async () => {
    const receiver = await startReceiver();
    start({ endpoint: receiver.url }, ['wait'], { OTEL_METRIC_EXPORT_INTERVAL: '500' });
    while (of(receiver, '/v1/traces').length === 0 || of(receiver, '/v1/metrics').length === 0) await pause(50);
    expect(names(receiver)).toEqual(['early', 'fixture.async']);
  });

  it('sends on flush and goes on', async () => {
    const receiver = await startReceiver();
    expect(await run({ endpoint: receiver.url }, ['flush'])).toEqual(quiet);
    expect(names(receiver)).toEqual(['early', 'fixture.async']);
  });

  it('does not keep a program alive that neither flushes nor shuts down', async () => {
    const [good, hanging] = [await startReceiver(), await startReceiver('hang')];
    expect(await run({ endpoint: good.url }, [])).toEqual(quiet);
    expect(names(good)).toEqual(['early', 'fixture.async']);
    const { stderr, ...rest } = await run({ endpoint: hanging.url }, []);
    expect(rest).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^evenkeel: telemetry is not delivered: .* \[EXPORT_FAILED\] .*\n$/);
  });

  it('starts once: a second call gets the first handle and one warning', async () => {
    const receiver = await startReceiver();
    const { stdout, stderr } = await run({ endpoint: receiver.url }, ['again', 'shutdown', 'again']);
    expect(stdout).toBe('true\ntrue');
    expect(stderr).toMatch(/^evenkeel: .*called again: other \[ALREADY_STARTED\].*\nevenkeel: .*\n$/);
  });

  it('says so when another SDK was registered before', async () => {
    const receiver = await startReceiver();
    const { code, stderr } = await run({ endpoint: receiver.url }, ['flush', 'shutdown'], { ANOTHER_SDK: '1' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^evenkeel: another OpenTelemetry SDK .+ \[SDK_REGISTERED\] .+\n$/);
    expect(of(receiver, '/v1/traces')).toEqual([]);
  });

  it('does nothing when it is disabled', async () => {
    const receiver = await startReceiver();
    const options = { endpoint: receiver.url, prometheus: {} };
    const { code, stdout, stderr } = await run(options, ['flush', 'page', 'shutdown'], { OTEL_SDK_DISABLED: 'true' });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '# telemetry is off', stderr: '' });
    expect(receiver.received).toEqual([]);
  });

  it('exports nothing when the environment says none', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };
    expect(await run({ endpoint: receiver.url }, ['shutdown'], environment)).toEqual(quiet);
    expect(receiver.received).toEqual([]);
  });

  it('uses the exporters of OpenTelemetry where the environment names them', async () => {
    const { stdout } = await run({ runtimeMetrics: false }, ['shutdown'], {
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_METRICS_EXPORTER: 'none',
    });
    expect(stdout).toContain("name: 'fixture.async'");
  });

  it('throws coded errors for invalid options', async () => {
    const { code, stdout } = await run({ endpoint: 'nowhere' }, []);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'EvenkeelError', code: 'OPTIONS_INVALID' });
  });
});

const yaml = (url: string): string => `
file_format: "1.0"
resource:
  attributes:
    - { name: service.name, value: from-file }
tracer_provider:
  processors:
    - batch:
        schedule_delay: 100
        exporter:
          otlp_http: { endpoint: "${url}/file/traces" }
`;

async function writeConfig(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'otel.yaml');
  await writeFile(file, yaml(url));
  return file;
}

describe('a configuration file', () => {
  it('takes the place of all code options', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_CONFIG_FILE: await writeConfig(receiver.url) };
    expect(await run({}, ['flush', 'shutdown'], environment)).toEqual(quiet);
    expect(names(receiver, '/file/traces')).toEqual(['early', 'fixture.async']);
    expect(of(receiver, '/v1/traces')).toEqual([]);
  });

  it('cannot be joined with them', async () => {
    const { code, stdout } = await run({ endpoint: 'http://h' }, [], { OTEL_CONFIG_FILE: '/etc/otel.yaml' });
    expect(code).toBe(3);
    const { code: name, message } = JSON.parse(stdout) as Record<string, string>;
    expect(name).toBe('CONFIG_FILE_CONFLICT');
    expect(message).toContain('OTEL_CONFIG_FILE=/etc/otel.yaml and endpoint');
  });
});

describe('the Prometheus page', () => {
  it('is a request handler when no port is given', async () => {
    const receiver = await startReceiver();
    const { stdout, stderr } = await run({ endpoint: receiver.url, prometheus: {} }, ['page', 'shutdown']);
    expect(stdout).toContain('nodejs_eventloop_utilization');
    expect(stdout).toContain('service_name="fixture"');
    expect(stderr).toBe('');
  });

  it('is served on 127.0.0.1 when a port is given', async () => {
    const receiver = await startReceiver();
    const port = await freePort();
    const { stdout, stderr } = await run({ endpoint: receiver.url, prometheus: { port } }, ['port', 'shutdown']);
    expect(stdout).toMatch(/^undefined # HELP/);
    expect(stderr).toBe('');
  });

  it('is what the environment may ask for instead of sending', async () => {
    const receiver = await startReceiver();
    const port = await freePort();
    const { child } = start({ endpoint: receiver.url }, ['wait'], {
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    });
    let text = '';
    while (text === '') {
      text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
      await pause(20);
    }
    expect(text).toContain('service_name="fixture"');
    child.kill('SIGKILL');
    expect(of(receiver, '/v1/metrics')).toEqual([]);
  });

  it('warns and goes on when the port is taken', async () => {
    const receiver = await startReceiver();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await run({ endpoint: receiver.url, prometheus: { port } }, ['shutdown']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^evenkeel: .*EADDRINUSE.* \[PROMETHEUS_PORT\] .*\n$/);
    expect(names(receiver)).toEqual(['early', 'fixture.async']);
  });
});
