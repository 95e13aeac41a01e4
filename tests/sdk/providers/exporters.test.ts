// What nodes of exporters become: headers and temporality arrive as they are written.
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo } from 'node:net';
import { InstrumentType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMetricExporter, createSpanExporter } from '../../../sdk/src/providers/exporters.ts';
import { headersOf } from '../../../sdk/src/providers/otlp-settings.ts';

const outlet = {
  closing: new AbortController().signal,
  closed: new AbortController().signal,
  onFailure: () => {},
};

describe('headers', () => {
  it('of a list keep what follows the first equals sign', () => {
    expect(headersOf({ headers_list: 'api-key=YWJj==,x=a%20b' })).toEqual({ 'api-key': 'YWJj==', x: 'a b' });
  });

  it('of code are sent over gRPC too', async () => {
    const got = new Promise<unknown>((resolve) => {
      const server = createHttp2Server();
      onTestFinished(() => void server.close());
      server.on('stream', (stream, headers) => {
        resolve(headers['x-team']);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true });
      });
      server.listen(0, '127.0.0.1', async () => {
        const { port } = server.address() as AddressInfo;
        vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${port}`);
        const node = { fromEnvironment: true, headers: [{ name: 'x-team', value: 'shop' }] };
        const { exporter } = await createSpanExporter({ otlp_grpc: node }, { outlet });
        exporter.export([], () => void exporter.shutdown());
      });
    });
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await got).toBe('shop');
  });
});

describe('temporality', () => {
  it('is that of the file, whatever the environment says', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'delta');
    onTestFinished(() => void vi.unstubAllEnvs());
    const of = async (node: object): Promise<string> => {
      const { exporter } = await createMetricExporter({ otlp_http: node }, { outlet });
      const types = [InstrumentType.COUNTER, InstrumentType.OBSERVABLE_COUNTER, InstrumentType.UP_DOWN_COUNTER];
      return types.map((type) => 'DC'[exporter.selectAggregationTemporality?.(type) ?? 0]).join('');
    };
    expect(await of({})).toBe('CCC');
    expect(await of({ temporality_preference: 'cumulative' })).toBe('CCC');
    expect(await of({ temporality_preference: 'delta' })).toBe('DDC');
    expect(await of({ temporality_preference: 'low_memory' })).toBe('DCC');
    expect(await of({ fromEnvironment: true })).toBe('DDC');
  });
});
