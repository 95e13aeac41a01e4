// A secret that a rule lists is nowhere: not on the page, not in the store, not in what is exported, not on the metrics page.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { EXPORT, grpcClient } from '../support/grpc.ts';
import { post, send } from '../support/http.ts';
import { signalBody } from '../support/otlp-signals.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { startSink } from '../support/sink.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan, traceIdOf } from '../support/test-span.ts';
import { bodyOf, jsonBodyOf, type TestAttribute, type TestSpan } from '../support/traffic.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const text = (key: string, value: string): TestAttribute => ({ key, value: { stringValue: value } });

/** Secrets that differ from place to place, so that one that gets through tells where. */
function secretsOf(place: string): TestAttribute[] {
  const mail = `${place}.ann@example.com`;
  return [
    text('token', `s3cret-${place}`),
    text('user.id', `id-4711-${place}`),
    text('note', `mail ${mail}, größe`),
    {
      key: 'list',
      value: { arrayValue: { values: [{ kvlistValue: { values: [text('token', `s3cret-${place}`)] } }] } },
    },
  ];
}

const SECRET = /s3cret-[\w-]*|id-4711-[\w-]*|[\w.-]+@example\.com/;

const CONFIG = (endpoint: string, rules: string): string => `
measure: { dimensions: [token, note] }
sample: { policies: [{ name: all, type: probabilistic, ratio: 1 }] }
export: { otlp: { backend: { endpoint: "${endpoint}", compression: none } } }
${rules}
`;

const RULES = `
redaction:
  rules:
    - { name: tokens, keys: [token], action: delete }
    - { name: users, keys: ["user.*"], action: hash }
    - { name: mails, values: ['[\\w.-]+@example\\.com'], action: drop }
`;

function span(place: string): TestSpan {
  return {
    ...testSpan({
      trace: `trace ${place}`,
      name: `GET /${place}.name@example.com`,
      service: `${place}.service@example.com`,
    }),
    attributes: secretsOf(place),
    source: {
      key: place,
      resourceAttributes: secretsOf(`${place}-resource`),
      scope: { name: 'tests', attributes: secretsOf(`${place}-scope`) },
    },
    more: {
      events: [{ name: `${place}.event@example.com`, attributes: secretsOf(`${place}-event`) }],
      links: [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1), attributes: secretsOf(`${place}-link`) }],
      status: { code: 2, message: `${place}.status@example.com` },
    },
  };
}

/** Each of its own name, or it would be taken for a repeat. */
const metrics = (name: string): object => ({
  resourceMetrics: [
    {
      resource: { attributes: secretsOf('metrics-resource') },
      scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints: [{ attributes: secretsOf('point'), asDouble: 1 }] } }] }],
    },
  ],
});
const METRICS = ['gauge.protobuf', 'gauge.json', 'gauge.grpc'] as const;

const logs = {
  resourceLogs: [
    {
      resource: { attributes: secretsOf('logs-resource') },
      scopeLogs: [{ logRecords: [{ body: { stringValue: 'log.body@example.com' }, attributes: secretsOf('log') }] }],
    },
  ],
};

/** Sends secrets through every door and in every form, four traces in all. */
async function sendAll({ urls: { otlpHttp: url, otlpGrpc } }: RunningCollector): Promise<void> {
  const check = async (path: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<void> => {
    expect((await post(`${url}/v1/${path}`, body, headers)).status).toBe(200);
  };
  await check('traces', bodyOf([span('protobuf')]));
  await check('traces', jsonBodyOf([span('json')]), JSON_TYPE);
  await check('traces', gzipSync(bodyOf([span('gzip')])), { 'content-encoding': 'gzip' });
  await check('metrics', signalBody('metrics', metrics(METRICS[0])));
  await check('metrics', gzipSync(JSON.stringify(metrics(METRICS[1]))), { ...JSON_TYPE, 'content-encoding': 'gzip' });
  await check('logs', gzipSync(signalBody('logs', logs)), { 'content-encoding': 'gzip' });
  await check('logs', Buffer.from(JSON.stringify(logs)), JSON_TYPE);
  const call = grpcClient(otlpGrpc, { gzip: true });
  expect(await call(bodyOf([span('grpc')]))).toMatchObject({ code: 0 });
  expect(await call(signalBody('metrics', metrics(METRICS[2])), EXPORT.metrics)).toMatchObject({ code: 0 });
  expect(await call(signalBody('logs', logs), EXPORT.logs)).toMatchObject({ code: 0 });
}

interface Seen {
  readonly running: RunningCollector;
  /** Everything that shows outside, by where it was seen. */
  readonly places: Readonly<Record<string, string>>;
}

/** Runs a collector to its end and gathers all it showed. */
async function seen(rules: string): Promise<Seen> {
  const sink = await startSink();
  const storePath = temporaryFolder();
  const running = await startCollector(CONFIG(sink.url, rules), { storePath });
  const { urls, clock } = running;
  await sendAll(running);
  await eventually('four kept traces', () => running.books().spans.kept === 4 || void clock.advance(1000));
  await running.delivered();
  const arrived = (signal: string): string[] =>
    sink.requests.filter(({ path }) => path.endsWith(`/${signal}`)).map(({ body }) => body.toString('latin1'));
  await eventually('four spans, three bodies of logs and three metrics at the receiver', () => {
    const points = arrived('metrics').join();
    const isThere = METRICS.every((name) => points.includes(name));
    // Metrics may be held for a while before they are pushed.
    return (sink.spans().length === 4 && arrived('logs').length === 3 && isThere) || void clock.advance(1000);
  });
  const page = async (path: string): Promise<string> => (await send(`${urls.page}${path}`)).body.toString();
  const traceIds = ['protobuf', 'json', 'gzip', 'grpc'].map((place) => traceIdOf(`trace ${place}`).toString('hex'));
  await eventually('four stored traces', async () => {
    const { traces } = JSON.parse(await page('/api/traces')) as { traces: unknown[] };
    return traces.length === 4;
  });
  const places: Record<string, string> = {
    metrics: await running.metrics(),
    books: await page('/api/books'),
    sampling: await page('/api/sampling'),
    operations: await page('/api/operations'),
    traces: await page('/api/traces'),
    exported: sink.requests.map(({ body }) => body.toString('latin1')).join('\n'),
    log: running.log.join('\n'),
  };
  for (const id of traceIds) {
    places[`trace ${id}`] = await page(`/api/traces/${id}`);
    places[`decision ${id}`] = await page(`/api/traces/${id}/decision`);
  }
  await running.stop();
  const files = readdirSync(storePath, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  places['store'] = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join('\n');
  return { running, places };
}

describe('redaction', () => {
  it('leaves no listed value anywhere', async () => {
    const { running, places } = await seen(RULES);
    for (const [place, shown] of Object.entries(places))
      expect([place, SECRET.exec(shown)?.[0]]).toEqual([place, undefined]);
    // What is not listed is still there.
    expect(places['exported']).toContain('user.id');
    expect(places['store']).toContain('redacted');
    const counted = (rule: string): RegExp =>
      new RegExp(`^evenkeel_receive_redacted_total\\{rule="${rule}"\\} [1-9]`, 'm');
    for (const rule of ['tokens', 'users', 'mails']) expect(places['metrics']).toMatch(counted(rule));
    expect(running.books().spans).toMatchObject({ accepted: 4, kept: 4, pending: 0, balanced: true });
  });

  it('would have left them in all of these places, had there been no rules', async () => {
    const { places } = await seen('');
    const where = Object.keys(places).filter((place) => SECRET.test(places[place] ?? ''));
    for (const place of ['metrics', 'operations', 'traces', 'exported', 'store']) expect(where).toContain(place);
    expect(where.filter((place) => place.startsWith('trace '))).toHaveLength(4);
  });
});
