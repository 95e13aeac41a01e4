// Says in the words of the configuration model what options and environment ask for. Pure.
import { ATTRIBUTE } from '../names.ts';
import type { Route, Settings } from '../options.ts';
import type { ExporterNode, Model, OtlpNode, ProcessorNode, ReaderNode, SamplerNode } from './model.ts';

/** Makes the model of a telemetry that is started from code and environment. */
export function modelOf(settings: Settings): Model {
  const { options, batch, spanLimits, logLimits } = settings;
  const processors = (routes: readonly Route[]): ProcessorNode[] =>
    routes.map((route) => ({
      batch: {
        schedule_delay: batch.scheduledDelayMillis,
        export_timeout: batch.exportTimeoutMillis,
        max_queue_size: batch.maxQueueSize,
        max_export_batch_size: batch.maxExportBatchSize,
        exporter: exporterOf(route, options.headers),
      },
    }));
  return {
    log_level: settings.logLevel,
    resource: {
      attributes: resourceAttributes(settings),
      attributes_list: settings.environment['OTEL_RESOURCE_ATTRIBUTES'] ?? null,
      'detection/development': { detectors: detectors(settings.resourceDetectors) },
    },
    propagator: { composite: settings.propagators.map((name) => ({ [name]: null })) },
    tracer_provider: {
      processors: processors(settings.traces),
      sampler: settings.sampler as SamplerNode,
      limits: {
        attribute_value_length_limit: spanLimits.attributeValueLengthLimit,
        attribute_count_limit: spanLimits.attributeCountLimit,
        event_count_limit: spanLimits.eventCountLimit,
        link_count_limit: spanLimits.linkCountLimit,
        event_attribute_count_limit: spanLimits.attributePerEventCountLimit,
        link_attribute_count_limit: spanLimits.attributePerLinkCountLimit,
      },
    },
    meter_provider: {
      readers: settings.metrics.map((route) => readerOf(route, settings)),
      exemplar_filter: settings.exemplarFilter,
    },
    logger_provider: {
      processors: processors(settings.logs),
      limits: {
        attribute_value_length_limit: logLimits.attributeValueLengthLimit,
        attribute_count_limit: logLimits.attributeCountLimit,
      },
    },
    'instrumentation/development': { js: switchedOff(settings.disabledInstrumentations) },
    distribution: {
      evenkeel: {
        redaction: {
          enabled: options.redaction?.enabled ?? true,
          keys: options.redaction?.keys ?? [],
          values: (options.redaction?.values ?? []).map(({ source }) => source),
        },
        runtime_metrics: options.runtimeMetrics ?? true,
      },
    },
  };
}

/** The environment names an instrumentation by the end of its package's name, which is also that of a library. */
function switchedOff(names: readonly string[]): Record<string, { enabled: boolean }> {
  const all = names.flatMap((name) => [name, `@opentelemetry/instrumentation-${name}`]);
  return Object.fromEntries(all.map((name) => [name, { enabled: false }]));
}

function exporterOf(route: Route, headers: Readonly<Record<string, string>> | undefined): ExporterNode {
  if (route === 'console') return { console: null };
  const common: OtlpNode = {
    fromEnvironment: true,
    ...(headers && { headers: Object.entries(headers).map(([name, value]) => ({ name, value })) }),
  };
  if (typeof route === 'string') return { otlp_grpc: common };
  const node: OtlpNode = {
    ...common,
    encoding: route.protocol === 'http/json' ? 'json' : 'protobuf',
    ...(route.url !== undefined && { endpoint: route.url }),
  };
  return { otlp_http: node };
}

function readerOf(route: Route, { options, metricIntervalMs, metricTimeoutMs, environment }: Settings): ReaderNode {
  if (route === 'prometheus') {
    const port = Number(environment['OTEL_EXPORTER_PROMETHEUS_PORT'] ?? 9464);
    const host = environment['OTEL_EXPORTER_PROMETHEUS_HOST'] ?? '127.0.0.1';
    return { pull: { exporter: { 'prometheus/development': { host, port } } } };
  }
  const exporter = exporterOf(route, options.headers);
  const wanted = environment['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION']?.trim();
  // Exponential unless told otherwise: no bounds fit all durations.
  const isExplicit = wanted?.toLowerCase() === 'explicit_bucket_histogram';
  const node = exporter.otlp_http ?? exporter.otlp_grpc;
  if (node && !isExplicit) Object.assign(node, { default_histogram_aggregation: 'base2_exponential_bucket_histogram' });
  return { periodic: { interval: metricIntervalMs, timeout: metricTimeoutMs, exporter } };
}

/** Attributes in code win over those of the environment, the name of the service over both. */
function resourceAttributes({ options }: Settings): { name: string; value: string | number | boolean }[] {
  const all = {
    ...options.resourceAttributes,
    [ATTRIBUTE.serviceName]: options.serviceName,
    ...(options.serviceVersion !== undefined && { [ATTRIBUTE.serviceVersion]: options.serviceVersion }),
  };
  return Object.entries(all).map(([name, value]) => ({ name, value }));
}

function detectors(names: readonly string[]): Record<string, null>[] {
  if (names.includes('none')) return [];
  return (names.includes('all') ? ['service', 'host', 'process'] : names).map((name) => ({ [name]: null }));
}
