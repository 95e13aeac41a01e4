import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { post } from '../../support/http.ts';
import { naiveRedaction, type NaiveRule } from '../../support/naive-redaction.ts';
import { decodeSignal, type OtherSignal, signalBody } from '../../support/otlp-signals.ts';
import { HASH_KEY, hashOf, redactionOf } from '../../support/redaction.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { type Sink, startSink } from '../../support/sink.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };

const MAIL = 'ann@example.com';
const secrets = (): object[] => [
  { key: 'token', value: { stringValue: 's3cret' } },
  { key: 'user', value: { stringValue: `größe ${MAIL}` } },
  { key: 'card', value: { intValue: '4111111111111111' } },
  {
    key: 'list',
    value: { arrayValue: { values: [{ stringValue: MAIL }, { stringValue: 'stays' }, { boolValue: true }] } },
  },
  { key: 'pairs', value: { kvlistValue: { values: secretPairs } } },
  { key: 'stays', value: { doubleValue: 1.5 } },
];
const secretPairs = [
  { key: 'token', value: { intValue: '7' } },
  { key: 'mail', value: { stringValue: MAIL } },
  { key: 'other', value: { stringValue: 'x' } },
];
const around = { resource: { attributes: secrets(), droppedAttributesCount: 1 }, schemaUrl: 'https://example.com/1' };
const scope = { name: 'scope', version: '1', attributes: secrets() };
const exemplars = [{ filteredAttributes: secrets(), asDouble: 2.5 }];

const REQUESTS: Readonly<Record<OtherSignal, object>> = {
  metrics: {
    resourceMetrics: [
      {
        ...around,
        scopeMetrics: [
          {
            scope,
            metrics: [
              {
                name: 'gauge',
                unit: 's',
                gauge: { dataPoints: [{ attributes: secrets(), asDouble: 0.5, exemplars }] },
              },
              {
                name: 'sum',
                sum: { dataPoints: [{ attributes: secrets(), asInt: '9', exemplars }], isMonotonic: true },
                metadata: secrets(),
              },
              {
                name: 'h',
                histogram: { dataPoints: [{ attributes: secrets(), count: '3', bucketCounts: ['1', '2'], exemplars }] },
              },
              {
                name: 'e',
                exponentialHistogram: { dataPoints: [{ attributes: secrets(), count: '3', scale: -2, exemplars }] },
              },
              { name: 's', summary: { dataPoints: [{ attributes: secrets(), count: '3' }] } },
            ],
          },
        ],
      },
    ],
  },
  logs: {
    resourceLogs: [
      {
        ...around,
        scopeLogs: [
          {
            scope,
            logRecords: [
              {
                body: { stringValue: `mail from ${MAIL}` },
                attributes: secrets(),
                severityText: 'WARN',
                timeUnixNano: '5',
              },
              { body: { kvlistValue: { values: secretPairs } }, eventName: `sent ${MAIL}` },
              { body: { arrayValue: { values: [{ stringValue: MAIL }, { stringValue: 'x' }] } }, eventName: 'sent' },
              { attributes: [{ key: 'token' }] },
            ],
          },
        ],
      },
    ],
  },
};

const RULE_SETS: readonly (readonly NaiveRule[])[] = (['delete', 'hash', 'drop'] as const).map((action) => [
  { name: 'tokens', keys: ['token', 'tok*'], action },
  { name: 'cards', keys: ['card'], values: ['^4\\d{15}$'], action },
  { name: 'mails', values: ['\\w+@example\\.com$'], action },
]);
const SECRET = /s3cret|ann@|4111111111111111/;

const bytes = (request: object): Buffer => Buffer.from(JSON.stringify(request));

describe.each(['metrics', 'logs'] as const)('%s', (signal) => {
  it.each(RULE_SETS)('in protobuf lose what the rules list, and nothing else', (...rules) => {
    const redacted = redactionOf(rules).redact(signalBody(signal, REQUESTS[signal]), signal, 'protobuf');
    const expected = signalBody(signal, naiveRedaction(REQUESTS[signal], rules, HASH_KEY));
    expect(decodeSignal(signal, redacted)).toEqual(decodeSignal(signal, expected));
    expect(redacted.toString('latin1')).not.toMatch(SECRET);
  });

  it.each(RULE_SETS)('in JSON lose what the rules list, and nothing else', (...rules) => {
    const redacted = redactionOf(rules).redact(bytes(REQUESTS[signal]), signal, 'json');
    expect(JSON.parse(redacted.toString())).toEqual(naiveRedaction(REQUESTS[signal], rules, HASH_KEY));
    expect(redacted.toString()).not.toMatch(SECRET);
  });

  it('are refused where they are broken, in either form', () => {
    const redaction = redactionOf([{ name: 'mails', values: ['@'], action: 'drop' }]);
    const whole = signalBody(signal, REQUESTS[signal]);
    for (const body of [whole.subarray(0, -1), Buffer.from('some text'), Buffer.concat([whole, Buffer.from([0x0a])])])
      expect(() => redaction.redact(body, signal, 'protobuf')).toThrow(/malformed/);
    const badText = Buffer.from(
      whole.toString('latin1').replace('mail from', 'mail\xff\xfefro').replace('stays', 'st\xffys'),
      'latin1',
    );
    expect(() => redaction.redact(badText, signal, 'protobuf')).toThrow(/utf8/);
    const first = `resource${signal === 'metrics' ? 'Metrics' : 'Logs'}`;
    const attributes = (value: unknown): string => JSON.stringify({ [first]: [{ resource: { attributes: value } }] });
    const deep = `${'{"arrayValue":{"values":['.repeat(40)}${']}}'.repeat(40)}`;
    for (const text of [
      'no json',
      '[]',
      `{"${first}":[1]}`,
      attributes({}),
      attributes([1]),
      attributes([{ key: 1 }]),
      attributes([{ key: 'a', value: 'x' }]),
      attributes([{ key: 'a', value: { stringValue: 5 } }]),
      attributes([{ key: 'a', value: { intValue: {} } }]),
      attributes([{ key: 'a', value: { arrayValue: { values: {} } } }]),
      attributes([{ key: 'a', value: 0 }]).replace(':0}', `:${deep}}`),
    ])
      expect(() => redaction.redact(Buffer.from(text), signal, 'json'), text).toThrow(/malformed/);
  });
});

describe('JSON', () => {
  const redaction = redactionOf([
    { name: 'mails', values: ['@'], action: 'drop' },
    { name: 'ids', keys: ['id'], action: 'hash' },
  ]);
  const check = (record: string, expected: string): void => {
    const framed = (text: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${text}]}]}]}`;
    expect(redaction.redact(Buffer.from(framed(record)), 'logs', 'json').toString()).toBe(framed(expected));
  };

  it('keeps numbers that a double cannot hold, and fields nobody knows', () => {
    const kept = '{"attributes":[{"key":"n","value":{"intValue":9007199254740993}}],"x":[1.0,1e400,-0,0.10],"y":null}';
    check(kept, kept);
    check(
      '{"body":{"stringValue":"a@b"},"attributes":[{"key":"n","value":{"doubleValue":1.50}}]}',
      '{"body":{"stringValue":"redacted"},"attributes":[{"key":"n","value":{"doubleValue":1.50}}]}',
    );
  });

  it('hides nothing behind a repeated key, an escape or the name of the .proto file', () => {
    check('{"body":{"stringValue":"a@b","stringValue":"x"}}', '{"body":{"stringValue":"x"}}');
    check('{"body":{"stringValue":"a\\u0040b"}}', '{"body":{"stringValue":"redacted"}}');
    check(
      '{"body":{"string_value":"a@b"},"event_name":"@"}',
      '{"body":{"stringValue":"redacted"},"event_name":"redacted"}',
    );
    check('{"body":{"bytesValue":"YUBi"}}', '{"body":{"stringValue":"redacted"}}');
  });

  it('hashes as protobuf does', () => {
    const hashed = (value: string, expected: string | Uint8Array): void =>
      check(
        `{"attributes":[{"key":"id","value":${value}}]}`,
        `{"attributes":[{"key":"id","value":{"stringValue":"${hashOf(expected)}"}}]}`,
      );
    hashed('{"stringValue":"größe"}', 'größe');
    hashed('{"intValue":"42"}', '42');
    hashed('{"intValue":42}', '42');
    hashed('{"doubleValue":1.50}', '1.5');
    hashed('{"boolValue":true}', 'true');
    hashed('{"bytesValue":"/wA="}', Buffer.from([0xff, 0]));
  });
});

describe('at the door', () => {
  const yaml = (sink: Sink): string => `
export: { otlp: { backend: { endpoint: "${sink.url}" } } }
redaction: { rules: [{ name: mails, values: ["@example"], action: drop }] }
`;
  const sent = async (
    { urls, delivered }: RunningCollector,
    path: string,
    body: Uint8Array,
    headers: object,
  ): Promise<number> => {
    const { status } = await post(urls.otlpHttp + path, body, { ...headers });
    await delivered();
    return status;
  };

  it('bodies go on in the form and encoding they came in', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink));
    const logs = signalBody('logs', REQUESTS.logs);
    const check = async (
      body: Uint8Array,
      headers: Record<string, string>,
      read: (raw: Buffer) => Buffer,
    ): Promise<void> => {
      expect(await sent(running, '/v1/logs', body, headers)).toBe(200);
      const arrived = sink.requests.at(-1);
      expect(arrived?.headers).toMatchObject(headers);
      const text = read(arrived?.raw ?? Buffer.alloc(0)).toString();
      expect(text).toContain('redacted');
      expect(text).not.toContain(MAIL);
    };
    const asItIs = (raw: Buffer): Buffer => raw;
    await check(logs, PROTOBUF, asItIs);
    await check(bytes(REQUESTS.logs), JSON_TYPE, asItIs);
    await check(gzipSync(logs), { ...PROTOBUF, 'content-encoding': 'gzip' }, gunzipSync);
    await check(
      zstdCompressSync(bytes(REQUESTS.logs)),
      { ...JSON_TYPE, 'content-encoding': 'zstd' },
      zstdDecompressSync,
    );
    expect(await running.metrics()).toMatch(/^evenkeel_receive_redacted_total\{rule="mails"\} [1-9]\d*$/m);
  });

  it('bodies in which nothing is found go on byte for byte', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink));
    const clean = gzipSync(signalBody('logs', { resourceLogs: [{ schemaUrl: 'x' }] }), { level: 9 });
    expect(await sent(running, '/v1/logs', clean, { ...PROTOBUF, 'content-encoding': 'gzip' })).toBe(200);
    expect(sink.requests.at(-1)?.raw).toEqual(clean);
  });

  it('broken bodies are refused instead of passed on', async () => {
    const sink = await startSink();
    const running = await startCollector(yaml(sink));
    expect(await sent(running, '/v1/metrics', Buffer.from('some metrics'), PROTOBUF)).toBe(400);
    expect(await sent(running, '/v1/logs', Buffer.from('{'), JSON_TYPE)).toBe(400);
    expect(await sent(running, '/v1/logs', Buffer.from('x'), { ...PROTOBUF, 'content-encoding': 'gzip' })).toBe(400);
    expect(sink.requests).toHaveLength(0);
  });

  it('JSON is taken up to max_json_body, because it is parsed', async () => {
    const sink = await startSink();
    const running = await startCollector(`receive: { http: { max_json_body: 64KiB } }${yaml(sink)}`);
    const large = bytes({ resourceLogs: [], x: 'x'.repeat(70_000) });
    expect(await sent(running, '/v1/logs', large, JSON_TYPE)).toBe(413);
  });
});
