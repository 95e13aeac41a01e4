// Builds the OpenTelemetry SDK from a configuration model and registers it. Loaded only when telemetry starts, because
// these imports cost a quarter of a second.
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Context,
  type logs,
  type MeterProvider,
  metrics,
  type ProxyTracerProvider,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { TracerProvider as SdkTracerProvider } from '@opentelemetry/sdk-trace';
import { watchEnding } from './bound/ending.ts';
import type { Holder } from './bound/hand-over.ts';
import { createLastActs, type Held } from './bound/last-acts.ts';
import { createOpenSpans } from './bound/open-spans.ts';
import { createOutlet } from './bound/outlet.ts';
import { redactReader } from './bound/redacted-metrics.ts';
import { createRedaction, type Redaction } from './bound/redaction.ts';
import { within } from './bound/within.ts';
import type { Model } from './config/model.ts';
import { warn } from './errors.ts';
import { startChannels } from './instrument/channels.ts';
import { startInstalled } from './instrument/installed.ts';
import { settingsOfPackages, unhonoured } from './instrument/installed-settings.ts';
import { startPino } from './instrument/pino.ts';
import { createCounting } from './metrics/counting.ts';
import type { ExemplarFilter } from './metrics/exemplars.ts';
import { ATTRIBUTE, SCOPE_NAME, SCOPE_VERSION } from './names.ts';
import type { TelemetryOptions } from './options.ts';
import type { Outlet } from './otlp-transport.ts';
import { startContexts } from './providers/contexts.ts';
import { startDiagnostics } from './providers/diagnostics.ts';
import { createLoggerProvider } from './providers/logs.ts';
import { createMeterProvider, createPage, createReaders } from './providers/metrics.ts';
import { createResource } from './providers/resource.ts';
import { createReplaceableSampler, type ReplaceableSampler } from './providers/samplers.ts';
import { createSpanProcessors, spanLimits } from './providers/spans.ts';
import { switchTracers } from './providers/switched-scopes.ts';
import type { Telemetry } from './telemetry.ts';

/** How long `flush()` waits. */
const FLUSH_TIMEOUT_MS = 2000;

/** The event loop is sampled by a timer of its own; every 10 ms, the default, is too dear beside every service. */
const EVENT_LOOP_RESOLUTION_MS = 50;

/** Tells of another sampler from now on. @returns what ends it */
export type Follow = (replaceSampler: ReplaceableSampler['replace']) => () => void;

/** What is started. */
interface Running extends Omit<Held, 'outlet' | 'onShut'> {
  readonly page: PrometheusExporter | undefined;
  readonly contexts: AsyncLocalStorage<Context> | undefined;
  readonly meterProvider: Held['meterProvider'] & MeterProvider;
  readonly replaceSampler: ReplaceableSampler['replace'];
}

/** The parts of the API that hand out what finds a provider later, if it is registered with the same copy of the API. */
export interface Registries {
  readonly trace: typeof trace;
  readonly logs: typeof logs;
}

/**
 * Starts the OpenTelemetry SDK and registers it globally.
 *
 * @param options what the model has no word for
 * @param registries those of the API that the program itself imports, which as an ES module is another copy
 * @param follow where the model is from something that may change
 */
export async function startProviders(
  model: Model,
  options: TelemetryOptions,
  registries: Registries,
  follow?: Follow,
): Promise<Telemetry> {
  if (isSdkRegistered()) warn('SDK_REGISTERED', 'there was one before startTelemetry');
  const outlet = createOutlet(warnOnce());
  const running = await createProviders(model, options, outlet, registries);
  const stopInstruments = startInstruments(model, options, running);
  const unfollow = follow?.(running.replaceSampler);
  const { page } = running;
  const port = options.prometheus?.port;
  if (page && port !== undefined) {
    await page.startServer().catch((error: Error) => warn('PROMETHEUS_PORT', error.message));
  }

  const acts = createLastActs({
    ...running,
    outlet,
    onShut() {
      unfollow?.();
      stopInstruments();
      // Last, because a signal may have come meanwhile.
      unwatch();
    },
  });
  const unwatch = watchEnding(acts);
  const telemetry = { flush: () => flush(running), shutdown: acts.shutdown };
  if (!page || port !== undefined) return telemetry;
  const metricsPage: Telemetry['metricsPage'] = (request, response) =>
    page.getMetricsRequestHandler(request as IncomingMessage, response as ServerResponse);
  return { ...telemetry, metricsPage };
}

async function createProviders(
  model: Model,
  options: TelemetryOptions,
  outlet: Outlet,
  registries: Registries,
): Promise<Running> {
  const redaction = redactionOf(model, options);
  startDiagnostics(model.log_level, redaction);
  const resource = await createResource(model.resource, redaction);
  const serviceName = String(resource.attributes[ATTRIBUTE.serviceName]);
  const { onFailure } = outlet;
  const counting = createCounting({
    ...options.sampling,
    filter: filterOf(model.meter_provider?.exemplar_filter),
    redact: (attributes) => redaction.attributes(attributes),
    serviceName,
    onFailure,
  });
  const holders: Holder[] = [];
  const metricHolders: Holder[] = [];
  const page = options.prometheus && createPage(pageAddress(options.prometheus), counting);
  const readers = await createReaders(
    model.meter_provider?.readers ?? [],
    { outlet, holders: metricHolders },
    counting,
  );
  const redacted = [...readers, ...(page ? [page] : [])].map((reader) => redactReader(reader, redaction));
  const meterProvider = createMeterProvider(model, resource, redacted);
  const surroundings = { outlet, meterProvider, redaction, holders };
  const loggerProvider = await createLoggerProvider(model, resource, surroundings);
  const open = createOpenSpans(() => loggerProvider.getLogger(SCOPE_NAME, SCOPE_VERSION));
  const exporting = await createSpanProcessors(model, surroundings);
  let configured: ReplaceableSampler | undefined;
  const tracerProvider = new SdkTracerProvider({
    resource,
    sampler: counting.sampler(
      () => (configured = createReplaceableSampler(model.tracer_provider?.sampler, { serviceName, onFailure })),
    ),
    spanProcessors: [...counting.spanProcessors, open.processor, ...exporting],
    spanLimits: spanLimits(model),
  });

  metrics.setGlobalMeterProvider(counting.exemplars.meterProvider(meterProvider));
  registries.logs.setGlobalLoggerProvider(loggerProvider);
  registries.trace.setGlobalTracerProvider(switchTracers(tracerProvider, model));
  return {
    page,
    contexts: startContexts(model.propagator),
    replaceSampler: (node) => configured?.replace(node),
    meterProvider,
    itemProviders: [tracerProvider, loggerProvider],
    open,
    holders: [...holders, ...metricHolders],
    onShutdown() {
      counting.close();
      configured?.close();
    },
  };
}

/** Starts what observes libraries, and gives what stops it. */
function startInstruments(model: Model, options: TelemetryOptions, { contexts, meterProvider }: Running): () => void {
  const stops: (() => void)[] = [];
  if (model.distribution?.evenkeel?.runtime_metrics !== false) {
    const runtime = new RuntimeNodeInstrumentation({ monitoringPrecision: EVENT_LOOP_RESOLUTION_MS });
    // Not the global one: what Node does by itself belongs to no trace, and is no news of the program when it ends.
    runtime.setMeterProvider(meterProvider);
    stops.push(() => runtime.disable());
  }
  const switches = model['instrumentation/development']?.js ?? {};
  const general = model['instrumentation/development']?.general ?? {};
  const isWanted = options.instrumentations !== false;
  const installed = isWanted ? startInstalled(settingsOfPackages(switches, general)) : [];
  for (const problem of unhonoured(switches, general, installed)) warn('INSTRUMENTATION_FAILED', problem);
  stops.push(startChannels({ switches, installed, contexts, http: general.http?.client }), startPino(switches));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Those of the specification; another one in the environment is taken for the default. */
function filterOf(name: string | null | undefined): ExemplarFilter {
  return name === 'always_on' || name === 'always_off' ? name : 'trace_based';
}

/** Patterns in code keep their flags; those of a file are words of it. */
function redactionOf(model: Model, options: TelemetryOptions): Redaction {
  const node = model.distribution?.evenkeel?.redaction;
  const { sanitization } = model['instrumentation/development']?.general ?? {};
  return createRedaction(
    {
      enabled: node?.enabled ?? true,
      keys: node?.keys ?? [],
      values: options.redaction?.values ?? (node?.values ?? []).map((source) => new RegExp(source)),
    },
    sanitization?.url?.sensitive_query_parameters ?? [],
  );
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

/** Sends what its own providers hold, whoever has taken their places since. */
async function flush({ itemProviders, meterProvider }: Running): Promise<void> {
  const providers = [...itemProviders, meterProvider];
  await within(FLUSH_TIMEOUT_MS, Promise.all(providers.map((provider) => provider.forceFlush())));
}

function globalTracerProvider(): TracerProvider {
  const provider = trace.getTracerProvider();
  // Of another copy of the API, and so of another class.
  return 'getDelegate' in provider ? (provider as ProxyTracerProvider).getDelegate() : provider;
}

/** The provider of the API alone can do nothing but hand out tracers. */
function isSdkRegistered(): boolean {
  return 'forceFlush' in globalTracerProvider();
}
