// Exporters, processors, readers and views of the file.
import { accessSync, constants } from 'node:fs';
import {
  checked,
  checkedText,
  choice,
  count,
  empty,
  flag,
  limit,
  list,
  node,
  noted,
  patterns,
  positive,
  refused,
  type Shape,
  text,
  time,
  titled,
  word,
} from './shapes.ts';

/** A file that must be there when the program starts. */
const file = checkedText((path) => {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return `cannot be read: ${(error as NodeJS.ErrnoException).code}`;
  }
});

const certificates = { ca_file: file, key_file: file, cert_file: file };
const pairProblem = ({ key_file: key, cert_file: cert }: Readonly<Record<string, unknown>>): string | undefined =>
  ((key ?? null) === null) === ((cert ?? null) === null) ? undefined : 'needs key_file and cert_file together';
const sizes = {
  max_request_size: noted('No limit unless set.', count),
  max_response_size: noted('64 KiB unless set; more is not read.', positive),
};
const otlp = {
  endpoint: text,
  headers: list(node({ name: text, value: text }, 'name')),
  headers_list: text,
  compression: word('gzip', 'none'),
  timeout: limit,
};
const otlpHttp = {
  ...otlp,
  tls: titled('HttpTls', checked(node(certificates), pairProblem)),
  encoding: word('protobuf', 'json'),
  ...sizes,
};
const otlpGrpc = {
  ...otlp,
  tls: titled('GrpcTls', checked(node({ ...certificates, insecure: flag }), pairProblem)),
  ...sizes,
};
const shapeOfMetrics = {
  temporality_preference: word('cumulative', 'delta', 'low_memory'),
  default_histogram_aggregation: word('explicit_bucket_histogram', 'base2_exponential_bucket_histogram'),
};
const stream = checkedText((value) => {
  const isFile = URL.canParse(value) && /^file:\/\/\/./.test(value);
  return value === 'stdout' || isFile ? undefined : 'must be stdout or file:///path';
});
const outputStream = noted('One line of OTLP JSON for each export; the file is appended to and never rotated.', stream);

const zipkin = refused('the standard has removed it; Zipkin takes OTLP, or put a collector before it');
const exporter = (title: string, ofMetrics: Readonly<Record<string, Shape>>, console: Shape): Shape =>
  titled(
    title,
    choice({
      otlp_http: titled(`OtlpHttp${title}`, node({ ...otlpHttp, ...ofMetrics })),
      otlp_grpc: titled(`OtlpGrpc${title}`, node({ ...otlpGrpc, ...ofMetrics })),
      'otlp_file/development': node({ output_stream: outputStream, ...ofMetrics }),
      console,
      ...(title === 'Exporter' && { zipkin }),
    }),
  );
const spanOrLogExporter = exporter('Exporter', {}, empty);
const metricExporter = exporter('MetricExporter', shapeOfMetrics, node(shapeOfMetrics));

const batch = {
  schedule_delay: noted('A second unless set.', { kind: 'number', min: 0, max: 2 ** 31 - 1 }),
  export_timeout: noted('A second unless set; the exporter goes on for its own `timeout`.', limit),
  max_queue_size: positive,
  max_export_batch_size: positive,
  exporter: spanOrLogExporter,
};
const processor = {
  batch: titled('BatchProcessor', node(batch, 'exporter')),
  simple: node({ exporter: spanOrLogExporter }, 'exporter'),
};

/** Processors of spans and of log records. */
export const spanProcessors = list(choice(processor));
export const logProcessors = list(choice({ ...processor, 'event_to_span_event_bridge/development': empty }));

const instruments = [
  'counter',
  'gauge',
  'histogram',
  'observable_counter',
  'observable_gauge',
  'observable_up_down_counter',
  'up_down_counter',
];
const cardinality = titled(
  'CardinalityLimits',
  node(Object.fromEntries(['default', ...instruments].map((name) => [name, positive]))),
);
const producers = refused('OpenCensus, the only producer of the standard, has ended and has no bridge for this SDK');
const prometheus = node({
  host: noted('127.0.0.1 unless set.', text),
  port: { kind: 'number', min: 1, max: 65_535 },
  scope_info_enabled: flag,
  'target_info_enabled/development': flag,
  resource_constant_labels: patterns,
  translation_strategy: noted(
    'The exporter of OpenTelemetry for JavaScript has one strategy, and units are added to its names.',
    word('underscore_escaping_with_suffixes'),
  ),
  without_scope_info: refused('version 1.1 of the standard has `scope_info_enabled` in its place'),
  'without_target_info/development': refused(
    'version 1.1 of the standard has `target_info_enabled/development` in its place',
  ),
  with_resource_constant_labels: refused('version 1.1 of the standard has `resource_constant_labels` in its place'),
});

/** Readers of metrics, with their exporters. */
export const reader = choice({
  periodic: node(
    {
      interval: noted('5 seconds unless set.', time),
      timeout: noted('A second unless set; never longer than the interval.', limit),
      'max_export_batch_size/development': positive,
      exporter: metricExporter,
      producers,
      cardinality_limits: cardinality,
    },
    'exporter',
  ),
  pull: node(
    { exporter: choice({ 'prometheus/development': prometheus }), producers, cardinality_limits: cardinality },
    'exporter',
  ),
});

const aggregation = choice({
  default: empty,
  drop: empty,
  last_value: empty,
  sum: empty,
  explicit_bucket_histogram: node({
    boundaries: list({ kind: 'number', min: -Infinity, isReal: true }),
    record_min_max: flag,
  }),
  base2_exponential_bucket_histogram: node({
    max_scale: noted('OpenTelemetry for JavaScript always begins at 20.', { kind: 'number', min: 20, max: 20 }),
    max_size: { kind: 'number', min: 2 },
    record_min_max: flag,
  }),
});

/** Which instruments become which streams. */
export const view = checked(
  node(
    {
      selector: node({
        instrument_name: noted(
          'With one `*` at most.',
          checkedText((name) =>
            /\?|\*.*\*/.test(name)
              ? 'may have one * and no ?, which OpenTelemetry for JavaScript does not know'
              : undefined,
          ),
        ),
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
        attribute_keys: patterns,
      }),
    },
    'selector',
    'stream',
  ),
  viewProblem,
);

/** The SDK can give a name to one instrument only. */
function viewProblem({ selector, stream: given }: Readonly<Record<string, unknown>>): string | undefined {
  const named = (given as { name?: unknown } | null)?.name;
  const chosen = (selector as { instrument_name?: unknown } | null)?.instrument_name;
  if (named === undefined || named === null) return undefined;
  const isOne = typeof chosen === 'string' && !/[*?]/.test(chosen);
  return isOne ? undefined : 'with a name must select one instrument_name, without wildcards';
}

const attributeLimits = {
  attribute_value_length_limit: noted('4096 unless set.', count),
  attribute_value_depth_limit: noted('8 unless set, where redaction is on.', positive),
  attribute_count_limit: count,
};

/** Limits of everything, of log records and of spans. */
export const commonLimits = titled('AttributeLimits', node(attributeLimits));
export const spanLimits = titled(
  'SpanLimits',
  node({
    ...attributeLimits,
    event_count_limit: count,
    link_count_limit: count,
    event_attribute_count_limit: count,
    link_attribute_count_limit: count,
  }),
);
