// Every node a configuration file may have, as a table. What is not here is an unknown node, or one this SDK does not
// honour: both are errors, because a setting that is read and ignored is worse than one that is refused.

/** What a node may be. Null means "not set" and is allowed wherever the node is not required. */
export type Shape =
  | { readonly kind: 'string'; readonly oneOf?: readonly string[] }
  | { readonly kind: 'boolean' | 'scalar' | 'empty' | 'pattern' }
  | { readonly kind: 'number'; readonly min: number; readonly max?: number }
  | { readonly kind: 'list'; readonly of: Shape; readonly min?: number }
  | {
      readonly kind: 'node';
      readonly fields: Fields;
      readonly required: readonly string[];
      /** What is wrong with the node as a whole, as the end of a sentence. */
      readonly check?: Check;
    }
  /** Exactly one of the fields. */
  | { readonly kind: 'choice'; readonly fields: Fields }
  /** Keys of the user's choice. */
  | { readonly kind: 'map'; readonly of: Shape };

type Check = (value: Readonly<Record<string, unknown>>) => string | undefined;
type Fields = Readonly<Record<string, Shape>>;

const text: Shape = { kind: 'string' };
const flag: Shape = { kind: 'boolean' };
const empty: Shape = { kind: 'empty' };
const scalar: Shape = { kind: 'scalar' };
const positive: Shape = { kind: 'number', min: 1 };
/** Milliseconds; a timer that is to wait longer fires at once. */
const time: Shape = { kind: 'number', min: 1, max: 2 ** 31 - 1 };
const ratio: Shape = { kind: 'number', min: 0, max: 1 };
const word = (...oneOf: string[]): Shape => ({ kind: 'string', oneOf });
const list = (of: Shape, min = 0): Shape => ({ kind: 'list', of, min });
const node = (fields: Fields, ...required: string[]): Shape => ({ kind: 'node', fields, required });
const checked = (shape: Shape, check: Check): Shape => (shape.kind === 'node' ? { ...shape, check } : shape);
const choice = (fields: Fields): Shape => ({ kind: 'choice', fields });

const tls = node({ ca_file: text, key_file: text, cert_file: text });
const otlp = {
  endpoint: text,
  headers: list(node({ name: text, value: text }, 'name')),
  headers_list: text,
  compression: word('gzip', 'none'),
  timeout: time,
};
const otlpHttp = { ...otlp, tls, encoding: word('protobuf', 'json') };
const otlpMetric = {
  temporality_preference: word('cumulative', 'delta', 'low_memory'),
  default_histogram_aggregation: word('explicit_bucket_histogram', 'base2_exponential_bucket_histogram'),
};
const exporter = choice({ otlp_http: node(otlpHttp), otlp_grpc: node(otlp), console: empty });
const metricExporter = choice({
  otlp_http: node({ ...otlpHttp, ...otlpMetric }),
  otlp_grpc: node({ ...otlp, ...otlpMetric }),
  console: empty,
});
const batch = {
  schedule_delay: time,
  export_timeout: time,
  max_queue_size: positive,
  max_export_batch_size: positive,
  exporter,
};
const processors = list(choice({ batch: node(batch, 'exporter'), simple: node({ exporter }, 'exporter') }));
const attributeLimits = { attribute_value_length_limit: positive, attribute_count_limit: positive };
const spanLimits = {
  ...attributeLimits,
  event_count_limit: positive,
  link_count_limit: positive,
  event_attribute_count_limit: positive,
  link_attribute_count_limit: positive,
};

/** Parts of consistent samplers name each other, so the fields of two are filled in below. */
const parentThreshold: Record<string, Shape> = {};
const rule: Record<string, Shape> = {
  attribute_values: node({ key: text, values: list(text, 1) }, 'key', 'values'),
  attribute_patterns: node({ key: text, included: list(text), excluded: list(text) }, 'key'),
  span_kinds: list(word('internal', 'server', 'client', 'producer', 'consumer'), 1),
  parent: list(word('none', 'remote', 'local'), 1),
};
const composable = choice({
  always_on: empty,
  always_off: empty,
  probability: node({ ratio }),
  parent_threshold: node(parentThreshold, 'root'),
  rule_based: node({ rules: list(node(rule, 'sampler'), 1) }),
});
parentThreshold['root'] = composable;
rule['sampler'] = composable;

/** Samplers name each other, so the fields of one are filled in below. */
const parentBased: Record<string, Shape> = {};
const sampler = choice({
  always_on: empty,
  always_off: empty,
  trace_id_ratio_based: node({ ratio }),
  'probability/development': node({ ratio }),
  'composite/development': composable,
  parent_based: node(parentBased),
});
for (const parent of [
  'root',
  ...['remote', 'local'].flatMap((at) => [`${at}_parent_sampled`, `${at}_parent_not_sampled`]),
]) {
  parentBased[parent] = sampler;
}

const instruments = [
  'counter',
  'gauge',
  'histogram',
  'observable_counter',
  'observable_gauge',
  'observable_up_down_counter',
  'up_down_counter',
];
const cardinality = node(Object.fromEntries(['default', ...instruments].map((name) => [name, positive])));
const prometheus = node({
  host: text,
  port: { kind: 'number', min: 1, max: 65_535 },
  scope_info_enabled: flag,
});
const reader = choice({
  periodic: node(
    { interval: time, timeout: time, exporter: metricExporter, cardinality_limits: cardinality },
    'exporter',
  ),
  pull: node(
    { exporter: choice({ 'prometheus/development': prometheus }), cardinality_limits: cardinality },
    'exporter',
  ),
});
const aggregation = choice({
  default: empty,
  drop: empty,
  last_value: empty,
  sum: empty,
  explicit_bucket_histogram: node({ boundaries: list({ kind: 'number', min: -Infinity }), record_min_max: flag }),
  base2_exponential_bucket_histogram: node({ max_size: { kind: 'number', min: 2 }, record_min_max: flag }),
});
const view = checked(
  node(
    {
      selector: node({
        instrument_name: text,
        instrument_type: word(...instruments),
        unit: text,
        meter_name: text,
        meter_version: text,
        meter_schema_url: text,
      }),
      stream: node({
        name: text,
        description: text,
        aggregation,
        aggregation_cardinality_limit: positive,
        attribute_keys: checked(node({ included: list(text), excluded: list(text) }), keysProblem),
      }),
    },
    'selector',
    'stream',
  ),
  viewProblem,
);

/** The SDK can give a name to one instrument only. */
function viewProblem({ selector, stream }: Readonly<Record<string, unknown>>): string | undefined {
  const named = (stream as { name?: unknown } | null)?.name;
  const chosen = (selector as { instrument_name?: unknown } | null)?.instrument_name;
  if (named === undefined || named === null) return undefined;
  const isOne = typeof chosen === 'string' && !/[*?]/.test(chosen);
  return isOne ? undefined : 'with a name must select one instrument_name, without wildcards';
}

function keysProblem({ included, excluded }: Readonly<Record<string, unknown>>): string | undefined {
  const keys = [included, excluded].flatMap((given) => (Array.isArray(given) ? given : []));
  return keys.some((key) => /[*?]/.test(String(key))) ? 'must be keys without wildcards' : undefined;
}

/** Severities a file may name; each may be followed by 2, 3 or 4. */
const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].flatMap((name) =>
  ['', '2', '3', '4'].map((suffix) => `${name}${suffix}`),
);

/** The whole file. */
export const FILE: Shape = node(
  {
    file_format: text,
    disabled: flag,
    log_level: word(...severities),
    resource: node({
      attributes: list(node({ name: text, value: scalar, type: text }, 'name', 'value')),
      attributes_list: text,
      schema_url: text,
      'detection/development': node({
        detectors: list(choice({ host: empty, process: empty, service: empty })),
      }),
    }),
    attribute_limits: node(attributeLimits),
    propagator: node({
      composite: list(choice({ tracecontext: empty, baggage: empty, b3: empty, b3multi: empty })),
      composite_list: text,
    }),
    tracer_provider: node({ processors, limits: node(spanLimits), sampler }, 'processors'),
    meter_provider: node(
      {
        readers: list(reader),
        views: list(view),
        exemplar_filter: word('always_on', 'always_off', 'trace_based'),
      },
      'readers',
    ),
    logger_provider: node({ processors, limits: node(attributeLimits) }, 'processors'),
    'instrumentation/development': node({ js: { kind: 'map', of: node({ enabled: flag }) } }),
    distribution: node({
      evenkeel: node({
        redaction: node({ enabled: flag, keys: list(text), values: list({ kind: 'pattern' }) }),
        runtime_metrics: flag,
      }),
    }),
  },
  'file_format',
);
