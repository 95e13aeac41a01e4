// The way of one signal over OTLP: HTTP through the SDK's own transport, gRPC through OpenTelemetry's. What is said of both is
// said here once, also how a body is sent when the process ends.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { MeterProvider } from '@opentelemetry/api';
import {
  CompressionAlgorithm,
  createOtlpNetworkExportDelegate,
  type IOtlpExportDelegate,
} from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExporterMetrics,
  httpAgentFactoryFromOptions,
} from '@opentelemetry/otlp-exporter-base/node-http';
import type { OTLPGRPCExporterConfigNode } from '@opentelemetry/otlp-grpc-exporter-base';
import type { IExporterMetricsHelper, ISerializer } from '@opentelemetry/otlp-transformer';
import type { Address, Holder, Parcel, TlsMaterial } from '../bound/hand-over.ts';
import type { ExporterNode, OtlpNode, TlsNode } from '../config/model.ts';
import { createTransport, type HttpOptions, type Outlet } from '../otlp-transport.ts';

/** A signal and how it is written. */
export interface SignalFormat<Items, Answer> {
  readonly signal: 'TRACES' | 'METRICS' | 'LOGS';
  readonly protobuf: ISerializer<Items, Answer>;
  readonly json: ISerializer<Items, Answer>;
  /** Counts items for the exporter's own metrics. */
  readonly helper: IExporterMetricsHelper<Items>;
}

/** Where exporters send to, and who counts what they do. */
export interface Surroundings {
  readonly outlet: Outlet;
  /** Counts what is exported as `otel.sdk.exporter.*`; absent for metrics themselves. */
  readonly meterProvider?: MeterProvider;
  /** Told of whatever may be left when the process ends. */
  readonly holders?: Holder[];
}

/** What an exporter needs, and how its items can be sent by hand. */
export interface OtlpWay<Items> {
  readonly delegate: IOtlpExportDelegate<Items>;
  readonly address: Address;
  /** @returns undefined where there is nothing to write */
  pack(items: Items): Parcel | undefined;
}

/** OTLP over HTTP waits this long for an answer unless the file or the environment says otherwise (specification). */
const EXPORT_TIMEOUT_MS = 10_000;

/** Requests at a time; OpenTelemetry's own limit. */
const CONCURRENCY_LIMIT = 30;

/** Names of gRPC by signal: component, service and package of the service. @see opentelemetry/proto/collector */
const GRPC = {
  TRACES: { type: 'otlp_grpc_span_exporter', service: 'TraceExportService', path: 'trace.v1.TraceService' },
  METRICS: { type: 'otlp_grpc_metric_exporter', service: 'MetricsExportService', path: 'metrics.v1.MetricsService' },
  LOGS: { type: 'otlp_grpc_log_exporter', service: 'LogsExportService', path: 'logs.v1.LogsService' },
} as const;

/** Makes the way of a signal; connects when there is something to send. */
export function createOtlpWay<Items, Answer>(
  node: ExporterNode,
  format: SignalFormat<Items, Answer>,
  surroundings: Surroundings,
): Promise<OtlpWay<Items>> {
  return node.otlp_grpc
    ? overGrpc(node.otlp_grpc, format, surroundings)
    : overHttp(node.otlp_http ?? {}, format, surroundings);
}

async function overHttp<Items, Answer>(
  node: OtlpNode,
  format: SignalFormat<Items, Answer>,
  { outlet, meterProvider, holders }: Surroundings,
): Promise<OtlpWay<Items>> {
  const http = httpOptions(node, format.signal);
  const serializer = isJson(node) ? format.json : format.protobuf;
  const transport = createTransport(http, outlet);
  const ownMetrics = createOtlpHttpExporterMetrics('otlp_http_exporter', format.helper, http.url, meterProvider);
  const tls = await tlsOf(http.url, http);
  const address: Address = { url: http.url, headers: await http.headers(), ...(tls && { tls }) };
  holders?.push(() => transport.unsent().map((body) => ({ address, body })));
  return {
    delegate: createOtlpNetworkExportDelegate(http, serializer, ownMetrics, transport),
    address,
    pack: (items) => parcel(address, serializer.serializeRequest(items)),
  };
}

async function overGrpc<Items, Answer>(
  node: OtlpNode,
  { signal, protobuf, helper }: SignalFormat<Items, Answer>,
  { outlet, meterProvider }: Surroundings,
): Promise<OtlpWay<Items>> {
  const base = await import('@opentelemetry/otlp-grpc-exporter-base');
  const metadata = base.createEmptyMetadata();
  for (const [name, value] of Object.entries(headersOf(node))) metadata.set(name, value);
  // OpenTelemetry joins them with those of the environment.
  const options = base.convertLegacyOtlpGrpcOptions({ metadata, ...grpcOptions(node) }, signal);
  const { type, service, path } = GRPC[signal];
  const grpcPath = `/opentelemetry.proto.collector.${path}/Export`;
  const delegate = base.createOtlpGrpcExportDelegate(options, protobuf, type, helper, meterProvider, service, grpcPath);
  const scheme = options.credentials()._isSecure() ? 'https' : 'http';
  // Certificates of gRPC come from the environment only, and from the same variables as those of HTTP.
  const tls = await tlsOf(scheme, httpOptions({ fromEnvironment: true }, signal));
  const pairs = Object.entries(options.metadata().getMap()).map(([name, value]) => [name, String(value)]);
  const url = `${scheme}://${options.url}`;
  const address: Address = { url, headers: Object.fromEntries(pairs), grpcPath, ...(tls && { tls }) };
  return {
    delegate: telling(delegate, outlet),
    address,
    pack: (items) => parcel(address, protobuf.serializeRequest(items)),
  };
}

/** What a file says; the environment is read by OpenTelemetry. */
function grpcOptions({ fromEnvironment, endpoint, timeout, compression }: OtlpNode): OTLPGRPCExporterConfigNode {
  if (fromEnvironment) return {};
  return {
    ...(endpoint && { url: endpoint }),
    ...(timeout && { timeoutMillis: timeout }),
    ...(compression === 'gzip' && { compression: CompressionAlgorithm.GZIP }),
  };
}

/** Tells of what was given up, as the transport of HTTP does by itself. */
function telling<Items>(delegate: IOtlpExportDelegate<Items>, { onFailure }: Outlet): IOtlpExportDelegate<Items> {
  return {
    export(items, done) {
      delegate.export(items, (result) => {
        if (result.error) onFailure(result.error);
        done(result);
      });
    },
    forceFlush: () => delegate.forceFlush(),
    shutdown: () => delegate.shutdown(),
    setMetrics: (ownMetrics) => delegate.setMetrics(ownMetrics),
  };
}

function parcel(address: Address, body: Uint8Array | undefined): Parcel | undefined {
  return body && { address, body };
}

/** Whether a node asks for JSON. */
export function isJson(node: OtlpNode | null | undefined): boolean {
  return node?.encoding === 'json';
}

/** URL, headers, compression and certificates of a node and, where it says so, the environment. */
export function httpOptions(node: OtlpNode, signal: SignalFormat<never, never>['signal']): HttpOptions {
  const required = { 'Content-Type': isJson(node) ? 'application/json' : 'application/x-protobuf' };
  const headers = headersOf(node);
  const path = `v1/${signal.toLowerCase()}`;
  if (node.fromEnvironment) {
    const given = { ...(node.endpoint && { url: node.endpoint }), headers };
    return convertLegacyHttpOptions(given, signal, path, required);
  }
  return {
    url: node.endpoint ?? `http://127.0.0.1:4318/${path}`,
    headers: () => Promise.resolve({ ...headers, ...required }),
    compression: node.compression === 'gzip' ? 'gzip' : 'none',
    timeoutMillis: node.timeout ?? EXPORT_TIMEOUT_MS,
    concurrencyLimit: CONCURRENCY_LIMIT,
    agentFactory: httpAgentFactoryFromOptions({ keepAlive: true, ...certificates(node.tls) }),
  };
}

function headersOf(node: OtlpNode): Record<string, string> {
  const listed = (node.headers_list ?? '').split(',').flatMap((pair): [string, string][] => {
    // Values may have further equals signs, as those in base64.
    const [name = '', ...rest] = pair.split('=');
    const [key, value] = [name, rest.join('=')].map((part) => decodeURIComponent(part.trim()));
    return key && value ? [[key, value]] : [];
  });
  const named = (node.headers ?? []).flatMap(({ name, value }): [string, string][] =>
    value === null ? [] : [[name, value]],
  );
  return Object.fromEntries([...listed, ...named]);
}

function certificates(tls: TlsNode | null | undefined): { ca?: Buffer; key?: Buffer; cert?: Buffer } {
  return {
    ...(tls?.ca_file && { ca: readFileSync(tls.ca_file) }),
    ...(tls?.key_file && { key: readFileSync(tls.key_file) }),
    ...(tls?.cert_file && { cert: readFileSync(tls.cert_file) }),
  };
}

/** Certificates wherever they were configured: the agent is what OpenTelemetry makes of all of it. */
async function tlsOf(url: string, { agentFactory }: HttpOptions): Promise<TlsMaterial | undefined> {
  if (!url.startsWith('https')) return undefined;
  const agent = await agentFactory('https:');
  if (!(agent instanceof Agent)) return undefined;
  const { ca, key, cert } = agent.options as TlsMaterial;
  return { ...(ca && { ca }), ...(key && { key }), ...(cert && { cert }) };
}
