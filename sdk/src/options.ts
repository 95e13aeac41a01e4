// Checks the options of startTelemetry and joins them with the environment: code over environment over defaults.
// The only place in the SDK that reads environment variables.
import { EvenkeelError } from './errors.ts';

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
  /** With a port: serves the metrics of this process there. Without: see {@link Telemetry.metricsPage}. */
  readonly prometheus?: { readonly port?: number; readonly host?: string };
}

/** How one signal leaves the process: by the SDK's own exporter, or as the environment asks for. */
export type Route = { readonly protocol: Protocol; readonly url?: string } | 'none' | 'environment';

/** Options and environment joined, nothing left to decide. */
export interface Settings {
  readonly options: TelemetryOptions;
  readonly disabled: boolean;
  readonly configFile?: string | undefined;
  /** `none` unless OTEL_LOG_LEVEL says otherwise: a missing sidecar is told once, not at each export. */
  readonly logLevel: string;
  readonly traces: Route;
  readonly metrics: Route;
  readonly logs: 'none' | 'environment';
  readonly resourceDetectors: readonly string[];
  readonly batch: {
    readonly scheduledDelayMillis: number;
    readonly exportTimeoutMillis: number;
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
  };
  readonly metricIntervalMs: number;
  readonly metricTimeoutMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

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

/** Runtime metrics change slowly, and each point costs the sidecar more than a span. */
const METRIC_INTERVAL_MS = 5000;

/**
 * Checks `options` and joins them with the environment.
 *
 * @throws OPTIONS_INVALID with all problems at once; CONFIG_FILE_CONFLICT when a configuration file is set too
 */
export function resolveSettings(options: TelemetryOptions, environment: Environment = process.env): Settings {
  const problems = checkOptions(options);
  if (problems.length > 0) throw new EvenkeelError('OPTIONS_INVALID', problems.join('; '));
  const read = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const configFile = read('OTEL_CONFIG_FILE');
  const extra = Object.entries(options).flatMap(([key, value]) =>
    key === 'serviceName' || value === undefined ? [] : [key],
  );
  if (configFile !== undefined && extra.length > 0) {
    throw new EvenkeelError('CONFIG_FILE_CONFLICT', `OTEL_CONFIG_FILE=${configFile} and ${extra.join(', ')}`);
  }
  const number = (name: string, fallback: number): number => {
    const value = Number(read(name));
    return Number.isFinite(value) && value > 0 ? value : fallback;
  };
  const maxQueueSize = number('OTEL_BSP_MAX_QUEUE_SIZE', MAX_QUEUE_SIZE);
  const metricIntervalMs = number('OTEL_METRIC_EXPORT_INTERVAL', METRIC_INTERVAL_MS);
  return {
    options,
    disabled: read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
    configFile,
    logLevel: read('OTEL_LOG_LEVEL') ?? 'none',
    traces: route('TRACES', options, read),
    metrics: route('METRICS', options, read),
    logs: read('OTEL_LOGS_EXPORTER') === undefined ? 'none' : 'environment',
    resourceDetectors: (read('OTEL_NODE_RESOURCE_DETECTORS') ?? 'all').split(',').map((name) => name.trim()),
    batch: {
      scheduledDelayMillis: number('OTEL_BSP_SCHEDULE_DELAY', FLUSH_INTERVAL_MS),
      exportTimeoutMillis: number('OTEL_BSP_EXPORT_TIMEOUT', EXPORT_WAIT_MS),
      maxQueueSize,
      maxExportBatchSize: Math.min(number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', MAX_EXPORT_BATCH_SIZE), maxQueueSize),
    },
    metricIntervalMs,
    metricTimeoutMs: Math.min(number('OTEL_METRIC_EXPORT_TIMEOUT', EXPORT_WAIT_MS), metricIntervalMs),
  };
}

/** Decides who exports a signal. What the environment asks for and we do not speak is left to OpenTelemetry. */
function route(
  signal: 'TRACES' | 'METRICS',
  options: TelemetryOptions,
  read: (name: string) => string | undefined,
): Route {
  const exporter = read(`OTEL_${signal}_EXPORTER`) ?? 'otlp';
  if (exporter !== 'otlp') return exporter === 'none' ? 'none' : 'environment';
  const wanted = read(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ?? read('OTEL_EXPORTER_OTLP_PROTOCOL');
  const known = wanted === 'http/protobuf' || wanted === 'http/json' ? wanted : undefined;
  // A base URL in code is an HTTP one, so it also outweighs another protocol in the environment.
  if (wanted !== undefined && known === undefined && !options.protocol && !options.endpoint) return 'environment';
  const protocol = options.protocol ?? known ?? 'http/protobuf';
  const inEnvironment =
    read(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) !== undefined || read('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined;
  if (options.endpoint === undefined && inEnvironment) return { protocol };
  const base = (options.endpoint ?? DEFAULT_ENDPOINT).replace(/\/+$/, '');
  return { protocol, url: `${base}/v1/${signal.toLowerCase()}` };
}

/** Lists what is wrong with the options, each with its name; empty when nothing is. */
function checkOptions(options: TelemetryOptions): string[] {
  if (typeof options !== 'object' || options === null) return ['options must be an object with a serviceName'];
  const problems: string[] = [];
  const check = (isValid: boolean, problem: string): void => {
    if (!isValid) problems.push(problem);
  };
  const { serviceName, serviceVersion, endpoint, protocol, headers, resourceAttributes, prometheus } = options;
  check(typeof serviceName === 'string' && serviceName.trim() !== '', 'serviceName must be a non-empty string');
  check(serviceVersion === undefined || typeof serviceVersion === 'string', 'serviceVersion must be a string');
  check(endpoint === undefined || isHttpUrl(endpoint), `endpoint must be an http or https URL: ${endpoint}`);
  const isProtocol = protocol === undefined || protocol === 'http/protobuf' || protocol === 'http/json';
  check(isProtocol, `protocol must be http/protobuf or http/json: ${protocol}`);
  check(areValues(headers, ['string']), 'headers must be an object of strings');
  const scalars = ['string', 'number', 'boolean'];
  check(areValues(resourceAttributes, scalars), 'resourceAttributes must be an object of strings, numbers or booleans');
  check(['undefined', 'boolean'].includes(typeof options.runtimeMetrics), 'runtimeMetrics must be true or false');
  check(prometheus === undefined || isObject(prometheus), 'prometheus must be an object');
  const port = prometheus?.port;
  const isPort = port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536);
  check(isPort, `prometheus.port must be between 1 and 65535: ${port}`);
  check(['undefined', 'string'].includes(typeof prometheus?.host), 'prometheus.host must be a string');
  for (const key of Object.keys(options)) check(OPTION_NAMES.has(key), `unknown option ${key}`);
  return problems;
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof TelemetryOptions>([
  'serviceName',
  'serviceVersion',
  'endpoint',
  'protocol',
  'headers',
  'resourceAttributes',
  'runtimeMetrics',
  'prometheus',
]);

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function areValues(record: unknown, types: readonly string[]): boolean {
  if (record === undefined) return true;
  return isObject(record) && Object.values(record).every((value) => types.includes(typeof value));
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
