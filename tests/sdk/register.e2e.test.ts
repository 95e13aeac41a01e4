// `node --import @evenkeel/sdk/register`: programs without a line about telemetry, their names, and their file.
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGrpcReceiver } from '../support/grpc-receiver.ts';
import { startReceiver } from '../support/otlp-receiver.ts';
import { runProgram } from '../support/registered-program.ts';
import { decodeSpans } from '../support/sdk-spans.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'tests/fixtures/sdk/register');

/** A folder with the files given, in which packages of this workspace can be found. */
async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'evenkeel-project-'));
  onTestFinished(() => rm(made, { recursive: true }));
  await mkdir(join(made, 'node_modules/@evenkeel'), { recursive: true });
  await mkdir(join(made, 'node_modules/@opentelemetry'), { recursive: true });
  await symlink(join(root, 'sdk'), join(made, 'node_modules/@evenkeel/sdk'));
  for (const name of ['api', 'instrumentation']) {
    await symlink(join(root, 'node_modules/@opentelemetry', name), join(made, 'node_modules/@opentelemetry', name));
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(made, name, '..'), { recursive: true });
    await writeFile(join(made, name), text);
  }
  return made;
}

const ran = { code: 0, signal: null, stdout: 'ran\n', errors: '', warnings: [] };

describe('register', () => {
  it.each(['app.cjs', 'app.mjs'])('starts telemetry before %s, named by its package.json', async (name) => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect(await runProgram([], environment, join(folder, name))).toEqual({ ...ran, warnings: [] });
    const [span] = decodeSpans(receiver);
    expect(span).toMatchObject({ name: name === 'app.cjs' ? 'cjs' : 'esm', resource: { 'service.name': 'till' } });
  });

  it('takes the name from the environment, and else from the script where there is no package.json', async () => {
    const receiver = await startReceiver();
    const made = await project({});
    await cp(join(folder, 'app.cjs'), join(made, 'nightly-run.cjs'));
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    await runProgram([], environment, join(made, 'nightly-run.cjs'));
    await runProgram([], { ...environment, OTEL_SERVICE_NAME: 'named' }, join(folder, 'app.cjs'));
    expect(decodeSpans(receiver).map(({ resource }) => resource['service.name'])).toEqual(['nightly-run', 'named']);
  });

  it('makes client spans of fetch, and hands the trace on', async () => {
    const receiver = await startReceiver();
    const parents: unknown[] = [];
    const server = createServer((request, response) => {
      parents.push(request.headers['traceparent']);
      response.writeHead(request.url === '/bad' ? 503 : 200).end('never read');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const closed = 'http://127.0.0.1:49151/';
    const program = join(folder, 'app.mjs');
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const { stdout } = await runProgram([`${url}/good?key=1&token=abc`, `${url}/bad`, closed], environment, program);
    expect(stdout).toBe('200\n503\nECONNREFUSED\nran\n');
    const spans = decodeSpans(receiver);
    const parent = spans.find(({ name }) => name === 'esm');
    const calls = spans.filter(({ name }) => name === 'POST');
    expect(calls.map(({ parentSpanId }) => parentSpanId)).toEqual(calls.map(() => parent?.spanId));
    expect(calls.map(({ attributes }) => attributes['http.response.status_code'] ?? attributes['error.type'])).toEqual([
      200,
      503,
      'ECONNREFUSED',
    ]);
    expect(calls[0]?.attributes['url.full']).toBe(`${url}/good?key=1&token=REDACTED`);
    expect(parents).toEqual(calls.slice(0, 2).map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`));
  });

  it('starts the instrumentations that are installed, and says which it cannot', async () => {
    const receiver = await startReceiver();
    const instrumentation = `
      const { InstrumentationBase } = require('@opentelemetry/instrumentation');
      exports.BellInstrumentation = class BellInstrumentation extends InstrumentationBase {
        constructor(config = {}) { super('@opentelemetry/instrumentation-bell', '1.0.0', config); }
        init() { globalThis.ring = () => this.tracer.startSpan('ring').end(); }
      };`;
    const made = await project({
      'package.json': JSON.stringify({
        name: 'tower',
        dependencies: { '@opentelemetry/instrumentation-bell': '1', '@opentelemetry/instrumentation-broken': '1' },
        devDependencies: { '@opentelemetry/instrumentation-absent': '1' },
      }),
      'node_modules/@opentelemetry/instrumentation-bell/package.json': '{ "version": "1.0.0", "main": "index.js" }',
      'node_modules/@opentelemetry/instrumentation-bell/index.js': instrumentation,
      'node_modules/@opentelemetry/instrumentation-broken/package.json': '{ "version": "1.0.0", "main": "index.js" }',
      'node_modules/@opentelemetry/instrumentation-broken/index.js': 'throw new Error("of another time")',
      'app.mjs': 'globalThis.ring?.(); console.log("ran");',
    });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const { warnings, ...rest } = await runProgram([], environment, join(made, 'app.mjs'));
    expect(rest).toEqual({ ...rest, code: 0, stdout: 'ran\n', errors: '' });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/instrumentation-broken: of another time \[INSTRUMENTATION_FAILED\]/);
    expect(decodeSpans(receiver).map(({ name }) => name)).toEqual(['ring']);
  });

  it('starts an instrumentation once that the package of all brings too', async () => {
    const receiver = await startReceiver();
    const bell = `
      const { InstrumentationBase } = require('@opentelemetry/instrumentation');
      exports.BellInstrumentation = class BellInstrumentation extends InstrumentationBase {
        constructor(config = {}) { super('@opentelemetry/instrumentation-bell', '1.0.0', config); }
        init() {
          const { ring } = globalThis;
          globalThis.ring = () => { ring?.(); this.tracer.startSpan('ring').end(); };
        }
      };`;
    const all = `
      const { BellInstrumentation } = require('@opentelemetry/instrumentation-bell');
      exports.getNodeAutoInstrumentations = () => [new BellInstrumentation()];`;
    const modules = 'node_modules/@opentelemetry';
    const made = await project({
      'package.json': JSON.stringify({
        dependencies: { '@opentelemetry/instrumentation-bell': '1' },
        devDependencies: { '@opentelemetry/auto-instrumentations-node': '1' },
      }),
      [`${modules}/auto-instrumentations-node/index.js`]: all,
      [`${modules}/instrumentation-bell/index.js`]: bell,
      'app.mjs': 'globalThis.ring?.(); console.log("ran");',
    });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect(await runProgram([], environment, join(made, 'app.mjs'))).toEqual(ran);
    expect(decodeSpans(receiver).map(({ name }) => name)).toEqual(['ring']);
  });

  it('observes each thread of a program', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect(await runProgram([], environment, join(folder, 'threads.mjs'))).toEqual(ran);
    expect(new Set(decodeSpans(receiver).map(({ name }) => name))).toEqual(new Set(['in main', 'in worker']));
  });

  it('speaks gRPC where the environment asks for it, redacted as ever', async () => {
    const receiver = await startGrpcReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    const { code, warnings } = await runProgram(['secrets'], environment);
    expect({ code, warnings }).toEqual({ code: 0, warnings: [] });
    const bodies = receiver.calls.map(({ signal, body }) => `${signal} ${body.toString('latin1')}`).join('\n');
    expect(bodies).toMatch(/^traces .*secrets/ms);
    expect(bodies).toMatch(/^metrics /m);
    expect(bodies).not.toContain('hunter2');
  });

  it('does nothing when it is disabled', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: 'true' };
    expect(await runProgram([], environment, join(folder, 'app.cjs'))).toEqual(ran);
    expect(receiver.received).toEqual([]);
  });
});

const file = (url: string, more = ''): string => `
file_format: "1.0"
resource:
  attributes: [{ name: service.name, value: from-file }]
attribute_limits: { attribute_value_length_limit: 4 }
tracer_provider:
  sampler: { parent_based: { root: { always_on: } } }
  processors:
    - batch: { exporter: { otlp_http: { endpoint: "${url}/own/traces", headers: [{ name: x-a, value: b }] } } }
${more}`;

describe('a configuration file', () => {
  it('is honoured, and nothing beside it', async () => {
    const receiver = await startReceiver();
    const made = await project({ 'otel.yaml': file(receiver.url) });
    const environment = {
      OTEL_CONFIG_FILE: join(made, 'otel.yaml'),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'from-environment',
      OTEL_TRACES_SAMPLER: 'sometimes',
    };
    const { code, warnings } = await runProgram(['secrets'], environment);
    expect({ code, warnings }).toEqual({ code: 0, warnings: [] });
    expect(new Set(receiver.received.map(({ path, headers }) => `${path} ${headers['x-a']}`))).toEqual(
      new Set(['/own/traces b']),
    );
    const span = decodeSpans(receiver, '/own/traces').find(({ name }) => name === 'secrets');
    expect(span).toMatchObject({
      resource: { 'service.name': 'from-file' },
      attributes: { 'user.password': 'REDACTED', note: 'mail' },
    });
  });

  it('reaches what observes libraries, and files', async () => {
    const server = createServer((_request, response) => response.writeHead(200, { age: '7' }).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const made = await project({ 'otel.yaml': '' });
    const output = join(made, 'spans.jsonl');
    await writeFile(
      join(made, 'otel.yaml'),
      `file_format: "1.1"
tracer_provider:
  sampler: { parent_based: { root: { trace_id_ratio_based: { ratio: 1 } } } }
  processors: [{ simple: { exporter: { otlp_file/development: { output_stream: "${pathToFileURL(output).href}" } } } }]
instrumentation/development:
  general:
    http: { client: { response_captured_headers: [Age] }, server: { request_captured_headers: [Accept] } }
    sanitization: { url: { sensitive_query_parameters: [ticket] } }
`,
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?ticket=17&page=2`;
    const environment = { OTEL_CONFIG_FILE: join(made, 'otel.yaml') };
    const { warnings } = await runProgram([url], environment, join(folder, 'app.mjs'));
    expect(warnings).toEqual([
      expect.stringContaining('general.http.server, but @opentelemetry/instrumentation-http is not at work'),
    ]);
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    const call = lines.find((line) => line.includes('"name":"POST"')) ?? '';
    expect(call).toContain('"http.response.header.age","value":{"arrayValue":{"values":[{"stringValue":"7"}]}}');
    expect(call).toContain('/?ticket=REDACTED&page=2');
    expect(call).toContain('"traceState":"ot=th:0"');
  });

  it('with a mistake starts nothing, says each with its line, and lets the program run', async () => {
    const receiver = await startReceiver();
    const made = await project({ 'otel.yaml': file(receiver.url, 'meter_provider: { reader: [] }\nlog_level: loud') });
    const path = join(made, 'otel.yaml');
    const { warnings, ...rest } = await runProgram([], { OTEL_CONFIG_FILE: path }, join(folder, 'app.cjs'));
    expect(rest).toMatchObject({ code: 0, stdout: 'ran\n', errors: '' });
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toContain(
      `${path}:10: unknown or unsupported node "reader" in meter_provider [CONFIG_FILE_INVALID]`,
    );
    expect(warnings[1]).toContain(`${path}:10: meter_provider needs "readers"`);
    expect(warnings[2]).toContain(`${path}:11: log_level must be one of trace,`);
    expect(receiver.received).toEqual([]);
  });
});
