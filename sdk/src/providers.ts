// Builds the OpenTelemetry SDK from settings. Loaded only by startTelemetry, because these imports cost 0.3 s.
import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics, ProxyTracerProvider, trace, type TracerProvider } from '@opentelemetry/api';
import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { createOtlpNetworkExportDelegate, OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExporterMetrics } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  type IExporterMetricsHelper,
  type ISerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import {
  defaultResource,
  detectResources,
  hostDetector,
  osDetector,
  processDetector,
  type Resource,
  type ResourceDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { startNodeSdk } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { warn } from './errors.ts';
import { ATTRIBUTE } from './names.ts';
import type { Route, Settings } from './options.ts';
import { createTransport, type Outlet } from './otlp-transport.ts';
import type { Telemetry } from './telemetry.ts';

/** How long `flush()` waits. */
const FLUSH_TIMEOUT_MS = 2000;

/** How long `shutdown()` waits, so that a process ends within 1 s of SIGTERM. */
const SHUTDOWN_TIMEOUT_MS = 750;

/** Requests that may wait for the two signals at a time: 30 for each kind of telemetry, OpenTelemetry's own limit. */
const MAX_REQUESTS = 60;

/** The event loop is sampled by a timer of its own; every 10 ms, the default, is too dear beside every service. */
const EVENT_LOOP_RESOLUTION_MS = 50;

type SdkOptions = NonNullable<Parameters<typeof startNodeSdk>[0]>;

/** Starts the OpenTelemetry SDK and registers it globally. */
export async function startProviders(settings: Settings): Promise<Telemetry> {
  const { prometheus, runtimeMetrics } = settings.options;
  if (isSdkRegistered()) warn('SDK_REGISTERED', 'there was one before startTelemetry');
  const closing = new AbortController();
  const closed = new AbortController();
  setMaxListeners(MAX_REQUESTS, closing.signal, closed.signal);
  const outlet: Outlet = { closing: closing.signal, closed: closed.signal, onFailure: warnOnce() };
  const page = prometheus && new PrometheusExporter({ ...pageAddress(prometheus), preventServerStart: true });
  const runtime = runtimeMetrics === false ? undefined : runtimeInstrumentation();
  const shared = { instrumentations: runtime ? [runtime] : [] };
  // With a configuration file OpenTelemetry takes everything from the file.
  const sdk = startNodeSdk(settings.configFile ? shared : { ...shared, ...(await sdkOptions(settings, outlet, page)) });
  if (page && prometheus?.port !== undefined) {
    await page.startServer().catch((error: Error) => warn('PROMETHEUS_PORT', error.message));
  }

  const stop = async (): Promise<void> => {
    closing.abort();
    const isInTime = await within(SHUTDOWN_TIMEOUT_MS, sdk.shutdown());
    if (!isInTime) outlet.onFailure(new Error(`no answer within ${SHUTDOWN_TIMEOUT_MS} ms at shutdown`));
    closed.abort();
    runtime?.disable();
  };
  let stopping: Promise<void> | undefined;
  const telemetry = { flush, shutdown: () => (stopping ??= stop()) };
  if (!page || prometheus?.port !== undefined) return telemetry;
  const metricsPage: Telemetry['metricsPage'] = (request, response) =>
    page.getMetricsRequestHandler(request as IncomingMessage, response as ServerResponse);
  return { ...telemetry, metricsPage };
}

async function sdkOptions(
  settings: Settings,
  outlet: Outlet,
  page: PrometheusExporter | undefined,
): Promise<SdkOptions> {
  const { serviceName, serviceVersion, resourceAttributes } = settings.options;
  const processors = spanProcessors(settings, outlet);
  const readers = metricReaders(settings, outlet, page);
  return {
    logLevel: settings.logLevel,
    baseResource: await detectResource(settings.resourceDetectors),
    resourceDetectors: [],
    resourceAttributes: {
      ...resourceAttributes,
      [ATTRIBUTE.serviceName]: serviceName,
      ...(serviceVersion !== undefined && { [ATTRIBUTE.serviceVersion]: serviceVersion }),
    },
    // What is left out here, OpenTelemetry makes as the environment asks for.
    ...(processors && { spanProcessors: processors }),
    ...(readers && { metricReaders: readers }),
    ...(settings.logs === 'none' && { logRecordProcessors: [] }),
  };
}

function spanProcessors({ traces, options, batch }: Settings, outlet: Outlet): SpanProcessor[] | undefined {
  if (traces === 'environment') return undefined;
  if (traces === 'none') return [];
  const serializer = traces.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  const delegate = exportDelegate('TRACES', traces, options.headers, serializer, TraceExporterMetricsHelper, outlet);
  const exporter: SpanExporter = new OTLPExporterBase(delegate);
  return [new BatchSpanProcessor({ exporter, ...batch })];
}

function metricReaders(
  { metrics: signal, options, metricIntervalMs, metricTimeoutMs }: Settings,
  outlet: Outlet,
  page: PrometheusExporter | undefined,
): IMetricReader[] | undefined {
  const pages = page ? [page] : [];
  // The page is asked for in code, and readers can only be given all together.
  if (signal === 'environment') return page ? pages : undefined;
  if (signal === 'none') return pages;
  const serializer = signal.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  const delegate = exportDelegate('METRICS', signal, options.headers, serializer, MetricsExporterMetricsHelper, outlet);
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporterBase(delegate),
    exportIntervalMillis: metricIntervalMs,
    exportTimeoutMillis: metricTimeoutMs,
  });
  return [reader, ...pages];
}

/** Puts OpenTelemetry's configuration and serialisation before our transport. */
function exportDelegate<Item, Answer>(
  signal: 'TRACES' | 'METRICS',
  { protocol, url }: Exclude<Route, string>,
  headers: Readonly<Record<string, string>> | undefined,
  serializer: ISerializer<Item, Answer>,
  selfMetrics: IExporterMetricsHelper<Item>,
  outlet: Outlet,
): ReturnType<typeof createOtlpNetworkExportDelegate<Item, Answer>> {
  const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  const http = convertLegacyHttpOptions(
    { ...(url !== undefined && { url }), ...(headers && { headers: { ...headers } }) },
    signal,
    `v1/${signal.toLowerCase()}`,
    { 'Content-Type': contentType },
  );
  const ownMetrics = createOtlpHttpExporterMetrics('otlp_http_exporter', selfMetrics, http.url, undefined);
  return createOtlpNetworkExportDelegate(http, serializer, ownMetrics, createTransport(http, outlet));
}

/** Resource detectors by their name in OTEL_NODE_RESOURCE_DETECTORS. */
const RESOURCE_DETECTORS: ReadonlyMap<string, readonly ResourceDetector[]> = new Map([
  ['service', [serviceInstanceIdDetector]],
  ['host', [hostDetector, osDetector]],
  ['process', [{ detect: detectProcess }]],
]);

/**
 * Detects where the process runs, and waits for what is read from files.
 *
 * An export that must wait for its resource is forgotten by a shutdown that comes meanwhile (sdk-trace 3.1).
 */
async function detectResource(names: readonly string[]): Promise<Resource> {
  const chosen = names.includes('all') ? [...RESOURCE_DETECTORS.keys()] : names;
  const detected = detectResources({ detectors: chosen.flatMap((name) => RESOURCE_DETECTORS.get(name) ?? []) });
  await detected.waitForAsyncAttributes?.();
  return defaultResource().merge(resourceFromAttributes(detected.attributes));
}

/** The process without its command line, which carries secrets while the resource travels with every batch. */
function detectProcess(): ReturnType<ResourceDetector['detect']> {
  const attributes = Object.entries(processDetector.detect().attributes ?? {});
  return { attributes: Object.fromEntries(attributes.filter(([key]) => !key.startsWith('process.command'))) };
}

function runtimeInstrumentation(): RuntimeNodeInstrumentation {
  return new RuntimeNodeInstrumentation({ monitoringPrecision: EVENT_LOOP_RESOLUTION_MS });
}

function pageAddress(prometheus: { port?: number; host?: string }): { host: string; port?: number } {
  return { host: prometheus.host ?? '127.0.0.1', ...(prometheus.port !== undefined && { port: prometheus.port }) };
}

function warnOnce(): (error: Error) => void {
  let isSaid = false;
  return (error) => {
    if (isSaid) return;
    isSaid = true;
    // A refused connection to a name with two addresses has a code and no message.
    warn('EXPORT_FAILED', error.message || String((error as NodeJS.ErrnoException).code ?? error.name));
  };
}

async function flush(): Promise<void> {
  const flushes = [tracerProvider(), metrics.getMeterProvider()].map((provider) =>
    'forceFlush' in provider ? (provider.forceFlush as () => Promise<void>).call(provider) : undefined,
  );
  await within(FLUSH_TIMEOUT_MS, Promise.all(flushes));
}

function tracerProvider(): TracerProvider {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
}

/** The provider of the API alone can do nothing but hand out tracers. */
function isSdkRegistered(): boolean {
  return 'forceFlush' in tracerProvider();
}

/**
 * Waits for `work` at most `timeoutMs`, also when it rejects.
 *
 * The timer is live on purpose: exports keep nothing alive, and a process must not end in the middle of an await.
 *
 * @returns whether it ended in time
 */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([ended, expired]);
  clearTimeout(timer);
  return isInTime;
}
