// Values that are sound one by one and cannot work together, and values that cannot work at all.
import { expect, it } from 'vitest';
import { ConfigInvalid, parseConfig } from '../../../collector/src/config/load.ts';

function check(text: string, ...expected: string[]): void {
  let found: string[] = [];
  try {
    parseConfig(text, 'test.yaml');
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    found = error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  expect(found).toEqual(expected.map((part) => expect.stringContaining(part)));
}

it('refuses two listeners on one port, but not two that let the system choose', () => {
  check('web: { port: 4318 }', 'web.port: 4318 is the port of receive.http.port too');
  check('receive: { grpc: { port: 4318 } }', 'receive.grpc.port: 4318 is the port of receive.http.port too');
  check('web: { port: 4317 }', 'web.port: 4317 is the port of receive.grpc.port too');
  check('web: { port: 0 }\nreceive: { http: { port: 0 }, grpc: { port: 0 } }');
  check('web: false\nreceive: { http: { port: 4320 } }');
  check('web: { port: 4317 }\nreceive: { grpc: false }');
});

it('lets two listeners share a port on different addresses only', () => {
  const pair = (web: string, grpc: string): string =>
    `web: { host: "${web}", port: 9000 }\nreceive: { grpc: { host: "${grpc}", port: 9000 } }`;
  const clash = 'web.port: 9000 is the port of receive.grpc.port too';
  check(pair('127.0.0.1', '10.1.2.3'));
  check(pair('127.0.0.1', '::1'));
  check(pair('::1', '0:0::1'), clash);
  check(pair('10.1.2.3', '0.0.0.0'), clash);
  check(pair('::', '10.1.2.3'), clash);
  check(pair('localhost', '127.0.0.1'), clash);
  check(pair('localhost', '10.1.2.3'));
});

it('refuses sizes that do not fit the memory together', () => {
  check('memory_limit: 64MiB\nsample: { max_pending: 10GiB }', 'memory_limit: is less than');
  check('memory_limit: 64MiB\nsample: { max_pending: 20MiB }\nreceive: { http: { max_in_flight: 8MiB } }');
  check('memory_limit: 32MiB');
  // What is left for the rest would not do.
  const most = 'logs: { mode: follow, max_held: 240MiB }';
  check(
    most,
    'memory_limit: is less than max_pending, max_in_flight, max_decisions, max_held, max_series and the queues take together (259MiB)',
  );
  check(most.replace('240', '236'));
});

it('refuses series that are gone before their next point', () => {
  check('monitoring: { heartbeat: 299 }');
  check('monitoring: { heartbeat: 300 }', 'monitoring.heartbeat: is not below export.stale_after (300s)');
  check('monitoring: { heartbeat: 300 }\nexport: { stale_after: 10m }');
  check('export: { stale_after: 30s }', 'monitoring.heartbeat: is not below export.stale_after (30s)');
  check('monitoring: false\nexport: { stale_after: 30s }');
  const job = (settings: string): string => `scrape: { jobs: [{ name: a, targets: ['b:1'], ${settings} }] }`;
  check(`${job('interval: 90s')}\nlimit: { ttl: 90s }`, 'scrape.jobs[0].interval: is not below limit.ttl (90s)');
  const rules = 'aggregate: { window: 10s, rules: [{ name: r, outputs: [sum], stale_after: 60s }] }';
  check(`monitoring: false\n${rules}\n${job('interval: 15s')}`);
  check(
    `monitoring: false\n${rules}\n${job('adaptive: {}')}`,
    'scrape.jobs[0].adaptive.max_interval: is not below aggregate.rules[0].stale_after (60s)',
  );
});

it('refuses times that no trace would wait for, but not the default after a shorter wait', () => {
  check('sample: { decision_wait: 2s }');
  check(
    'sample: { decision_wait: 2s, after_root: 3s }',
    'sample.after_root: is longer than decision_wait (2s), so no trace waits for it',
  );
  check('sample: { after_error: 31s }', 'sample.after_error: is longer than decision_wait (30s)');
  const waits = (times: string): string =>
    `sample: { waits: [{ name: a, when: { type: status }, after_match: 1s }, { name: b, when: { type: status }, ${times} }] }`;
  check(waits('after_root: 31s'), 'sample.waits[1].after_root: is longer than sample.decision_wait (30s)');
  check(waits('after_match: 31s'), 'sample.waits[1].after_match: is longer than sample.decision_wait (30s)');
  check(waits('decision_wait: 10s, after_root: 11s'), 'sample.waits[1].after_root: is longer than its decision_wait');
  check(waits('decision_wait: 5m, after_root: 1m, after_match: 5m'));
  check('sample: false');
});

it('refuses durations that a timer cannot count and zeros that would never rest', () => {
  check('export: { drain_timeout: 30d }', 'export.drain_timeout: must be from');
  const exporter = (settings: string): string =>
    `export: { otlp: { a: { endpoint: "http://127.0.0.1:9", ${settings} } } }`;
  check(exporter('timeout: 0s'), 'export.otlp.a.timeout: must be from');
  check(exporter('retry_initial: 0s'), 'export.otlp.a.retry_initial: must be from');
  check(exporter('retry_max: 24d'));
  check('store: { ring_age: 90d }');
});

it('refuses headers that the exporter sets itself', () => {
  const exporter = (name: string): string =>
    `export: { otlp: { a: { endpoint: "http://127.0.0.1:9", headers: { ${name}: x } } } }`;
  check(exporter('Content-Type'), 'export.otlp.a.headers: must not name a header');
  check(exporter('authorization'));
});

it('refuses dimensions that would give two labels one name', () => {
  const problem = 'measure.dimensions: must differ';
  check('measure: { dimensions: [le] }', problem);
  check('measure: { dimensions: [span.kind] }', problem);
  check('measure: { dimensions: [http.route, http_route] }', problem);
  check('measure: { dimensions: [__name__] }', problem);
  check('measure: { dimensions: [http.route, http.response.status_code] }');
});

it('refuses to steer services that are said to send everything, and to steer without a port to ask at', () => {
  const steer = (name: string): string =>
    `remote_sampling: { services: [{ name: other, type: adaptive }, { name: "${name}", type: adaptive }] }\n`;
  const sources = (name: string): string => `sources: { unsampled: ["${name}"] }`;
  const problem = (name: string, i = 1): string =>
    `remote_sampling.services[${i}].name: steers a service that sources.unsampled (${name}) says sends every span`;
  check(steer('shop') + sources('cart'));
  check(steer('shop') + sources('shop'), problem('shop'));
  check(steer('*') + sources('shop'), problem('shop'));
  check(steer('shop') + sources('*'), problem('*', 0), problem('*'));
  check(`${steer('shop')}web: false`, 'remote_sampling.services: are answered on the port of web, which is off');
  check('web: false');
});
