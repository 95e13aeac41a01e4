// The way of one signal over OTLP: HTTP or gRPC through the SDK's own transports, or into a file. What is said of all is said
// here once, also how a body is sent when the process ends.
import { Agent } from 'node:https';
import type { Attributes, MeterProvider } from '@opentelemetry/api';
import {
  createOtlpNetworkExportDelegate,
  ExporterMetrics,
  type IOtlpExportDelegate,
} from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExporterMetrics,
  httpAgentFactoryFromOptions,
} from '@opentelemetry/otlp-exporter-base/node-http';
import type { IExporterMetricsHelper, ISerializer } from '@opentelemetry/otlp-transformer';
import type { Address, Holder, Parcel, TlsMaterial } from '../bound/hand-over.ts';
import type { ExporterNode, OtlpNode } from '../config/model.ts';
import { GRPC_CODES } from '../grpc-status.ts';
import { createGrpcTransport } from '../grpc-transport.ts';
import { createTransport, type HttpOptions, type Outlet, type SizeLimits } from '../otlp-transport.ts';
import { createFileTransport } from './file-transport.ts';
import { grpcOptions } from './otlp-grpc.ts';
import { certificates, CONCURRENCY_LIMIT, headersOf, type Signal, sizeLimits, timeoutOf } from './otlp-settings.ts';

/** A signal and how it is written. */
export interface SignalFormat<Items, Answer> {
  readonly signal: Signal;
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
  /** Absent where an export is done when it returns. @returns undefined where there is nothing to write */
  readonly pack?: (items: Items) => Parcel | undefined;
}

/** Lines that may wait to be written: a simple processor makes one of each span, however many end at a time. */
const LINES_LIMIT = 2048;

/** Names of gRPC by signal: component and service. @see opentelemetry/proto/collector */
const GRPC = {
  TRACES: { type: 'otlp_grpc_span_exporter', path: 'trace.v1.TraceService' },
  METRICS: { type: 'otlp_grpc_metric_exporter', path: 'metrics.v1.MetricsService' },
  LOGS: { type: 'otlp_grpc_log_exporter', path: 'logs.v1.LogsService' },
} as const;

/** Makes the way of a signal; connects when there is something to send. */
export function createOtlpWay<Items, Answer>(
  node: ExporterNode,
  format: SignalFormat<Items, Answer>,
  surroundings: Surroundings,
): Promise<OtlpWay<Items>> {
  if ('otlp_grpc' in node) return overGrpc(node.otlp_grpc ?? {}, format, surroundings);
  if ('otlp_file/development' in node)
    return intoFile(node['otlp_file/development']?.output_stream ?? 'stdout', format, surroundings);
  return overHttp(node.otlp_http ?? {}, format, surroundings);
}

async function intoFile<Items, Answer>(
  stream: string,
  { json, helper }: SignalFormat<Items, Answer>,
  { outlet, meterProvider }: Surroundings,
): Promise<OtlpWay<Items>> {
  const ownMetrics = createOtlpHttpExporterMetrics('otlp_file_exporter', helper, stream, meterProvider);
  const options = { timeoutMillis: timeoutOf({}), concurrencyLimit: LINES_LIMIT, compression: 'none' } as const;
  return { delegate: createOtlpNetworkExportDelegate(options, json, ownMetrics, createFileTransport(stream, outlet)) };
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
    pack: (items) => parcel(address, serializer.serializeRequest(items)),
  };
}

async function overGrpc<Items, Answer>(
  node: OtlpNode,
  { signal, protobuf, helper }: SignalFormat<Items, Answer>,
  { outlet, meterProvider, holders }: Surroundings,
): Promise<OtlpWay<Items>> {
  const { type, path } = GRPC[signal];
  const options = await grpcOptions(node, signal, `/opentelemetry.proto.collector.${path}/Export`);
  const { address } = options;
  const transport = createGrpcTransport(options, outlet);
  const ownMetrics = new ExporterMetrics({
    componentType: type,
    metricsHelper: helper,
    url: address.socketPath === undefined ? address.url : `unix://${address.socketPath}`,
    meterProvider,
    responseAttributesFromError: rpcStatus,
  });
  holders?.push(() => transport.unsent().map((body) => ({ address, body })));
  return {
    delegate: createOtlpNetworkExportDelegate(options, protobuf, ownMetrics, transport),
    pack: (items) => parcel(address, protobuf.serializeRequest(items)),
  };
}

/** What the exporter's own metrics say of an answer. */
function rpcStatus(error: Error | string | undefined): Attributes {
  if (!error) return { 'rpc.response.status_code': 'OK' };
  const code = typeof error === 'object' && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? { 'rpc.response.status_code': GRPC_CODES[code] ?? 'UNKNOWN' } : {};
}

function parcel(address: Address, body: Uint8Array | undefined): Parcel | undefined {
  return body && { address, body };
}

/** Whether a node asks for JSON. */
export function isJson(node: OtlpNode | null | undefined): boolean {
  return node?.encoding === 'json';
}

/** URL, headers, compression and certificates of a node and, where it says so, the environment. */
export function httpOptions(node: OtlpNode, signal: Signal): HttpOptions & SizeLimits {
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
    timeoutMillis: timeoutOf(node),
    concurrencyLimit: CONCURRENCY_LIMIT,
    agentFactory: httpAgentFactoryFromOptions({ keepAlive: true, ...certificates(node.tls) }),
    ...sizeLimits(node),
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
