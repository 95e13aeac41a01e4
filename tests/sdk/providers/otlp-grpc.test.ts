// What settings of gRPC become. The table of the environment is what otlp-grpc-exporter-base 0.301 made of it.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OtlpNode } from '../../../sdk/src/config/model.ts';
import { grpcOptions } from '../../../sdk/src/providers/otlp-grpc.ts';
import { pem, tlsFile } from '../../support/certificates.ts';

const PATH = '/a.Service/Export';
const of = (node: OtlpNode) => grpcOptions(node, 'TRACES', PATH);

/** Variables by the end of their names. */
async function inEnvironment(variables: Readonly<Record<string, string>>, headers: OtlpNode['headers'] = []) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(`OTEL_EXPORTER_OTLP_${name}`, value);
  try {
    return await of({ fromEnvironment: true, headers });
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('of the environment', () => {
  it.each([
    [{}, 'http://localhost:4317'],
    [{ ENDPOINT: ' http://h:1/ignored ' }, 'http://h:1'],
    [{ ENDPOINT: 'http://h:1', TRACES_ENDPOINT: 'https://h:2' }, 'https://h:2'],
    [{ ENDPOINT: 'http://h:1', TRACES_ENDPOINT: ' ' }, 'http://h:1'],
    [{ ENDPOINT: 'http://h:1', METRICS_ENDPOINT: 'https://h:2' }, 'http://h:1'],
    [{ ENDPOINT: 'http://user:secret@[::1]:3' }, 'http://[::1]:3'],
    // The scheme decides, and where there is none the variable does.
    [{ ENDPOINT: 'https://h:2', INSECURE: 'true' }, 'https://h:2'],
    [{ ENDPOINT: 'http://h:1', INSECURE: 'false' }, 'http://h:1'],
    [{ ENDPOINT: 'h:1' }, 'https://h:1'],
    [{ ENDPOINT: 'h:1', INSECURE: ' TRUE ' }, 'http://h:1'],
    [{ ENDPOINT: 'h:443', INSECURE: 'true' }, 'http://h:443'],
    [{ ENDPOINT: 'h:1', INSECURE: '1' }, 'https://h:1'],
    [{ ENDPOINT: 'h:1', INSECURE: 'true', TRACES_INSECURE: 'false' }, 'https://h:1'],
    [{ ENDPOINT: 'h:1', INSECURE: 'false', TRACES_INSECURE: 'true' }, 'http://h:1'],
    [{ ENDPOINT: 'grpc://h:1' }, 'https://h:1'],
    [{ ENDPOINT: 'unix:///run/otel.sock' }, 'https://localhost', '/run/otel.sock'],
    [{ ENDPOINT: 'unix:///run/otel.sock', INSECURE: 'true' }, 'http://localhost', '/run/otel.sock'],
  ])('%j is %s %s', async (variables, url, socketPath?: string) => {
    const { address } = await inEnvironment(variables as Record<string, string>);
    expect([address.url, address.socketPath, address.grpcPath]).toEqual([url, socketPath, PATH]);
  });

  it('headers of code win over those of the signal, those over the others; names are in lower case', async () => {
    const variables = { HEADERS: ' A=1, b=2%20x ,c=d=e,lost', TRACES_HEADERS: 'a=5,X-Team=shop' };
    const { address } = await inEnvironment(variables, [{ name: 'X-TEAM', value: 'code' }]);
    expect(address.headers).toEqual({ a: '5', b: '2 x', c: 'd=e', 'x-team': 'code' });
  });

  it('times and compression are those of the signal, else those of all, else those of the specification', async () => {
    const check = async (variables: Record<string, string>, timeoutMillis: number, compression: string) =>
      expect(await inEnvironment(variables)).toMatchObject({ timeoutMillis, compression, concurrencyLimit: 30 });
    await check({}, 10_000, 'none');
    await check({ TIMEOUT: '500', COMPRESSION: 'gzip' }, 500, 'gzip');
    await check(
      { TIMEOUT: '500', TRACES_TIMEOUT: '700', COMPRESSION: 'gzip', TRACES_COMPRESSION: 'none' },
      700,
      'none',
    );
    await check({ TIMEOUT: '-1', COMPRESSION: 'zstd' }, 10_000, 'none');
  });

  it('certificates are read for an address that is secure, a key and its certificate only together', async () => {
    const [CERTIFICATE, CLIENT_KEY] = [tlsFile('ca.pem'), ` ${tlsFile('client.key.pem')} `];
    const CLIENT_CERTIFICATE = tlsFile('client.pem');
    const check = async (variables: Record<string, string>, ...files: readonly (string | undefined)[]) => {
      const { tls } = (await inEnvironment({ ENDPOINT: 'https://h:1', ...variables })).address;
      const texts = [tls?.ca, tls?.key, tls?.cert].map((file) => file?.toString());
      expect(texts).toEqual(files.map((file) => (file === undefined ? undefined : pem(file))));
    };
    const all = { CERTIFICATE, CLIENT_KEY, CLIENT_CERTIFICATE };
    await check(all, 'ca.pem', 'client.key.pem', 'client.pem');
    await check({ ...all, ENDPOINT: 'http://h:1' }, undefined, undefined, undefined);
    await check({ CERTIFICATE, CLIENT_KEY }, 'ca.pem', undefined, undefined);
    await check({ ...all, CLIENT_KEY: '/nowhere' }, 'ca.pem', undefined, undefined);
    await check(
      { ...all, TRACES_CERTIFICATE: tlsFile('other-ca.pem') },
      'other-ca.pem',
      'client.key.pem',
      'client.pem',
    );
  });
});

describe('of a file', () => {
  it('has nothing of the environment', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://elsewhere:1');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await of({})).toEqual({
      address: { url: 'http://127.0.0.1:4317', headers: {}, grpcPath: PATH },
      compression: 'none',
      timeoutMillis: 10_000,
      concurrencyLimit: 30,
    });
  });

  it.each([
    [{ endpoint: 'https://h:2/x' }, 'https://h:2'],
    [{ endpoint: 'h:2' }, 'https://h:2'],
    [{ endpoint: 'h:2', tls: { insecure: true } }, 'http://h:2'],
    [{ endpoint: 'http://h:2', tls: { insecure: false } }, 'http://h:2'],
    [{ endpoint: 'unix:///run/otel.sock' }, 'http://localhost', '/run/otel.sock'],
    [{ endpoint: 'unix:otel.sock', tls: { insecure: true } }, 'http://localhost', 'otel.sock'],
  ])('%j is %s %s', async (node, url, socketPath?: string) => {
    const { address } = await of(node);
    expect([address.url, address.socketPath]).toEqual([url, socketPath]);
  });

  it('headers that are binary go in base64', async () => {
    const headers = [{ name: 'Trace-Bin', value: 'é' }];
    expect((await of({ headers })).address.headers).toEqual({ 'trace-bin': 'w6k=' });
  });
});
