// Makes the exporters of the configuration model: OTLP or the console. Whatever is exported as spans or log records is
// redacted first.
import { AggregationTemporalityPreference, OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
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
  AggregationType,
  ConsoleMetricExporter,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Address, Parcel } from '../bound/hand-over.ts';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, OtlpNode } from '../config/model.ts';
import type { Exemplars } from '../metrics/exemplars.ts';
import { createOtlpWay, httpOptions, isJson, type SignalFormat, type Surroundings } from './otlp.ts';

const TEMPORALITIES = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  low_memory: AggregationTemporalityPreference.LOWMEMORY,
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
  readonly address?: Address;
  /** @returns undefined where there is nothing to write */
  readonly pack?: (items: Items) => Parcel | undefined;
}

export async function createSpanExporter(
  node: ExporterNode,
  surroundings: Surroundings,
): Promise<Outgoing<SpanExporter, ReadableSpan[]>> {
  if ('console' in node) return { exporter: new ConsoleSpanExporter() };
  const { delegate, address, pack } = await createOtlpWay(node, TRACES, surroundings);
  return { exporter: new OTLPExporterBase(delegate), address, pack };
}

export async function createLogExporter(
  node: ExporterNode,
  surroundings: Surroundings,
): Promise<Outgoing<LogRecordExporter, ReadableLogRecord[]>> {
  if ('console' in node) return { exporter: new ConsoleLogRecordExporter() };
  const { delegate, address, pack } = await createOtlpWay(node, LOGS, surroundings);
  return { exporter: new OTLPExporterBase(delegate), address, pack };
}

/** @param exemplars writes them into what is exported */
export async function createMetricExporter(
  node: ExporterNode,
  surroundings: Surroundings,
  exemplars?: Exemplars,
): Promise<Outgoing<PushMetricExporter, ResourceMetrics>> {
  if ('console' in node) return { exporter: new ConsoleMetricExporter() };
  const format: SignalFormat<ResourceMetrics, unknown> = exemplars
    ? {
        ...METRICS,
        protobuf: exemplars.serializer(METRICS.protobuf, 'protobuf'),
        json: exemplars.serializer(METRICS.json, 'json'),
      }
    : METRICS;
  const { delegate, address, pack } = await createOtlpWay(node, format, surroundings);
  const shape = metricOptions(node.otlp_http ?? node.otlp_grpc ?? {});
  return { exporter: new OTLPMetricExporterBase(delegate, shape), address, pack };
}

/** Says where an exporter sends to, without what its address may hold of secrets; for people to read. */
export function describeExporter(
  node: ExporterNode,
  signal: 'TRACES' | 'METRICS' | 'LOGS',
  redaction: Redaction,
): string {
  if ('console' in node) return 'console';
  if (node.otlp_grpc) return `grpc to ${redaction.text(node.otlp_grpc.endpoint ?? 'the address of the environment')}`;
  const http = httpOptions(node.otlp_http ?? {}, signal);
  return `http/${isJson(node.otlp_http) ? 'json' : 'protobuf'} to ${redaction.text(http.url)}`;
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
