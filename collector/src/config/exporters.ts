// Exporters from the standard environment variables.
import type { Environment } from './load.ts';
import type { Problem } from './problems.ts';

/** An exporter that the environment names. */
export interface EnvironmentExporter {
  readonly name: string;
  /** As it would stand in the file. */
  readonly block: Readonly<Record<string, unknown>>;
  /** By the block's keys, what to mend where one is wrong. */
  readonly variables: ReadonlyMap<string, string>;
  /** What is wrong with variables by themselves. Those are left out of the block. */
  readonly problems: readonly Problem[];
}

const NAME = 'environment';

/** Keys of the block by the end of their variables, beside the endpoint. */
const KEYS = {
  HEADERS: 'headers',
  COMPRESSION: 'compression',
  TIMEOUT: 'timeout',
  CERTIFICATE: 'ca_file',
  CLIENT_CERTIFICATE: 'cert_file',
  CLIENT_KEY: 'key_file',
  PROTOCOL: 'protocol',
} as const;

/** How the standard names what we speak; JSON is taken by every receiver of OTLP/HTTP that takes protobuf. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['grpc', 'grpc'],
  ['http/protobuf', 'http'],
  ['http/json', 'http'],
]);

type Suffix = keyof typeof KEYS;

/** Answers an exporter where the environment names an endpoint. */
export function environmentExporter(environment: Environment): EnvironmentExporter | undefined {
  // An empty variable counts as not set, as OpenTelemetry has it.
  const read = (name: string): string | undefined => environment[name] || undefined;
  const tracesVariable = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const tracesEndpoint = read(tracesVariable);
  const own = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  const isGrpc = (read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL')) === 'grpc';
  // Over gRPC every signal goes to one place, which has no path.
  const endpoint = isGrpc ? originOf(tracesEndpoint ?? own) : (own ?? originOf(tracesEndpoint));
  if (endpoint === undefined) return undefined;
  const block: Record<string, unknown> = { endpoint };
  // Whoever names a place for traces alone has named none for anything else.
  if (own === undefined) block['signals'] = ['traces'];
  const isTraces = isGrpc ? tracesEndpoint !== undefined : own === undefined;
  const variables = new Map([['endpoint', isTraces ? tracesVariable : 'OTEL_EXPORTER_OTLP_ENDPOINT']]);
  const problems: Problem[] = [];
  const add = (key: string, variable: string, value: unknown, problem: string | undefined): void => {
    variables.set(key, variable);
    if (problem === undefined) block[key] = value;
    else problems.push({ path: variable, line: 0, message: problem });
  };
  if (tracesEndpoint !== undefined && !isGrpc) add('traces_endpoint', tracesVariable, tracesEndpoint, undefined);
  const set = new Map<Suffix, string>();
  for (const suffix of Object.keys(KEYS) as Suffix[]) {
    // Those for traces come first.
    const variable = [`OTEL_EXPORTER_OTLP_TRACES_${suffix}`, `OTEL_EXPORTER_OTLP_${suffix}`].find(read);
    if (variable !== undefined) set.set(suffix, variable);
  }
  for (const [suffix, variable] of set) {
    const text = read(variable) ?? '';
    add(KEYS[suffix], variable, valueOf(suffix, text), problemOf(suffix, text, set));
  }
  return { name: NAME, block, variables, problems };
}

/** Puts the name of its variable in the place of each path into the block, because that is where it is mended. */
export function nameVariables(problems: readonly Problem[], exporter: EnvironmentExporter | undefined): Problem[] {
  if (exporter === undefined) return [...problems];
  const block = `export.otlp.${exporter.name}.`;
  const named = problems.map((problem) => {
    const [key = '', ...below] = problem.path.startsWith(block) ? problem.path.slice(block.length).split('.') : [];
    const variable = exporter.variables.get(key);
    return variable === undefined ? problem : { ...problem, path: [variable, ...below].join('.'), line: 0 };
  });
  // One variable may stand behind two keys.
  return named.filter(({ path, message }, i) => {
    return !named.slice(0, i).some((earlier) => earlier.path === path && earlier.message === message);
  });
}

/** What a text must be for its key to take it; what the key itself says of it is not repeated. */
function problemOf(suffix: Suffix, text: string, set: ReadonlyMap<Suffix, string>): string | undefined {
  if (suffix === 'TIMEOUT' && !/^\d+$/.test(text)) return 'must be a whole number of milliseconds';
  if (suffix === 'HEADERS' && !pairsOf(text).every((pair) => /^\s*[^=\s][^=]*=/.test(pair)))
    return 'must be name=value pairs, joined by commas';
  if (suffix === 'PROTOCOL' && !PROTOCOLS.has(text)) return `must be one of ${[...PROTOCOLS.keys()].join(', ')}`;
  const other = suffix === 'CLIENT_CERTIFICATE' ? 'CLIENT_KEY' : 'CLIENT_CERTIFICATE';
  if ((suffix === 'CLIENT_CERTIFICATE' || suffix === 'CLIENT_KEY') && !set.has(other))
    return `goes together with OTEL_EXPORTER_OTLP_${other}`;
  return undefined;
}

function valueOf(suffix: Suffix, text: string): unknown {
  if (suffix === 'HEADERS') return parseHeaders(text);
  if (suffix === 'PROTOCOL') return PROTOCOLS.get(text);
  return suffix === 'TIMEOUT' ? `${text}ms` : text;
}

/** What is no URL stays as it is, so that the check names it. */
function originOf(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:/.test(url) && URL.canParse(url) ? new URL(url).origin : url;
}

function pairsOf(text: string): string[] {
  return text.split(',').filter((pair) => pair.trim() !== '');
}

/** `key=value,key=value`, values percent-encoded. @see OpenTelemetry specification, OTLP exporter, headers */
function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of pairsOf(text)) {
    const [key = '', ...rest] = pair.split('=');
    headers[key.trim()] = decode(rest.join('=').trim());
  }
  return headers;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not percent-encoded after all: taken as it is.
    return value;
  }
}
