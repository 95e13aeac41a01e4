import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigInvalid, type Environment, loadConfig, parseConfig } from '../../../collector/src/config/load.ts';
import { NO_MACHINE } from '../../../collector/src/config/machine.ts';
import type { Config } from '../../../collector/src/config/schema.ts';

const FIXTURES = new URL('../../fixtures/config/', import.meta.url);
const names = readdirSync(FIXTURES);
const good = names.filter((name) => name.endsWith('.good.yaml'));
const bad = names.filter((name) => name.endsWith('.bad.yaml'));

const read = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8');

function environmentIn(text: string): Environment {
  return Object.fromEntries(
    [...text.matchAll(/^# environment: (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
}

/** Problems as `LINE PATH: MESSAGE`, in order of their lines. */
function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    const ordered = [...error.problems].sort((a, b) => a.line - b.line);
    return ordered.map(({ line, path, message }) => `${line}${path === '' ? '' : ` ${path}`}: ${message}`);
  }
  return [];
}

function loadFixture(name: string): Config {
  const text = read(name);
  return parseConfig(text, name, [], environmentIn(text));
}

/** Settings as `path=value`. */
function set(...settings: string[]): { path: string[]; value: string }[] {
  return settings.map((setting) => {
    const [path = '', ...value] = setting.split('=');
    return { path: path.split('.'), value: value.join('=') };
  });
}

describe('a good file', () => {
  it.each(good)('is accepted: %s', (name) => {
    expect(problemsOf(() => loadFixture(name))).toEqual([]);
  });

  it('becomes milliseconds, bytes and ratios', () => {
    const config = loadFixture('everything.good.yaml');
    expect(config).toMatchObject({
      memory_limit: 1_073_741_824,
      receive: { http: { max_body: 4_194_304, request_timeout: 10_000 }, duplicate_window: 0 },
      measure: { series_ttl: 1_800_000, histogram_bounds: [5, 50, 1500] },
      sample: { decision_wait: 10_000, after_root: 500, max_pending: 536_870_912 },
      export: { otlp: { tempo: { headers: { Authorization: 'Bearer not-shown', 'X-Scope': 'main' }, timeout: 3000 } } },
    });
  });

  it('may be empty, or leave keys empty, and then means the defaults', () => {
    const defaults = parseConfig('', 'defaults');
    expect(loadFixture('empty.good.yaml')).toEqual(defaults);
    expect(loadFixture('keys-without-value.good.yaml')).toEqual(defaults);
    expect(defaults).toMatchObject({
      receive: { http: { host: '127.0.0.1', port: 4318 } },
      sample: {
        policies: [
          { name: 'errors' },
          { name: 'slow', over: 1000 },
          { name: 'share', ratio: 0.1 },
          { name: 'violation' },
        ],
      },
      export: { prometheus: { port: 8889 }, otlp: {} },
      web: { host: '127.0.0.1', port: 4320 },
    });
  });

  it('switches rooms off', () => {
    const off = { measure: false, sample: false, store: false, web: false, export: { prometheus: false } };
    expect(loadFixture('rooms-off.good.yaml')).toMatchObject(off);
  });

  it('takes values from the environment, as what they look like', () => {
    expect(loadFixture('reference.good.yaml')).toMatchObject({
      web: { port: 4999 },
      store: false,
      sample: { policies: [{ name: 'share', ratio: 0.5 }] },
    });
  });
});

describe('a bad file', () => {
  it.each(bad)('is refused with every problem, its line and path: %s', (name) => {
    const expected = [...read(name).matchAll(/^# expect: (.*)$/gm)].map(([, message]) => message);
    expect(expected.length).toBeGreaterThan(0);
    expect(problemsOf(() => loadFixture(name))).toEqual(expected);
  });

  it('is named in the message, but none of its secrets', () => {
    expect(() => loadFixture('exporters.bad.yaml')).toThrow(/exporters\.bad\.yaml:11 export\.otlp\.user\.endpoint/);
    for (const name of bad) expect(messageOf(() => loadFixture(name))).not.toContain('hidden-word');
  });

  it('may be one that cannot be read', () => {
    expect(() => loadConfig(['/no/such/file.yaml'], [], {})).toThrow(/cannot be read: \/no\/such\/file\.yaml/);
    expect(() => loadConfig([tmpdir()], [], {})).toThrow(/cannot be read/);
  });
});

it('takes presets by their name, and nothing else for one', () => {
  const preset = fileURLToPath(new URL('../../../otel-config/presets/targets.yaml', import.meta.url));
  const max = set('targets.metrics.llm-errors.max=0.05');
  const config = loadConfig(['preset:targets'], max, {});
  expect(config).toEqual(loadConfig([preset], max, {}));
  expect(config.targets.metrics).not.toEqual({});
  for (const file of ['preset:other', 'preset:', 'preset:../collector', './preset:targets'])
    expect(() => loadConfig([file], [], {})).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
});

it('is told of files that cannot be used beside all else, where the machine is known', () => {
  const problem = { path: 'web.auth.token_file', message: 'cannot be read' };
  const machine = { ...NO_MACHINE, fileProblems: (config: Config) => (config.web === false ? [] : [problem]) };
  const text = 'receive: { http: { port: 4320 } }\nweb:\n  auth: { token_file: /no/such }\n';
  const check = (known: typeof machine | undefined, ...problems: string[]): void =>
    expect(problemsOf(() => parseConfig(text, 'f', [], {}, known))).toEqual(problems);
  const clash = '2 web.port: 4320 is the port of receive.http.port too';
  check(undefined, clash);
  check(machine, clash, '3 web.auth.token_file: cannot be read');
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return '';
}

describe('settings beside the file', () => {
  it('win over it, wherever they reach', () => {
    const config = parseConfig('web: { port: 1 }\nsample:\n  after_root: 1s\n', 'f', [
      ...set('web.port=2', 'sample.after_root=3s', 'store=false', 'receive.http.port=0'),
      ...set('export.otlp.more={ endpoint: "http://localhost:4319" }', 'sources.unsampled=[cart]'),
    ]);
    expect(config).toMatchObject({
      web: { port: 2 },
      sample: { after_root: 3000 },
      store: false,
      receive: { http: { port: 0 } },
      export: { otlp: { more: { endpoint: 'http://localhost:4319' } } },
      sources: { unsampled: ['cart'] },
    });
  });

  it('are checked like it', () => {
    const check = (text: string, setting: string, problem: string): void => {
      expect(problemsOf(() => parseConfig(text, 'f', set(setting)))).toEqual([problem]);
    };
    check('', 'web.prot=1', '0 web.prot: unknown key; did you mean port?');
    check('', 'web.port=[', '0 web.port: the value set is no YAML');
    check('web: false', 'web.port=1', '0 web.port: cannot be set: a key above it has a plain value');
    check('memory_limit: 1MiB', 'memory_limit=lots', '1 memory_limit: must be a size such as 512KiB or 64MiB');
  });
});

describe('the standard variables of exporters', () => {
  const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://backend:4318' };
  const exportersOf = (environment: Environment, text = ''): unknown =>
    parseConfig(text, 'f', [], environment).export.otlp;

  it('make an exporter where the file has none', () => {
    expect(exportersOf({})).toEqual({});
    expect(exportersOf(ENDPOINT)).toMatchObject({
      environment: { endpoint: 'http://backend:4318', compression: 'gzip' },
    });
    expect(exportersOf(ENDPOINT, 'export:\n  otlp:\n')).toMatchObject({ environment: {} });
    expect(exportersOf(ENDPOINT, 'export: { drain_timeout: 1s }')).toMatchObject({ environment: {} });
    const own = 'export: { otlp: { own: { endpoint: "http://other:4318" } } }';
    expect(Object.keys(exportersOf(ENDPOINT, own) as object)).toEqual(['own']);
    expect(exportersOf(ENDPOINT, 'export: { otlp: {} }')).toEqual({});
  });

  it('are all read, those for traces first, empty ones as if not set', () => {
    const environment = {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces:4318/custom',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc%3D, x-scope = a=b,,broken=%zz',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/ca.pem',
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/etc/client.pem',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/etc/client.key',
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: '/etc/traces.key',
    };
    expect(exportersOf(environment)).toMatchObject({
      environment: {
        endpoint: 'http://backend:4318',
        traces_endpoint: 'https://traces:4318/custom',
        headers: { authorization: 'Basic abc=', 'x-scope': 'a=b', broken: '%zz' },
        compression: 'none',
        timeout: 2500,
        ca_file: '/etc/ca.pem',
        cert_file: '/etc/client.pem',
        key_file: '/etc/traces.key',
      },
    });
    const onlyTraces = { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:1/x' };
    expect(exportersOf(onlyTraces)).toMatchObject({
      environment: { endpoint: 'http://t:1', traces_endpoint: 'http://t:1/x', signals: ['traces'] },
    });
    const emptyTraces = { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '' };
    expect(exportersOf(emptyTraces)).toMatchObject({
      environment: { endpoint: 'http://backend:4318', signals: ['traces', 'metrics', 'logs'] },
    });
  });

  it('are checked like the file', () => {
    const check = (environment: Environment, ...problems: string[]): void => {
      expect(problemsOf(() => exportersOf(environment))).toEqual(problems);
    };
    check(
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' },
      `0 OTEL_EXPORTER_OTLP_ENDPOINT: is our own listener (receive.http.port); kept traces would return for ever`,
    );
    check(
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:secret@b:1' },
      '0 OTEL_EXPORTER_OTLP_ENDPOINT: must not carry credentials; use headers',
    );
    check(
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'backend' },
      '0 OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: must be an http:// or https:// URL',
    );
    const wrong = (name: string, value: string, problem: string): void =>
      check({ ...ENDPOINT, [`OTEL_EXPORTER_OTLP_${name}`]: value }, `0 OTEL_EXPORTER_OTLP_${name}${problem}`);
    wrong('TIMEOUT', 'soon', ': must be a whole number of milliseconds');
    wrong('TIMEOUT', '1', ': must be from 10ms to 24d');
    wrong('TRACES_COMPRESSION', 'brotli', ': must be gzip, zstd or none');
    wrong('CLIENT_KEY', '/etc/key.pem', ': goes together with OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE');
    wrong('HEADERS', 'bad name=hidden-word', '.bad name: is no name of a header');
    for (const headers of ['hidden-word', 'a=b,hidden-word', '=hidden-word', ' =hidden-word'])
      wrong('TRACES_HEADERS', headers, ': must be name=value pairs, joined by commas');
  });

  it('are all judged at once, beside the file', () => {
    const environment = { ...ENDPOINT, OTEL_EXPORTER_OTLP_TIMEOUT: 'soon', OTEL_EXPORTER_OTLP_HEADERS: 'abc' };
    const found = problemsOf(() => parseConfig('web: { prot: 1 }', 'f', [], environment));
    expect(found.map((problem) => problem.split(':')[0])).toEqual([
      '0 OTEL_EXPORTER_OTLP_HEADERS',
      '0 OTEL_EXPORTER_OTLP_TIMEOUT',
      '1 web.prot',
    ]);
  });
});
