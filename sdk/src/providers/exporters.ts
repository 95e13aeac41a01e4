// Makes the exporters of the configuration model: OTLP over HTTP through the SDK's own transport, OTLP over gRPC, into
// files, and the console. Whatever is exported as spans or log records is redacted first.
import {
  AggregationTemporalityPreference,
  CumulativeTemporalitySelector,
  DeltaTemporalitySelector,
  LowMemoryTemporalitySelector,
  OTLPMetricExporterBase,
} from '@opentelemetry/exporter-metrics-otlp-http';
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
  type AggregationOption,
  AggregationType,
  ConsoleMetricExporter,
  InstrumentType,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, MetricShapeNode, OtlpNode } from '../config/model.ts';
import type { Counting } from '../metrics/counting.ts';
import { createTransport, type HttpOptions, type Outlet, type SizeLimits } from '../otlp-transport.ts';
import { createFileTransport } from './file-transport.ts';
import { GRPC_ENDPOINT, grpcOptions } from './otlp-grpc.ts';
import { certificates, CONCURRENCY_LIMIT, headersOf, type Signal, timeoutOf } from './otlp-settings.ts';

/** Lines that may wait to be written: a simple processor makes one of each span, however many end at a time. */
const LINES_LIMIT = 2048;

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

/** What the ways of one signal need to know of it. */
interface Kind<Item, Answer> {
  readonly signal: Signal;
  readonly helper: IExporterMetricsHelper<Item>;
  readonly json: ISerializer<Item, Answer>;
  readonly protobuf: ISerializer<Item, Answer>;
  /** Name of the component, and of the service and its method, for gRPC. */
  readonly grpc: readonly [component: string, service: string, path: string];
}

const SPANS = {
  signal: 'TRACES',
  helper: TraceExporterMetricsHelper,
  json: JsonTraceSerializer,
  protobuf: ProtobufTraceSerializer,
  grpc: [
    'otlp_grpc_span_exporter',
    'TraceExportService',
    '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  ],
} as const;

const LOG_RECORDS = {
  signal: 'LOGS',
  helper: LogsExporterMetricsHelper,
  json: JsonLogsSerializer,
  protobuf: ProtobufLogsSerializer,
  grpc: ['otlp_grpc_log_exporter', 'LogsExportService', '/opentelemetry.proto.collector.logs.v1.LogsService/Export'],
} as const;

const METRICS = {
  signal: 'METRICS',
  helper: MetricsExporterMetricsHelper,
  json: JsonMetricsSerializer,
  protobuf: ProtobufMetricsSerializer,
  grpc: [
    'otlp_grpc_metric_exporter',
    'MetricsExportService',
    '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  ],
} as const;

/** An exporter and, where its bodies can also be sent by hand, how. */
export interface SpanOutlet {
  readonly exporter: SpanExporter;
  readonly address?: Address;
}

export async function createSpanExporter(node: ExporterNode, surroundings: Surroundings): Promise<SpanOutlet> {
  if ('console' in node) return { exporter: new ConsoleSpanExporter() };
  const exporter = new OTLPExporterBase(await exportDelegate(node, SPANS, surroundings));
  if (!('otlp_http' in node)) return { exporter };
  const { url, headers } = httpOptions(node.otlp_http ?? {}, 'TRACES');
  return { exporter, address: { url, headers: await headers() } };
}

export async function createLogExporter(node: ExporterNode, surroundings: Surroundings): Promise<LogRecordExporter> {
  if ('console' in node) return new ConsoleLogRecordExporter();
  return new OTLPExporterBase(await exportDelegate(node, LOG_RECORDS, surroundings));
}

export async function createMetricExporter(
  node: ExporterNode,
  { outlet, counting }: Surroundings,
): Promise<PushMetricExporter> {
  if ('console' in node) return createConsoleMetricExporter(node.console ?? {});
  const exemplars = counting?.exemplars;
  const kind = {
    ...METRICS,
    json: exemplars?.serializer(METRICS.json, 'json') ?? METRICS.json,
    protobuf: exemplars?.serializer(METRICS.protobuf, 'protobuf') ?? METRICS.protobuf,
  };
  const shape = node.otlp_http ?? node.otlp_grpc ?? node['otlp_file/development'] ?? {};
  return new OTLPMetricExporterBase(await exportDelegate(node, kind, { outlet }), metricOptions(shape));
}

/** Says where an exporter sends to, without what its address may hold of secrets; for people to read. */
export function describeExporter(node: ExporterNode, signal: Signal, redaction: Redaction): string {
  if ('console' in node) return 'console';
  if ('otlp_file/development' in node) return node['otlp_file/development']?.output_stream ?? 'stdout';
  if ('otlp_grpc' in node) return `grpc to ${redaction.text(grpcAddress(node.otlp_grpc ?? {}))}`;
  const http = httpOptions(node.otlp_http ?? {}, signal);
  return `http/${isJson(node) ? 'json' : 'protobuf'} to ${redaction.text(http.url)}`;
}

function grpcAddress(node: OtlpNode): string {
  return node.endpoint ?? (node.fromEnvironment ? 'the address of the environment' : GRPC_ENDPOINT);
}

function isJson(node: ExporterNode): boolean {
  return node.otlp_http?.encoding === 'json';
}

/** Puts OpenTelemetry's configuration and serialisation before a way out. */
async function exportDelegate<Item, Answer>(
  node: ExporterNode,
  { signal, helper, json, protobuf, grpc }: Kind<Item, Answer>,
  { outlet, meterProvider }: Surroundings,
): Promise<ReturnType<typeof createOtlpNetworkExportDelegate<Item, Answer>>> {
  if ('otlp_grpc' in node) {
    const base = await import('@opentelemetry/otlp-grpc-exporter-base');
    const options = grpcOptions(node.otlp_grpc ?? {}, signal, base);
    const [component, service, path] = grpc;
    return base.createOtlpGrpcExportDelegate(options, protobuf, component, helper, meterProvider, service, path);
  }
  if ('otlp_file/development' in node) {
    const stream = node['otlp_file/development']?.output_stream ?? 'stdout';
    const ownMetrics = createOtlpHttpExporterMetrics('otlp_file_exporter', helper, stream, meterProvider);
    const options = { timeoutMillis: timeoutOf({}), concurrencyLimit: LINES_LIMIT, compression: 'none' } as const;
    return createOtlpNetworkExportDelegate(options, json, ownMetrics, createFileTransport(stream, outlet));
  }
  const http = httpOptions(node.otlp_http ?? {}, signal);
  const ownMetrics = createOtlpHttpExporterMetrics('otlp_http_exporter', helper, http.url, meterProvider);
  const serializer = isJson(node) ? json : protobuf;
  return createOtlpNetworkExportDelegate(http, serializer, ownMetrics, createTransport(http, outlet));
}

function httpOptions(node: OtlpNode, signal: Signal): HttpOptions & SizeLimits {
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
    timeoutMillis: timeoutOf(node),
    concurrencyLimit: CONCURRENCY_LIMIT,
    agentFactory: httpAgentFactoryFromOptions({ keepAlive: true, ...certificates(node.tls) }),
    // A size of 0 is no limit.
    ...(node.max_request_size && { maxRequestBytes: node.max_request_size }),
    ...(node.max_response_size && { maxAnswerBytes: node.max_response_size }),
  };
}

const TEMPORALITIES = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  low_memory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

const SELECTORS = {
  cumulative: CumulativeTemporalitySelector,
  delta: DeltaTemporalitySelector,
  low_memory: LowMemoryTemporalitySelector,
} as const;

/** Temporality and aggregation, only where they are asked for. */
function metricOptions(
  node: MetricShapeNode & { readonly fromEnvironment?: boolean },
): ConstructorParameters<typeof OTLPMetricExporterBase>[1] {
  // Where nothing is given OpenTelemetry asks the environment, which beside a file does not count.
  const temporality = node.temporality_preference ?? (node.fromEnvironment ? undefined : 'cumulative');
  return {
    ...(temporality && { temporalityPreference: TEMPORALITIES[temporality] }),
    ...(isExponential(node) && { aggregationPreference: exponential }),
  };
}

function createConsoleMetricExporter(node: MetricShapeNode): PushMetricExporter {
  const temporalitySelector = SELECTORS[node.temporality_preference ?? 'cumulative'];
  const exporter: PushMetricExporter = new ConsoleMetricExporter({ temporalitySelector });
  if (isExponential(node)) exporter.selectAggregation = exponential;
  return exporter;
}

function isExponential(node: MetricShapeNode): boolean {
  return node.default_histogram_aggregation === 'base2_exponential_bucket_histogram';
}

function exponential(type: InstrumentType): AggregationOption {
  return { type: type === InstrumentType.HISTOGRAM ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT };
}
