// Builds the OpenTelemetry SDK from a configuration model and registers it. Loaded only when telemetry starts, because
// these imports cost a quarter of a second.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Context,
  context,
  logs,
  metrics,
  propagation,
  ProxyTracerProvider,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider as SdkTracerProvider } from '@opentelemetry/sdk-trace';
import { createOpenSpans } from './bound/open-spans.ts';
import { redactReader } from './bound/redacted-metrics.ts';
import { createRedaction } from './bound/redaction.ts';
import { watchEnding } from './bound/ending.ts';
import type { Model } from './config/model.ts';
import { warn } from './errors.ts';
import { startChannels } from './instrument/channels.ts';
import { startInstalled } from './instrument/installed.ts';
import { startPino } from './instrument/pino.ts';
import { createCounting } from './metrics/counting.ts';
import type { ExemplarFilter } from './metrics/exemplars.ts';
import { ATTRIBUTE, SCOPE_NAME, SCOPE_VERSION } from './names.ts';
import type { TelemetryOptions } from './options.ts';
import type { Outlet } from './otlp-transport.ts';
import { startDiagnostics } from './providers/diagnostics.ts';
import { createLogProcessors, logLimits } from './providers/logs.ts';
import { createReaders, createViews } from './providers/metrics.ts';
import { createPropagator } from './providers/propagators.ts';
import { createResource } from './providers/resource.ts';
import { createSampler } from './providers/samplers.ts';
import { createSpanPipeline, spanLimits } from './providers/spans.ts';
import type { Telemetry } from './telemetry.ts';

/** How long `flush()` waits. */
const FLUSH_TIMEOUT_MS = 2000;

/** How long `shutdown()` waits, so that a process ends within half a second of SIGTERM. */
const SHUTDOWN_TIMEOUT_MS = 400;

/** How long metrics wait at shutdown for what they count. */
const HEAD_START_MS = 150;

/** How finely waiting is counted. */
const STEP_MS = 50;

/** Requests that may wait for the three signals at a time: 30 for each, OpenTelemetry's own limit. */
const MAX_REQUESTS = 90;

/** The event loop is sampled by a timer of its own; every 10 ms, the default, is too dear beside every service. */
const EVENT_LOOP_RESOLUTION_MS = 50;

/** What is started, and how it is stopped. */
interface Running {
  readonly page: PrometheusExporter | undefined;
  readonly contexts: AsyncLocalStorage<Context> | undefined;
  shutdown(): Promise<unknown>;
  handOver(fatal: unknown): void;
}

/** Starts the OpenTelemetry SDK and registers it globally. `options` is for what the model has no word for. */
export async function startProviders(model: Model, options: TelemetryOptions): Promise<Telemetry> {
  if (isSdkRegistered()) warn('SDK_REGISTERED', 'there was one before startTelemetry');
  const closing = new AbortController();
  const closed = new AbortController();
  setMaxListeners(MAX_REQUESTS, closing.signal, closed.signal);
  const outlet: Outlet = { closing: closing.signal, closed: closed.signal, onFailure: warnOnce() };
  const running = await createProviders(model, options, outlet);
  const stopInstruments = startInstruments(model, options, running);
  const { page } = running;
  const port = options.prometheus?.port;
  if (page && port !== undefined) {
    await page.startServer().catch((error: Error) => warn('PROMETHEUS_PORT', error.message));
  }

  const stop = async (): Promise<void> => {
    closing.abort();
    const isInTime = await within(SHUTDOWN_TIMEOUT_MS, running.shutdown());
    if (!isInTime) outlet.onFailure(new Error(`no answer within ${SHUTDOWN_TIMEOUT_MS} ms at shutdown`));
    closed.abort();
    stopInstruments();
    // Last, because a signal may have come meanwhile.
    unwatch();
  };
  let stopping: Promise<void> | undefined;
  const shutdown = (): Promise<void> => (stopping ??= stop());
  const unwatch = watchEnding({ shutdown, handOver: running.handOver });
  const telemetry = { flush, shutdown };
  if (!page || port !== undefined) return telemetry;
  const metricsPage: Telemetry['metricsPage'] = (request, response) =>
    page.getMetricsRequestHandler(request as IncomingMessage, response as ServerResponse);
  return { ...telemetry, metricsPage };
}

async function createProviders(model: Model, options: TelemetryOptions, outlet: Outlet): Promise<Running> {
  const redaction = createRedaction(redactionOf(model, options));
  startDiagnostics(model.log_level, redaction);
  const resource = await createResource(model.resource, redaction);
  const page =
    options.prometheus && new PrometheusExporter({ ...pageAddress(options.prometheus), preventServerStart: true });
  const counting = createCounting({
    ...options.sampling,
    filter: filterOf(model.meter_provider?.exemplar_filter),
    redact: (attributes) => redaction.attributes(attributes),
    serviceName: String(resource.attributes[ATTRIBUTE.serviceName]),
    onFailure: outlet.onFailure,
  });
  const readers = await createReaders(model.meter_provider?.readers ?? [], outlet, counting);
  const meterProvider = new MeterProvider({
    resource,
    readers: [...readers, ...(page ? [page] : [])].map((reader) => redactReader(reader, redaction)),
    views: createViews(model.meter_provider?.views ?? []),
  });
  const surroundings = { outlet, meterProvider, redaction };
  const loggerProvider = new LoggerProvider({
    resource,
    processors: await createLogProcessors(model.logger_provider?.processors ?? [], surroundings),
    logRecordLimits: logLimits(model),
  });
  const open = createOpenSpans(() => loggerProvider.getLogger(SCOPE_NAME, SCOPE_VERSION));
  const pipeline = await createSpanPipeline(model.tracer_provider?.processors ?? [], surroundings);
  const tracerProvider = new SdkTracerProvider({
    resource,
    sampler: counting.sampler(createSampler(model.tracer_provider?.sampler)),
    spanProcessors: [...counting.spanProcessors, open.processor, ...pipeline.processors],
    spanLimits: spanLimits(model),
  });

  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  const propagator = createPropagator(model.propagator);
  if (propagator) propagation.setGlobalPropagator(propagator);
  metrics.setGlobalMeterProvider(counting.exemplars.meterProvider(meterProvider));
  logs.setGlobalLoggerProvider(loggerProvider);
  trace.setGlobalTracerProvider(tracerProvider);
  return {
    page,
    contexts: storeOf(contexts),
    async shutdown() {
      counting.close();
      // Whoever would end them later finds nobody to tell.
      open.endAll(undefined);
      const items = Promise.all([tracerProvider.shutdown(), loggerProvider.shutdown()]);
      // Metrics also tell what became of those, unless they would have no time left.
      await within(HEAD_START_MS, items);
      await Promise.all([items, meterProvider.shutdown()]);
    },
    handOver(fatal) {
      open.endAll(fatal);
      pipeline.handOver();
    },
  };
}

/** Starts what observes libraries, and gives what stops it. */
function startInstruments(model: Model, options: TelemetryOptions, { contexts }: Running): () => void {
  const stops: (() => void)[] = [];
  if (model.distribution?.evenkeel?.runtime_metrics !== false) {
    const runtime = new RuntimeNodeInstrumentation({ monitoringPrecision: EVENT_LOOP_RESOLUTION_MS });
    runtime.setMeterProvider(metrics.getMeterProvider());
    stops.push(() => runtime.disable());
  }
  const switches = model['instrumentation/development']?.js ?? {};
  const installed = options.instrumentations === false ? [] : startInstalled(switches);
  stops.push(startChannels({ switches, installed, contexts }), startPino(switches));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Those of the specification; another one in the environment is taken for the default. */
function filterOf(name: string | null | undefined): ExemplarFilter {
  return name === 'always_on' || name === 'always_off' ? name : 'trace_based';
}

/** Where the manager keeps the active context: it has no accessor, and without it operations have no children. */
function storeOf(manager: AsyncLocalStorageContextManager): AsyncLocalStorage<Context> | undefined {
  const { _asyncLocalStorage: store } = manager as unknown as { _asyncLocalStorage?: unknown };
  return store instanceof AsyncLocalStorage ? store : undefined;
}

/** Patterns in code keep their flags; those of a file are words of it. */
function redactionOf(model: Model, options: TelemetryOptions): NonNullable<TelemetryOptions['redaction']> {
  const node = model.distribution?.evenkeel?.redaction;
  return {
    enabled: node?.enabled ?? true,
    keys: node?.keys ?? [],
    values: options.redaction?.values ?? (node?.values ?? []).map((source) => new RegExp(source)),
  };
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
  const flushes = [globalTracerProvider(), logs.getLoggerProvider(), metrics.getMeterProvider()].map((provider) =>
    'forceFlush' in provider ? (provider.forceFlush as () => Promise<void>).call(provider) : undefined,
  );
  await within(FLUSH_TIMEOUT_MS, Promise.all(flushes));
}

function globalTracerProvider(): TracerProvider {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
}

/** The provider of the API alone can do nothing but hand out tracers. */
function isSdkRegistered(): boolean {
  return 'forceFlush' in globalTracerProvider();
}

/**
 * Waits for `work` at most `timeoutMs`, also when it rejects.
 *
 * Counted in short steps, each of which has to be run: a process that gets no share of a busy machine is not cut off
 * for it. The timer is live on purpose: exports keep nothing alive, and a process must not end in the middle of an await.
 *
 * @returns whether it ended in time
 */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<false>((resolve) => {
    const wait = (leftMs: number): void => {
      if (leftMs <= 0) return resolve(false);
      timer = setTimeout(() => wait(leftMs - STEP_MS), STEP_MS);
    };
    wait(timeoutMs);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([ended, expired]);
  clearTimeout(timer);
  return isInTime;
}
