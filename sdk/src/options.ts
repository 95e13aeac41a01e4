// Checks the options of startTelemetry and joins them with the environment: code over environment over defaults.
// The only place in the SDK that reads environment variables.
import { checkAddress, knownWords } from './config/known-values.ts';
import { samplerOf, type Tell } from './config/sampler-setting.ts';
import { checkOptions } from './option-checks.ts';
import { withoutSecrets } from './bound/secrets.ts';
import { EvenkeelError } from './errors.ts';
import type { SamplingOptions } from './sample/sampling-options.ts';
import { type ExceptionSignal, state } from './state.ts';

/** Protocols the SDK sends by itself. */
export type Protocol = 'http/protobuf' | 'http/json';

/** What {@link startTelemetry} takes; only `serviceName` is required. */
export interface TelemetryOptions {
  /** Name of the service, the same for all its instances. */
  readonly serviceName: string;
  readonly serviceVersion?: string;
  /** Base URL of the sidecar, `http://127.0.0.1:4318` unless set here or by `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint?: string;
  /** `http/protobuf` unless set here or by `OTEL_EXPORTER_OTLP_PROTOCOL`. */
  readonly protocol?: Protocol;
  /** Sent with every export, over those of `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly resourceAttributes?: Readonly<Record<string, string | number | boolean>>;
  /** Event loop, garbage collection and heap as metrics; on unless false. */
  readonly runtimeMetrics?: boolean;
  /** What is taken out of attributes before they leave the process; the secrets everybody has, unless set here. */
  readonly redaction?: RedactionOptions;
  /** How much is sampled, and what is counted whatever is sampled. */
  readonly sampling?: SamplingOptions;
  /** OpenTelemetry instrumentations that the program has installed are used unless false. */
  readonly instrumentations?: boolean;
  /** With a port: serves the metrics of this process there. Without: see {@link Telemetry.metricsPage}. */
  readonly prometheus?: { readonly port?: number; readonly host?: string };
}

/** What is added to, or taken from, the redaction that is on by default. */
export interface RedactionOptions {
  /** False leaves every value as it is. */
  readonly enabled?: boolean;
  /** More attribute keys whose values never leave, whole keys, in any case. */
  readonly keys?: readonly string[];
  /** More patterns to be replaced inside of values. */
  readonly values?: readonly RegExp[];
}

/** One way for a signal out of the process. A protocol without `url` finds its address in the environment. */
export type Route = { readonly protocol: Protocol; readonly url?: string } | 'grpc' | 'console' | 'prometheus';

/** Limits of a span; what is over them is cut or left out, and OpenTelemetry counts it in the span. */
export interface SpanLimits {
  readonly attributeValueLengthLimit: number;
  readonly attributeCountLimit: number;
  readonly eventCountLimit: number;
  readonly linkCountLimit: number;
  readonly attributePerEventCountLimit: number;
  readonly attributePerLinkCountLimit: number;
}

/** Options and environment joined, nothing left to decide. */
export interface Settings {
  readonly options: TelemetryOptions;
  readonly disabled: boolean;
  readonly configFile?: string | undefined;
  /** `none` unless OTEL_LOG_LEVEL says otherwise: a missing sidecar is told once, not at each export. */
  readonly logLevel: string;
  /** Where a signal goes; nowhere when empty. */
  readonly traces: readonly Route[];
  readonly metrics: readonly Route[];
  readonly logs: readonly Route[];
  /** What the environment asks for and this SDK has not; each is told once. */
  readonly unknown: readonly string[];
  readonly propagators: readonly string[];
  /** As the configuration model has it, whose types are not part of the package. */
  readonly sampler: Readonly<Record<string, unknown>>;
  readonly spanLimits: SpanLimits;
  readonly logLimits: Pick<SpanLimits, 'attributeValueLengthLimit' | 'attributeCountLimit'>;
  readonly exceptionSignal: ExceptionSignal;
  readonly environment: Environment;
  readonly resourceDetectors: readonly string[];
  /** As OTEL_NODE_DISABLED_INSTRUMENTATIONS names them, without the beginning they share. */
  readonly disabledInstrumentations: readonly string[];
  readonly batch: {
    readonly scheduledDelayMillis: number;
    readonly exportTimeoutMillis: number;
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
  };
  /** Which measurements may become exemplars, as OTEL_METRICS_EXEMPLAR_FILTER names it. */
  readonly exemplarFilter: string;
  readonly metricIntervalMs: number;
  readonly metricTimeoutMs: number;
}

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = 'http://127.0.0.1:4318';

/** The sidecar steps by span end time and waits for the learned lag of a flush, so flush often. */
const FLUSH_INTERVAL_MS = 1000;

/**
 * How long the processors wait for one export; the transport itself goes on for OTEL_EXPORTER_OTLP_TIMEOUT.
 * They hold a live timer while they wait, and a program that just ends must not be held longer than this.
 */
const EXPORT_WAIT_MS = 1000;

/** Defaults of the specification, spelled out because a processor that is handed over reads no OTEL_BSP_*. */
const MAX_QUEUE_SIZE = 2048;
const MAX_EXPORT_BATCH_SIZE = 512;

/** An attribute is a fact, not a document. OpenTelemetry itself has no limit of length. */
const MAX_ATTRIBUTE_LENGTH = 4096;

/** Attributes, events and links of one span, and attributes of one event or link; those of the specification. */
const MAX_COUNT = 128;

/** What a timer can wait, in milliseconds; it fires at once for more. Enough for any size. */
const MAX_NUMBER = 2 ** 31 - 1;

/** Runtime metrics change slowly, and each point costs the sidecar more than a span. */
const METRIC_INTERVAL_MS = 5000;

/**
 * Checks `options` and joins them with the environment.
 *
 * @throws OPTIONS_INVALID with all problems at once; CONFIG_FILE_CONFLICT when a configuration file is set too
 */
export function resolveSettings(options: TelemetryOptions, environment: Environment = process.env): Settings {
  state.clean = withoutSecrets;
  const problems = checkOptions(options);
  if (problems.length > 0) throw new EvenkeelError('OPTIONS_INVALID', problems.join('; '));
  const read: Read = (name) => environment[name]?.trim() || undefined;
  const configFile = read('OTEL_CONFIG_FILE');
  const extra = Object.entries(options).flatMap(([key, value]) =>
    key === 'serviceName' || value === undefined ? [] : [key],
  );
  if (configFile !== undefined && extra.length > 0) {
    throw new EvenkeelError('CONFIG_FILE_CONFLICT', `OTEL_CONFIG_FILE=${configFile} and ${extra.join(', ')}`);
  }
  const unknown = new Set<string>();
  const tell: Tell = (what) => void unknown.add(what);
  const number = (names: string | readonly string[], fallback: number): number => {
    for (const name of [names].flat()) {
      const value = Number(read(name));
      if (Number.isFinite(value) && value >= 1) return Math.min(value, MAX_NUMBER);
      if (read(name) !== undefined) tell(`${name}=${read(name)}`);
    }
    return fallback;
  };
  const maxQueueSize = number('OTEL_BSP_MAX_QUEUE_SIZE', MAX_QUEUE_SIZE);
  const metricIntervalMs = number('OTEL_METRIC_EXPORT_INTERVAL', METRIC_INTERVAL_MS);
  const routes = (signal: Signal): Route[] => routesOf(signal, options, read, tell);
  const words = (name: Parameters<typeof knownWords>[0], fallback: string): string[] =>
    knownWords(name, list(read(name) ?? fallback), tell);
  return {
    options,
    disabled: read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
    configFile,
    logLevel: read('OTEL_LOG_LEVEL') ?? 'none',
    traces: routes('TRACES'),
    metrics: routes('METRICS'),
    logs: routes('LOGS'),
    propagators: words('OTEL_PROPAGATORS', 'tracecontext,baggage'),
    sampler: samplerOf(read('OTEL_TRACES_SAMPLER'), read('OTEL_TRACES_SAMPLER_ARG'), tell),
    spanLimits: spanLimits(number),
    logLimits: {
      attributeValueLengthLimit: number(of('LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT'), MAX_ATTRIBUTE_LENGTH),
      attributeCountLimit: number(of('LOGRECORD_ATTRIBUTE_COUNT_LIMIT'), MAX_COUNT),
    },
    exceptionSignal: exceptionSignalOf(list(read('OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN') ?? '')),
    environment,
    exemplarFilter: words('OTEL_METRICS_EXEMPLAR_FILTER', 'trace_based')[0] ?? 'trace_based',
    disabledInstrumentations: list(read('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? ''),
    resourceDetectors: words('OTEL_NODE_RESOURCE_DETECTORS', 'all'),
    batch: {
      scheduledDelayMillis: number('OTEL_BSP_SCHEDULE_DELAY', FLUSH_INTERVAL_MS),
      exportTimeoutMillis: number('OTEL_BSP_EXPORT_TIMEOUT', EXPORT_WAIT_MS),
      maxQueueSize,
      maxExportBatchSize: Math.min(number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', MAX_EXPORT_BATCH_SIZE), maxQueueSize),
    },
    metricIntervalMs,
    metricTimeoutMs: Math.min(number('OTEL_METRIC_EXPORT_TIMEOUT', EXPORT_WAIT_MS), metricIntervalMs),
    // Last, because all above tells. Beside a file variables are not asked.
    unknown: configFile === undefined ? [...unknown] : [],
  };
}

/**
 * Makes the options of a program that is started without a line of code.
 *
 * @param fallbackName the service where the environment does not name one
 */
export function optionsOfEnvironment(fallbackName: string, environment: Environment = process.env): TelemetryOptions {
  const listed = /(?:^|,)\s*service\.name\s*=\s*([^,]+)/.exec(environment['OTEL_RESOURCE_ATTRIBUTES'] ?? '')?.[1];
  return { serviceName: environment['OTEL_SERVICE_NAME']?.trim() || decoded(listed?.trim()) || fallbackName };
}

/** Values of resource attributes are percent-encoded; what is not stays as it is. */
function decoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The variables of this process, for those that look at all of them. */
export function readEnvironment(): Environment {
  return process.env;
}

type Read = (name: string) => string | undefined;
type ReadNumber = (names: string | readonly string[], fallback: number) => number;
type Signal = 'TRACES' | 'METRICS' | 'LOGS';

function list(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The name of a limit and of the one it is taken from when it is not set. */
function of(name: string): string[] {
  return [`OTEL_${name}`, `OTEL_${name.replace(/^(SPAN|LOGRECORD)_/, '')}`];
}

function spanLimits(number: ReadNumber): SpanLimits {
  return {
    attributeValueLengthLimit: number(of('SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT'), MAX_ATTRIBUTE_LENGTH),
    attributeCountLimit: number(of('SPAN_ATTRIBUTE_COUNT_LIMIT'), MAX_COUNT),
    eventCountLimit: number('OTEL_SPAN_EVENT_COUNT_LIMIT', MAX_COUNT),
    linkCountLimit: number('OTEL_SPAN_LINK_COUNT_LIMIT', MAX_COUNT),
    attributePerEventCountLimit: number('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', MAX_COUNT),
    attributePerLinkCountLimit: number('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', MAX_COUNT),
  };
}

function exceptionSignalOf(words: readonly string[]): ExceptionSignal {
  if (words.includes('logs/dup')) return 'events+logs';
  return words.includes('logs') ? 'logs' : 'events';
}

/** Decides who exports a signal; tells what is asked for and not there. */
function routesOf(signal: Signal, options: TelemetryOptions, read: Read, tell: Tell): Route[] {
  const exporters = list(read(`OTEL_${signal}_EXPORTER`) ?? 'otlp');
  if (exporters.includes('none')) return [];
  return exporters.flatMap((exporter): Route[] => {
    if (exporter === 'otlp') return [otlpRoute(signal, options, read, tell)];
    if (exporter === 'console') return [exporter];
    if (exporter === 'prometheus' && signal === 'METRICS') return [exporter];
    tell(`OTEL_${signal}_EXPORTER=${exporter}`);
    return [];
  });
}

function otlpRoute(signal: Signal, options: TelemetryOptions, read: Read, tell: Tell): Route {
  const nameOf = (end: string): string => {
    const own = `OTEL_EXPORTER_OTLP_${signal}_${end}`;
    return read(own) === undefined ? `OTEL_EXPORTER_OTLP_${end}` : own;
  };
  const wanted = read(nameOf('PROTOCOL'));
  // A base URL in code is an HTTP one, so it also outweighs another protocol in the environment.
  if (wanted === 'grpc' && !options.protocol && !options.endpoint) return 'grpc';
  const known = wanted === 'http/protobuf' || wanted === 'http/json' ? wanted : undefined;
  if (!known && wanted !== undefined && wanted !== 'grpc') tell(`${nameOf('PROTOCOL')}=${wanted}`);
  const protocol = options.protocol ?? known ?? 'http/protobuf';
  const address = read(nameOf('ENDPOINT'));
  if (options.endpoint === undefined && address !== undefined) {
    checkAddress(nameOf('ENDPOINT'), address, tell);
    return { protocol };
  }
  const base = (options.endpoint ?? DEFAULT_ENDPOINT).replace(/\/+$/, '');
  return { protocol, url: `${base}/v1/${signal.toLowerCase()}` };
}
