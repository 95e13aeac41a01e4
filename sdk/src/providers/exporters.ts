// Makes the exporters of the configuration model: OTLP over HTTP through the SDK's own transport, gRPC and console
// through OpenTelemetry's. Whatever is exported as spans or log records is redacted first.
import { readFileSync } from 'node:fs';
import { AggregationTemporalityPreference, OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import { createOtlpNetworkExportDelegate, OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExporterMetrics,
  httpAgentFactoryFromOptions,
} from '@opentelemetry/otlp-exporter-base/node-http';
import {
  type IExporterMetricsHelper,
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  LogsExporterMetricsHelper,
  MetricsExporterMetricsHelper,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { MeterProvider } from '@opentelemetry/api';
import { ConsoleLogRecordExporter, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  ConsoleMetricExporter,
  InstrumentType,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, OtlpNode, TlsNode } from '../config/model.ts';
import type { Counting } from '../metrics/counting.ts';
import { createTransport, type HttpOptions, type Outlet } from '../otlp-transport.ts';

type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** What a body needs to be sent again by somebody else. */
export interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where exporters send to, and who counts what they do. */
export interface Surroundings {
  readonly outlet: Outlet;
  /** Counts what is exported as `otel.sdk.exporter.*`; absent for metrics themselves. */
  readonly meterProvider?: MeterProvider;
  /** Writes exemplars into metrics. */
  readonly counting?: Counting;
}

/** OTLP over HTTP waits this long for an answer unless the file or the environment says otherwise (specification). */
const EXPORT_TIMEOUT_MS = 10_000;

const TEMPORALITIES = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  low_memory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

/** Requests at a time; OpenTelemetry's own limit. */
const CONCURRENCY_LIMIT = 30;

/** An exporter and, where its bodies can also be sent by hand, how. */
export interface SpanOutlet {
  readonly exporter: SpanExporter;
  readonly address?: Address;
}

export async function createSpanExporter(
  node: ExporterNode,
  { outlet, meterProvider }: Surroundings,
): Promise<SpanOutlet> {
  if ('console' in node) return { exporter: new ConsoleSpanExporter() };
  if (node.otlp_grpc) {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc');
    return { exporter: new OTLPTraceExporter(await grpcOptions(node.otlp_grpc)) };
  }
  const http = httpOptions(node.otlp_http ?? {}, 'TRACES');
  const serializer = isJson(node) ? JsonTraceSerializer : ProtobufTraceSerializer;
  const delegate = exportDelegate(http, serializer, TraceExporterMetricsHelper, outlet, meterProvider);
  return { exporter: new OTLPExporterBase(delegate), address: { url: http.url, headers: await http.headers() } };
}

export async function createLogExporter(
  node: ExporterNode,
  { outlet, meterProvider }: Surroundings,
): Promise<LogRecordExporter> {
  if ('console' in node) return new ConsoleLogRecordExporter();
  if (node.otlp_grpc) {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-grpc');
    return new OTLPLogExporter(await grpcOptions(node.otlp_grpc));
  }
  const serializer = isJson(node) ? JsonLogsSerializer : ProtobufLogsSerializer;
  const http = httpOptions(node.otlp_http ?? {}, 'LOGS');
  return new OTLPExporterBase(exportDelegate(http, serializer, LogsExporterMetricsHelper, outlet, meterProvider));
}

export async function createMetricExporter(
  node: ExporterNode,
  { outlet, counting }: Surroundings,
): Promise<PushMetricExporter> {
  if ('console' in node) return new ConsoleMetricExporter();
  const shape = metricOptions(node.otlp_http ?? node.otlp_grpc ?? {});
  if (node.otlp_grpc) {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
    return new OTLPMetricExporter({ ...(await grpcOptions(node.otlp_grpc)), ...shape });
  }
  const plain = isJson(node) ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  const serializer = counting?.exemplars.serializer(plain, isJson(node) ? 'json' : 'protobuf') ?? plain;
  const http = httpOptions(node.otlp_http ?? {}, 'METRICS');
  return new OTLPMetricExporterBase(exportDelegate(http, serializer, MetricsExporterMetricsHelper, outlet), shape);
}

/** Says where an exporter sends to, without what its address may hold of secrets; for people to read. */
export function describeExporter(node: ExporterNode, signal: Signal, redaction: Redaction): string {
  if ('console' in node) return 'console';
  if (node.otlp_grpc) return `grpc to ${redaction.text(node.otlp_grpc.endpoint ?? 'the address of the environment')}`;
  const http = httpOptions(node.otlp_http ?? {}, signal);
  return `http/${isJson(node) ? 'json' : 'protobuf'} to ${redaction.text(http.url)}`;
}

function isJson(node: ExporterNode): boolean {
  return node.otlp_http?.encoding === 'json';
}

/** Puts OpenTelemetry's configuration and serialisation before our transport. */
function exportDelegate<Item, Answer>(
  http: HttpOptions,
  serializer: ISerializer<Item, Answer>,
  helper: IExporterMetricsHelper<Item>,
  outlet: Outlet,
  meterProvider?: MeterProvider,
): ReturnType<typeof createOtlpNetworkExportDelegate<Item, Answer>> {
  const ownMetrics = createOtlpHttpExporterMetrics('otlp_http_exporter', helper, http.url, meterProvider);
  return createOtlpNetworkExportDelegate(http, serializer, ownMetrics, createTransport(http, outlet));
}

function httpOptions(node: OtlpNode, signal: Signal): HttpOptions {
  const type = node.encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  const required = { 'Content-Type': type };
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

async function grpcOptions(node: OtlpNode): Promise<Record<string, unknown>> {
  const { createEmptyMetadata } = await import('@opentelemetry/otlp-grpc-exporter-base');
  const metadata = createEmptyMetadata();
  for (const [name, value] of Object.entries(headersOf(node))) metadata.set(name, value);
  // OpenTelemetry joins them with those of the environment.
  if (node.fromEnvironment) return { metadata };
  return {
    metadata,
    ...(node.endpoint && { url: node.endpoint }),
    ...(node.timeout && { timeoutMillis: node.timeout }),
    ...(node.compression === 'gzip' && { compression: 'gzip' }),
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

/** Temporality and aggregation, only where they are asked for. */
function metricOptions(node: OtlpNode): ConstructorParameters<typeof OTLPMetricExporterBase>[1] {
  // Where nothing is given OpenTelemetry asks the environment, which beside a file does not count.
  const temporality = node.temporality_preference ?? (node.fromEnvironment ? undefined : 'cumulative');
  const isExponential = node.default_histogram_aggregation === 'base2_exponential_bucket_histogram';
  return {
    ...(temporality && { temporalityPreference: TEMPORALITIES[temporality] }),
    ...(isExponential && {
      aggregationPreference: (type: InstrumentType) => ({
        type: type === InstrumentType.HISTOGRAM ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
      }),
    }),
  };
}
