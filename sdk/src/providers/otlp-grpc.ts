// Settings of OTLP over gRPC. The client is OpenTelemetry's and loaded on demand. A file counts alone; what options and
// environment ask for is joined with OTEL_EXPORTER_OTLP_* by OpenTelemetry.
import type * as Base from '@opentelemetry/otlp-grpc-exporter-base';
import type { OtlpNode } from '../config/model.ts';
import { certificates, CONCURRENCY_LIMIT, headersOf, type Signal, timeoutOf } from './otlp-settings.ts';

type GrpcBase = typeof Base;
/** Address, headers, compression and certificates. */
export type GrpcOptions = ReturnType<GrpcBase['convertLegacyOtlpGrpcOptions']>;

/** Where nothing else is said. */
export const GRPC_ENDPOINT = 'http://127.0.0.1:4317';

/** Joins what the node says with the defaults of the specification. */
export function grpcOptions(node: OtlpNode, signal: Signal, base: GrpcBase): GrpcOptions {
  const metadata = base.createEmptyMetadata();
  for (const [name, value] of Object.entries(headersOf(node))) metadata.set(name, value);
  if (node.fromEnvironment) return base.convertLegacyOtlpGrpcOptions({ metadata }, signal);
  const endpoint = node.endpoint ?? GRPC_ENDPOINT;
  return {
    url: hostOf(endpoint),
    metadata: () => metadata,
    compression: node.compression === 'gzip' ? 'gzip' : 'none',
    timeoutMillis: timeoutOf(node),
    concurrencyLimit: CONCURRENCY_LIMIT,
    credentials: () => {
      if (!isSecure(endpoint, node)) return base.createInsecureCredentials();
      const { ca, key, cert } = certificates(node.tls);
      return base.createSslCredentials(ca, key, cert);
    },
  };
}

/** The scheme decides where there is one. */
function isSecure(endpoint: string, { tls }: OtlpNode): boolean {
  const scheme = /^([a-z]+):\/\//i.exec(endpoint)?.[1]?.toLowerCase();
  if (scheme === undefined) return tls?.insecure !== true;
  return scheme === 'https';
}

/** The client takes a host with its port, or the path of a socket. */
function hostOf(endpoint: string): string {
  if (endpoint.startsWith('unix:')) return endpoint;
  return new URL(/^[a-z]+:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`).host;
}
