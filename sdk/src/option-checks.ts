// Says what is wrong with the options of startTelemetry, all at once. It decides nothing.
import type { TelemetryOptions } from './options.ts';
import { checkSampling } from './sample/sampling-options.ts';

/** Lists what is wrong with the options, each with its name; empty when nothing is. */
export function checkOptions(options: TelemetryOptions): string[] {
  try {
    return problemsOf(options);
  } catch {
    // Getters that throw, symbols where texts belong.
    return ['options cannot be read'];
  }
}

function problemsOf(options: TelemetryOptions): string[] {
  if (typeof options !== 'object' || options === null) return ['options must be an object with a serviceName'];
  const problems: string[] = [];
  const check = (isValid: boolean, problem: string): void => {
    if (!isValid) problems.push(problem);
  };
  const { redaction } = options;
  const { serviceName, serviceVersion, endpoint, protocol, headers, resourceAttributes, prometheus } = options;
  check(typeof serviceName === 'string' && serviceName.trim() !== '', 'serviceName must be a non-empty string');
  check(serviceVersion === undefined || typeof serviceVersion === 'string', 'serviceVersion must be a string');
  // Not told, because it may hold a password.
  check(endpoint === undefined || isHttpUrl(endpoint), 'endpoint must be an http or https URL');
  const isProtocol = protocol === undefined || protocol === 'http/protobuf' || protocol === 'http/json';
  check(isProtocol, `protocol must be http/protobuf or http/json: ${protocol}`);
  check(areValues(headers, ['string']), 'headers must be an object of strings');
  const scalars = ['string', 'number', 'boolean'];
  check(areValues(resourceAttributes, scalars), 'resourceAttributes must be an object of strings, numbers or booleans');
  check(['undefined', 'boolean'].includes(typeof options.runtimeMetrics), 'runtimeMetrics must be true or false');
  check(['undefined', 'boolean'].includes(typeof options.instrumentations), 'instrumentations must be true or false');
  problems.push(...checkRedaction(redaction), ...checkSampling(options.sampling));
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
  'redaction',
  'sampling',
  'instrumentations',
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

function checkRedaction(redaction: TelemetryOptions['redaction']): string[] {
  if (redaction === undefined) return [];
  if (!isObject(redaction)) return ['redaction must be an object'];
  const { enabled, keys, values, ...unknown } = redaction;
  const problems = Object.keys(unknown).map((key) => `unknown option redaction.${key}`);
  if (!['undefined', 'boolean'].includes(typeof enabled)) problems.push('redaction.enabled must be true or false');
  const isKeys = keys === undefined || (Array.isArray(keys) && keys.every((key) => typeof key === 'string'));
  if (!isKeys) problems.push('redaction.keys must be a list of strings');
  const isValues = values === undefined || (Array.isArray(values) && values.every((value) => value instanceof RegExp));
  if (!isValues) problems.push('redaction.values must be a list of regular expressions');
  return problems;
}
