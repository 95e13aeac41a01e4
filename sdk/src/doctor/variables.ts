// Looks for environment variables that do nothing: misspelt ones, and those that something else outweighs. Pure.
import type { Environment } from '../options.ts';

/** A variable that has no effect, and why. */
export interface Shadowed {
  readonly name: string;
  readonly why: string;
}

const SIGNALS = ['TRACES', 'METRICS', 'LOGS'] as const;
const OTLP = [
  'ENDPOINT',
  'HEADERS',
  'TIMEOUT',
  'PROTOCOL',
  'COMPRESSION',
  'CERTIFICATE',
  'CLIENT_KEY',
  'CLIENT_CERTIFICATE',
  'INSECURE',
];
const LIMITS = ['ATTRIBUTE_COUNT_LIMIT', 'ATTRIBUTE_VALUE_LENGTH_LIMIT'];

/** Variables this SDK, or OpenTelemetry beneath it, reads. */
const KNOWN: ReadonlySet<string> = new Set(
  [
    ['SDK_DISABLED', 'CONFIG_FILE', 'LOG_LEVEL', 'SERVICE_NAME', 'RESOURCE_ATTRIBUTES', 'NODE_RESOURCE_DETECTORS'],
    ['PROPAGATORS', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG', 'SEMCONV_EXCEPTION_SIGNAL_OPT_IN'],
    ['SEMCONV_STABILITY_OPT_IN', 'METRIC_EXPORT_INTERVAL', 'METRIC_EXPORT_TIMEOUT'],
    ['EXPORTER_PROMETHEUS_HOST', 'EXPORTER_PROMETHEUS_PORT', 'EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'],
    ['EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION', 'METRICS_EXEMPLAR_FILTER'],
    ['NODE_ENABLED_INSTRUMENTATIONS', 'NODE_DISABLED_INSTRUMENTATIONS'],
    ['BSP_SCHEDULE_DELAY', 'BSP_EXPORT_TIMEOUT', 'BSP_MAX_QUEUE_SIZE', 'BSP_MAX_EXPORT_BATCH_SIZE'],
    SIGNALS.map((signal) => `${signal}_EXPORTER`),
    ['', ...SIGNALS.map((signal) => `${signal}_`)].flatMap((signal) =>
      OTLP.map((name) => `EXPORTER_OTLP_${signal}${name}`),
    ),
    ['', 'SPAN_', 'LOGRECORD_'].flatMap((kind) => LIMITS.map((name) => kind + name)),
    ['SPAN_EVENT_COUNT_LIMIT', 'SPAN_LINK_COUNT_LIMIT', 'EVENT_ATTRIBUTE_COUNT_LIMIT', 'LINK_ATTRIBUTE_COUNT_LIMIT'],
  ]
    .flat()
    .map((name) => `OTEL_${name}`),
);

/** Beside a configuration file only these count. */
const BESIDE_FILE: ReadonlySet<string> = new Set([
  'OTEL_CONFIG_FILE',
  'OTEL_SDK_DISABLED',
  'OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN',
]);

/**
 * Lists the OTEL_* variables that have no effect.
 *
 * @param fileText the text of the configuration file, where there is one: what it refers to is in use
 */
export function findShadowed(environment: Environment, fileText?: string): Shadowed[] {
  const set = Object.keys(environment).filter((name) => name.startsWith('OTEL_') && environment[name]?.trim());
  return set.toSorted().flatMap((name): Shadowed[] => {
    const why = fileText === undefined ? whyNot(name, set, environment) : whyNotBeside(name, fileText);
    return why === undefined ? [] : [{ name, why }];
  });
}

/** What an option in code outweighs, by the variable it takes the place of. */
const IN_CODE: Readonly<Record<string, string>> = {
  OTEL_SERVICE_NAME: 'serviceName',
  OTEL_RESOURCE_ATTRIBUTES: 'resourceAttributes',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'endpoint',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'protocol',
  OTEL_EXPORTER_OTLP_HEADERS: 'headers',
};

/** Lists what would have no effect in a program that starts telemetry by code with the option named. */
export function outweighedByCode(environment: Environment): Shadowed[] {
  return Object.entries(IN_CODE).flatMap(([name, option]) =>
    environment[name]?.trim() ? [{ name, why: `startTelemetry({ ${option} }) would outweigh it` }] : [],
  );
}

function whyNotBeside(name: string, fileText: string): string | undefined {
  const isDetected = name === 'OTEL_SERVICE_NAME' && /\bservice:/.test(fileText);
  const isUsed = BESIDE_FILE.has(name) || isDetected || new RegExp(`\\$\\{(?:env:)?${name}\\b`).test(fileText);
  return isUsed ? undefined : 'the configuration file counts alone';
}

function whyNot(name: string, set: readonly string[], environment: Environment): string | undefined {
  if (!KNOWN.has(name)) {
    const near = [...KNOWN].find((known) => isNear(known, name));
    return near === undefined ? 'nothing reads it' : `nothing reads it; is ${near} meant?`;
  }
  const general = /^OTEL_EXPORTER_OTLP_(?!TRACES|METRICS|LOGS)(\w+)$/.exec(name)?.[1];
  if (general !== undefined) {
    const own = SIGNALS.map((signal) => `OTEL_EXPORTER_OTLP_${signal}_${general}`);
    return own.every((one) => set.includes(one)) ? 'each signal has its own' : undefined;
  }
  if (name === 'OTEL_TRACES_SAMPLER_ARG' && !/ratio|jaeger_remote/.test(environment['OTEL_TRACES_SAMPLER'] ?? '')) {
    return 'the sampler takes no argument';
  }
  if (name === 'OTEL_RESOURCE_ATTRIBUTES' && set.includes('OTEL_SERVICE_NAME')) {
    const named = environment[name]?.includes('service.name=') ?? false;
    return named ? 'of it, service.name: OTEL_SERVICE_NAME names the service' : undefined;
  }
  return undefined;
}

/** Whether two names differ by one change, or by two letters that changed places. */
function isNear(known: string, given: string): boolean {
  if (Math.abs(known.length - given.length) > 1) return false;
  let start = 0;
  while (start < known.length && known[start] === given[start]) start++;
  let end = 0;
  while (end < known.length - start && end < given.length - start && known.at(-1 - end) === given.at(-1 - end)) end++;
  const [a, b] = [known.slice(start, known.length - end), given.slice(start, given.length - end)];
  return (a.length <= 1 && b.length <= 1) || (a.length === 2 && a === [...b].toReversed().join(''));
}
