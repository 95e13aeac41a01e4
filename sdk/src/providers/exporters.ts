// Makes the exporters of the configuration model: OTLP or the console. Whatever is exported as spans or log records is
// redacted first.
import {
  AggregationTemporalityPreference,
  CumulativeTemporalitySelector,
  DeltaTemporalitySelector,
  LowMemoryTemporalitySelector,
  OTLPMetricExporterBase,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
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
import { ConsoleLogRecordExporter, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  type AggregationOption,
  AggregationType,
  ConsoleMetricExporter,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Parcel } from '../bound/hand-over.ts';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, MetricShapeNode, OtlpNode } from '../config/model.ts';
import type { Exemplars } from '../metrics/exemplars.ts';
import { GRPC_ENDPOINT } from './otlp-grpc.ts';
import type { Signal } from './otlp-settings.ts';
import { createOtlpWay, httpOptions, isJson, type SignalFormat, type Surroundings } from './otlp.ts';

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

const TRACES = {
  signal: 'TRACES',
  protobuf: ProtobufTraceSerializer,
  json: JsonTraceSerializer,
  helper: TraceExporterMetricsHelper,
} as const;

const LOGS = {
  signal: 'LOGS',
  protobuf: ProtobufLogsSerializer,
  json: JsonLogsSerializer,
  helper: LogsExporterMetricsHelper,
} as const;

const METRICS = {
  signal: 'METRICS',
  protobuf: ProtobufMetricsSerializer,
  json: JsonMetricsSerializer,
  helper: MetricsExporterMetricsHelper,
} as const;

/** An exporter and, where its items can also be sent by hand, how. */
export interface Outgoing<Exporter, Items> {
  readonly exporter: Exporter;
  /** @returns undefined where there is nothing to write */
  readonly pack?: (items: Items) => Parcel | undefined;
}

export async function createSpanExporter(
  node: ExporterNode,
  surroundings: Surroundings,
): Promise<Outgoing<SpanExporter, ReadableSpan[]>> {
  if ('console' in node) return { exporter: new ConsoleSpanExporter() };
  const { delegate, ...way } = await createOtlpWay(node, TRACES, surroundings);
  return { exporter: new OTLPExporterBase(delegate), ...way };
}

export async function createLogExporter(
  node: ExporterNode,
  surroundings: Surroundings,
): Promise<Outgoing<LogRecordExporter, ReadableLogRecord[]>> {
  if ('console' in node) return { exporter: new ConsoleLogRecordExporter() };
  const { delegate, ...way } = await createOtlpWay(node, LOGS, surroundings);
  return { exporter: new OTLPExporterBase(delegate), ...way };
}

/** @param exemplars writes them into what is exported */
export async function createMetricExporter(
  node: ExporterNode,
  surroundings: Surroundings,
  exemplars?: Exemplars,
): Promise<Outgoing<PushMetricExporter, ResourceMetrics>> {
  if ('console' in node) return { exporter: createConsoleMetricExporter(node.console ?? {}) };
  const format: SignalFormat<ResourceMetrics, unknown> = exemplars
    ? {
        ...METRICS,
        protobuf: exemplars.serializer(METRICS.protobuf, 'protobuf'),
        json: exemplars.serializer(METRICS.json, 'json'),
      }
    : METRICS;
  const { delegate, ...way } = await createOtlpWay(node, format, surroundings);
  const shape = metricOptions(node.otlp_http ?? node.otlp_grpc ?? node['otlp_file/development'] ?? {});
  return { exporter: new OTLPMetricExporterBase(delegate, shape), ...way };
}

/** Says where an exporter sends to, without what its address may hold of secrets; for people to read. */
export function describeExporter(node: ExporterNode, signal: Signal, redaction: Redaction): string {
  if ('console' in node) return 'console';
  if ('otlp_file/development' in node) return node['otlp_file/development']?.output_stream ?? 'stdout';
  if ('otlp_grpc' in node) return `grpc to ${redaction.text(grpcAddress(node.otlp_grpc ?? {}))}`;
  const http = httpOptions(node.otlp_http ?? {}, signal);
  return `http/${isJson(node.otlp_http) ? 'json' : 'protobuf'} to ${redaction.text(http.url)}`;
}

function grpcAddress(node: OtlpNode): string {
  return node.endpoint ?? (node.fromEnvironment ? 'the address of the environment' : GRPC_ENDPOINT);
}

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
