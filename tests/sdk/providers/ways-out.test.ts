// Where exporters of a file send to: over gRPC with certificates, and into files. Receivers and files are real.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InstrumentType } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OtlpNode, TlsNode } from '../../../sdk/src/config/model.ts';
import { createMetricExporter, createSpanExporter } from '../../../sdk/src/providers/exporters.ts';
import { pem, tlsFile } from '../../support/certificates.ts';
import { startGrpcReceiver } from '../../support/grpc-receiver.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const failures: string[] = [];
const outlet = {
  closing: new AbortController().signal,
  closed: new AbortController().signal,
  onFailure: (error: Error) => void failures.push(error.message),
};

async function exportSpans(exporter: SpanExporter, ...names: string[]): Promise<void> {
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  for (const name of names) provider.getTracer('t').startSpan(name).end();
  await provider.forceFlush().catch(() => {});
  await provider.shutdown();
}

describe('otlp_grpc', () => {
  const certificates = {
    ca_file: tlsFile('ca.pem'),
    key_file: tlsFile('client.key.pem'),
    cert_file: tlsFile('client.pem'),
  };
  const tls = { key: pem('server.key.pem'), cert: pem('server.pem'), clientCa: pem('ca.pem') };
  const send = async (node: OtlpNode): Promise<void> =>
    exportSpans((await createSpanExporter({ otlp_grpc: node }, { outlet })).exporter, 'a');

  it('shows its certificate, and trusts the one that is named', async () => {
    const receiver = await startGrpcReceiver({ tls });
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    // Beside a file the environment does not count.
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-team=environment');
    onTestFinished(() => void vi.unstubAllEnvs());
    await send({ endpoint: url, tls: certificates, headers: [{ name: 'x-shop', value: 'tea' }] });
    await send({ endpoint: url.replace('https://', ''), tls: certificates, compression: 'gzip' });
    expect(receiver.calls.map(({ metadata }) => [metadata.get('x-shop'), metadata.get('x-team')])).toEqual([
      [['tea'], []],
      [[], []],
    ]);
    for (const without of ['ca_file', 'cert_file'] as const) {
      const less: TlsNode = { ...certificates, [without]: null, ...(without === 'cert_file' && { key_file: null }) };
      await send({ endpoint: url, tls: less, timeout: 200 });
    }
    expect(receiver.calls).toHaveLength(2);
  });

  it('is plain where the address says so, or has no scheme and is told to be', async () => {
    const receiver = await startGrpcReceiver();
    await send({ endpoint: receiver.url });
    await send({ endpoint: receiver.url.replace('http://', ''), tls: { insecure: true } });
    expect(receiver.calls).toHaveLength(2);
    await send({ endpoint: receiver.url.replace('http://127.0.0.1', 'localhost'), timeout: 200 });
    expect(receiver.calls).toHaveLength(2);
  });
});

describe('otlp_http', () => {
  it('sends nothing that is larger than it may be, and says so', async () => {
    const receiver = await startReceiver();
    const send = async (name: string): Promise<void> => {
      const node = { endpoint: `${receiver.url}/v1/traces`, max_request_size: 1000 };
      await exportSpans((await createSpanExporter({ otlp_http: node }, { outlet })).exporter, name);
    };
    failures.length = 0;
    await send('a');
    await send('b'.repeat(1000));
    expect(receiver.received).toHaveLength(1);
    expect(failures).toEqual([expect.stringMatching(/^a request of \d+ bytes is larger than 1000$/)]);
  });
});

describe('otlp_file', () => {
  it('has a whole request in each line, in the order of the exports', async () => {
    const path = join(temporaryFolder(), 'spans.jsonl');
    const node = { 'otlp_file/development': { output_stream: pathToFileURL(path).href } };
    for (const names of [['a', 'b'], ['c']]) {
      await exportSpans((await createSpanExporter(node, { outlet })).exporter, ...names);
    }
    const lines = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const span = (name: string) => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ name }] }] }] });
    expect(lines).toMatchObject([span('a'), span('b'), span('c')]);
  });

  it('has all of a burst', async () => {
    const path = join(temporaryFolder(), 'spans.jsonl');
    const node = { 'otlp_file/development': { output_stream: pathToFileURL(path).href } };
    const { exporter } = await createSpanExporter(node, { outlet });
    await exportSpans(exporter, ...Array.from({ length: 200 }, (_, i) => `s${i}`));
    expect(readFileSync(path, 'utf8').match(/"name":"s\d+"/g)).toHaveLength(200);
  });

  it('is stdout unless a file is named', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => write.mockRestore());
    await exportSpans((await createSpanExporter({ 'otlp_file/development': null }, { outlet })).exporter, 'a');
    expect(write.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringMatching(/^\{"resourceSpans":.*\}\n$/),
    ]);
  });

  it('says that a file cannot be written', async () => {
    failures.length = 0;
    const node = { 'otlp_file/development': { output_stream: 'file:///nowhere/at/all.jsonl' } };
    await exportSpans((await createSpanExporter(node, { outlet })).exporter, 'a');
    expect(failures).toEqual([expect.stringContaining('ENOENT')]);
  });
});

it('metrics for the console and for files have the temporality and histograms that are asked for', async () => {
  const asked = {
    temporality_preference: 'delta',
    default_histogram_aggregation: 'base2_exponential_bucket_histogram',
  } as const;
  for (const node of [{ console: asked }, { 'otlp_file/development': asked }]) {
    const { exporter } = await createMetricExporter(node, { outlet });
    expect(exporter.selectAggregationTemporality?.(InstrumentType.COUNTER)).toBe(0);
    expect(exporter.selectAggregation?.(InstrumentType.HISTOGRAM)).toEqual({ type: 5 });
  }
  const { exporter } = await createMetricExporter({ console: null }, { outlet });
  expect(exporter.selectAggregationTemporality?.(InstrumentType.COUNTER)).toBe(1);
});
