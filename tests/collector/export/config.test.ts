import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigInvalid, type Environment, parseConfig } from '../../../collector/src/config/load.ts';
import { type Machine, NO_MACHINE } from '../../../collector/src/config/machine.ts';
import { fileProblems } from '../../../collector/src/pipeline/locks.ts';
import { configuredSizes, memoryShares } from '../../../collector/src/pipeline/memory.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function check(
  exporters: object,
  problems: string[],
  environment: Environment = {},
  machine: Machine = NO_MACHINE,
): void {
  let found: string[] = [];
  try {
    parseConfig(JSON.stringify({ export: exporters }), 'f', [], environment, machine);
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    found = error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  expect(found).toEqual(problems);
}

const otlp = (settings: object) => ({ otlp: { a: settings } });
const write = (settings: object) => ({ remote_write: { a: { url: 'http://store:9090/api/v1/write', ...settings } } });

describe('an OTLP exporter', () => {
  it('over gRPC has an origin and no more', () => {
    check(otlp({ protocol: 'grpc', endpoint: 'https://backend:4317' }), []);
    check(otlp({ protocol: 'grpc', endpoint: 'https://backend:4317/' }), []);
    check(otlp({ protocol: 'grpc', endpoint: 'http://backend:4317/v1/traces' }), [
      'export.otlp.a: an endpoint of protocol: grpc has no path, as in http://127.0.0.1:4317',
    ]);
    check(otlp({ protocol: 'grpc', endpoint: 'http://backend:4317', traces_endpoint: 'http://b:1/x' }), [
      'export.otlp.a: traces_endpoint is for protocol: http; over grpc there is one endpoint',
    ]);
  });

  it('must not lead back to our own door for gRPC', () => {
    check(otlp({ protocol: 'grpc', endpoint: 'http://localhost:4317' }), [
      'export.otlp.a.endpoint: is our own listener (receive.grpc.port); kept traces would return for ever',
    ]);
  });

  it('is made of the standard variables over either protocol', () => {
    const made = (environment: Environment): unknown =>
      parseConfig('', 'f', [], environment).export.otlp['environment'];
    const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://backend:4317' };
    for (const [value, protocol] of [
      ['grpc', 'grpc'],
      ['http/protobuf', 'http'],
      ['http/json', 'http'],
      ['', 'http'],
    ] as const)
      expect(made({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: value })).toMatchObject({
        endpoint: 'http://backend:4317',
        protocol,
      });
    const grpc = { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };
    const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces:4317/' };
    expect(made({ ...ENDPOINT, ...grpc, ...traces })).toMatchObject({
      endpoint: 'https://traces:4317',
      protocol: 'grpc',
    });
    check({}, ['OTEL_EXPORTER_OTLP_PROTOCOL: must be one of grpc, http/protobuf, http/json'], {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'udp',
    });
    check({}, ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: must be an http:// or https:// URL'], {
      ...grpc,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'backend:4317',
    });
  });
});

describe('a remote write exporter', () => {
  it('takes what it should and nothing else', () => {
    check(write({}), []);
    check(write({ protocol: '2.0', external_labels: { region: 'here' }, headers: { 'X-Scope-OrgID': '1' } }), []);
    check(write({ url: 'http://me:secret@store/write' }), [
      'export.remote_write.a.url: must not carry credentials; use headers',
    ]);
    check(write({ external_labels: { __name__: 'x' } }), [
      'export.remote_write.a.external_labels.__name__: names starting with __ are reserved',
    ]);
    check(write({ external_labels: { 'a.b': 'x' } }), [
      'export.remote_write.a.external_labels.a.b: is no name of a label',
    ]);
    check(write({ headers: { 'X-Prometheus-Remote-Write-Version': '3' } }), [
      'export.remote_write.a.headers: must not name a header that the exporter sets itself',
    ]);
    check(write({ token_file: '/t', headers: { Authorization: 'x' } }), [
      'export.remote_write.a: token_file and an authorization header are one too many',
    ]);
    check(write({ cert_file: '/c' }), ['export.remote_write.a: cert_file and key_file go together']);
  });

  it('does not write to a listener of ours', () => {
    check(write({ url: 'http://127.0.0.1:8889/api/v1/write' }), [
      'export.remote_write.a.url: is our own listener (export.prometheus.port); no remote write is taken there',
    ]);
    check(write({ url: 'http://localhost:4318/v1/metrics' }), [
      'export.remote_write.a.url: is our own listener (receive.http.port); no remote write is taken there',
    ]);
  });

  it('counts under a name of its own', () => {
    check({ ...otlp({ endpoint: 'http://b:1' }), ...write({}) }, [
      'export: an exporter of remote_write has the name of one of otlp; both count under their names',
    ]);
  });

  it('has a token file that can be read and holds one token', () => {
    const machine = { ...NO_MACHINE, fileProblems };
    const folder = temporaryFolder();
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    check(write({ token_file: file('good', 'abc\n') }), [], {}, machine);
    for (const [name, text] of [
      ['empty', '\n'],
      ['two', 'hidden-word other'],
    ] as const) {
      const path = file(name, text);
      check(
        write({ token_file: path }),
        [
          `export.remote_write.a.token_file: a token file cannot be used: ${path} (export.remote_write.a.token_file) must hold one token of visible ASCII characters`.replace(
            ' (export.remote_write.a.token_file)',
            '',
          ),
        ],
        {},
        machine,
      );
    }
    const missing = join(folder, 'missing');
    check(
      write({ token_file: missing }),
      [`export.remote_write.a.token_file: a token file cannot be used: ${missing} cannot be read (ENOENT)`],
      {},
      machine,
    );
  });

  it('shares the memory of queues with the others', () => {
    const text = JSON.stringify({
      export: {
        otlp: { a: { endpoint: 'http://b:1' }, b: { endpoint: 'http://b:1' } },
        remote_write: { c: { url: 'http://b:1' }, d: { url: 'http://b:1' } },
      },
    });
    const config = parseConfig(text, 'f');
    expect(configuredSizes(config).queueBytes).toHaveLength(4);
    const sizes = configuredSizes(config);
    expect(sizes).toMatchObject({ remoteWrites: 2, storeQueueBytes: 8 * 1024 ** 2 });
    expect(memoryShares(config.memory_limit, sizes).queueBytes).toBe((config.memory_limit - 8 * 1024 ** 2) / 4 / 4);
  });
});
