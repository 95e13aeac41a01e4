// Settings of OTLP over gRPC. A file counts alone; what options and environment ask for is joined with
// OTEL_EXPORTER_OTLP_*: headers, times and compression by OpenTelemetry, which reads the same for HTTP.
import { readFileSync } from 'node:fs';
import { diag } from '@opentelemetry/api';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import type { Address, TlsMaterial } from '../bound/hand-over.ts';
import type { OtlpNode } from '../config/model.ts';
import type { GrpcTransportOptions } from '../grpc-transport.ts';
import { readEnvironment } from '../options.ts';
import { certificates, CONCURRENCY_LIMIT, headersOf, type Signal, sizeLimits, timeoutOf } from './otlp-settings.ts';

/** Address, metadata, certificates, compression and limits. */
export interface GrpcOptions extends GrpcTransportOptions {
  readonly timeoutMillis: number;
  readonly concurrencyLimit: number;
}

/** Where nothing else is said. */
export const GRPC_ENDPOINT = 'http://127.0.0.1:4317';

/** That of the specification, for all that are not set up by a file. */
const ENVIRONMENT_ENDPOINT = 'http://localhost:4317';

/** What OpenTelemetry takes for a scheme. */
const SCHEME = /^\w{1,8}:\/\//;

/**
 * Joins what the node says with the defaults of the specification.
 *
 * @param grpcPath the method to call
 * @throws where a file of certificates cannot be read or an address is none
 */
export async function grpcOptions(node: OtlpNode, signal: Signal, grpcPath: string): Promise<GrpcOptions> {
  if (node.fromEnvironment) return ofEnvironment(node, signal, grpcPath);
  const endpoint = node.endpoint ?? GRPC_ENDPOINT;
  const isSafe = isSecure(endpoint, node);
  return {
    address: {
      ...placeOf(endpoint, isSafe),
      headers: metadataOf(headersOf(node)),
      grpcPath,
      ...(isSafe && { tls: certificates(node.tls) }),
    },
    compression: node.compression === 'gzip' ? 'gzip' : 'none',
    timeoutMillis: timeoutOf(node),
    concurrencyLimit: CONCURRENCY_LIMIT,
    ...sizeLimits(node),
  };
}

/** The scheme decides where there is one. */
function isSecure(endpoint: string, { tls }: OtlpNode): boolean {
  const scheme = /^([a-z]+):\/\//i.exec(endpoint)?.[1]?.toLowerCase();
  if (scheme === undefined) return tls?.insecure !== true;
  return scheme === 'https';
}

async function ofEnvironment(node: OtlpNode, signal: Signal, grpcPath: string): Promise<GrpcOptions> {
  const environment = readEnvironment();
  const read = (name: string): string | undefined =>
    [`${signal}_${name}`, name].map((end) => environment[`OTEL_EXPORTER_OTLP_${end}`]?.trim()).find(Boolean);
  const endpoint = read('ENDPOINT') ?? ENVIRONMENT_ENDPOINT;
  const isSafe =
    endpoint.startsWith('https://') || (!endpoint.startsWith('http://') && read('INSECURE')?.toLowerCase() !== 'true');
  // Paths are those of HTTP and not used.
  const shared = convertLegacyHttpOptions({}, signal, `v1/${signal.toLowerCase()}`, {});
  return {
    address: {
      ...placeOf(SCHEME.test(endpoint) ? endpoint : `https://${endpoint}`, isSafe),
      headers: { ...metadataOf(await shared.headers()), ...metadataOf(headersOf(node)) },
      grpcPath,
      ...(isSafe && { tls: readCertificates(read) }),
    },
    compression: shared.compression,
    timeoutMillis: shared.timeoutMillis,
    concurrencyLimit: shared.concurrencyLimit,
  };
}

/** What cannot be read is told and left out, as OpenTelemetry does it. */
function readCertificates(read: (name: string) => string | undefined): TlsMaterial {
  const [ca, key, cert] = ['CERTIFICATE', 'CLIENT_KEY', 'CLIENT_CERTIFICATE'].map((name) => {
    const path = read(name);
    try {
      return path === undefined ? undefined : readFileSync(path);
    } catch {
      diag.warn(`the file of OTEL_EXPORTER_OTLP_${name} cannot be read`);
      return undefined;
    }
  });
  const isPair = key !== undefined && cert !== undefined;
  if (!isPair && key !== cert) diag.warn('a client shows its certificate only with its key; both are left out');
  return { ...(ca && { ca }), ...(isPair && { key, cert }) };
}

/** The authority alone, or the path of a socket, whose name in certificates is localhost. */
function placeOf(endpoint: string, isSafe: boolean): Pick<Address, 'url' | 'socketPath'> {
  const scheme = isSafe ? 'https' : 'http';
  if (endpoint.startsWith('unix:'))
    return { url: `${scheme}://localhost`, socketPath: endpoint.replace(/^unix:(\/\/)?/, '') };
  return { url: new URL(`${scheme}://${endpoint.replace(/^\w+:\/\//, '')}`).origin };
}

/** As gRPC writes it: names in lower case, values of binary ones in base64. */
function metadataOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => {
    const key = name.toLowerCase();
    return [key, key.endsWith('-bin') ? Buffer.from(value).toString('base64') : value];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}
