// The declarative configuration model of OpenTelemetry (schema 1.1), as far as this SDK honours it. Types only.
// Options, environment and file all become this model, so that there is one way from words to a running SDK.

/** A node with one key that names the variant, as `{ always_on: null }`. */
export type Choice<Variants> = { readonly [Name in keyof Variants]?: Variants[Name] };

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | null };

/** Limits of spans or log records; what is left out has the SDK's default. */
export type LimitsNode = Optional<{
  attribute_value_length_limit: number;
  attribute_value_depth_limit: number;
  attribute_count_limit: number;
  event_count_limit: number;
  link_count_limit: number;
  event_attribute_count_limit: number;
  link_attribute_count_limit: number;
}>;

export type TlsNode = Optional<{ ca_file: string; key_file: string; cert_file: string; insecure: boolean }>;

/** What metrics are to look like. */
type MetricShape = {
  temporality_preference: 'cumulative' | 'delta' | 'low_memory';
  default_histogram_aggregation: 'explicit_bucket_histogram' | 'base2_exponential_bucket_histogram';
};
export type MetricShapeNode = Optional<MetricShape>;

/** An OTLP exporter. Times are milliseconds; a timeout of 0 is none. */
export type OtlpNode = Optional<{
  endpoint: string;
  tls: TlsNode;
  headers: readonly { readonly name: string; readonly value: string | null }[];
  headers_list: string;
  compression: string;
  timeout: number;
  encoding: 'protobuf' | 'json';
  /** Bytes; 0 is no limit. */
  max_request_size: number;
  max_response_size: number;
}> &
  MetricShapeNode & {
    /** True where addresses, headers and certificates are to be found in OTEL_EXPORTER_OTLP_*; never in a file. */
    readonly fromEnvironment?: boolean;
  };

/** OTLP as lines of JSON; to stdout unless it names a file. */
export type FileNode = Optional<{ output_stream: string }> & MetricShapeNode;

export type ExporterNode = Choice<{
  otlp_http: OtlpNode | null;
  otlp_grpc: OtlpNode | null;
  'otlp_file/development': FileNode | null;
  /** Settings are for metrics. */
  console: MetricShapeNode | null;
}>;

/** A queue before an exporter. Times are milliseconds; a timeout of 0 is none. */
export type BatchNode = Optional<{
  schedule_delay: number;
  export_timeout: number;
  max_queue_size: number;
  max_export_batch_size: number;
}> & { readonly exporter: ExporterNode };

export type ProcessorNode = Choice<{
  batch: BatchNode;
  simple: { readonly exporter: ExporterNode };
  /** For log records. */
  'event_to_span_event_bridge/development': null;
}>;

/** Names to be chosen from, with wildcards. */
export type PatternsNode = Optional<Record<'included' | 'excluded', readonly string[]>>;

/** What is on for a scope by its name; the first that fits counts. */
export type ConfiguratorNode<Key extends string, Config = { enabled: boolean }> = Optional<
  { default_config: Optional<Config> } & Record<Key, readonly { name: string; config: Optional<Config> }[]>
>;

export type LoggerConfig = { enabled: boolean; minimum_severity: string; trace_based: boolean };

type ProbabilityNode = { readonly ratio?: number | null } | null;

/** A part of a consistent sampler. */
export type ComposableNode = Choice<{
  always_on: null;
  always_off: null;
  probability: ProbabilityNode;
  parent_threshold: { readonly root: ComposableNode };
  rule_based: Optional<{ rules: readonly SamplingRuleNode[] }> | null;
}>;

/** All conditions must hold; without any the rule is for every span that reaches it. */
export type SamplingRuleNode = Optional<{
  attribute_values: { readonly key: string; readonly values: readonly string[] };
  attribute_patterns: { readonly key: string } & PatternsNode;
  span_kinds: readonly ('internal' | 'server' | 'client' | 'producer' | 'consumer')[];
  parent: readonly ('none' | 'remote' | 'local')[];
}> & { readonly sampler: ComposableNode };

export type SamplerNode = Choice<{
  always_on: null;
  always_off: null;
  always_record: { readonly root: SamplerNode };
  trace_id_ratio_based: ProbabilityNode;
  'probability/development': ProbabilityNode;
  'composite/development': ComposableNode;
  'jaeger_remote/development': {
    readonly endpoint: string;
    /** Milliseconds. */
    readonly interval?: number | null;
    readonly initial_sampler: SamplerNode;
  };
  parent_based: Optional<{
    root: SamplerNode;
    remote_parent_sampled: SamplerNode;
    remote_parent_not_sampled: SamplerNode;
    local_parent_sampled: SamplerNode;
    local_parent_not_sampled: SamplerNode;
  }> | null;
}>;

export type CardinalityNode = Optional<Record<'default' | InstrumentWord, number>>;

export type InstrumentWord =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'observable_counter'
  | 'observable_gauge'
  | 'observable_up_down_counter'
  | 'up_down_counter';

export type PrometheusNode = Optional<{
  host: string;
  port: number;
  scope_info_enabled: boolean;
  'target_info_enabled/development': boolean;
  resource_constant_labels: PatternsNode;
}>;

export type ReaderNode = Choice<{
  periodic: Optional<{
    interval: number;
    timeout: number;
    'max_export_batch_size/development': number;
    cardinality_limits: CardinalityNode;
  }> & {
    readonly exporter: ExporterNode;
  };
  pull: { readonly cardinality_limits?: CardinalityNode | null } & {
    readonly exporter: { readonly 'prometheus/development'?: PrometheusNode | null };
  };
}>;

export type AggregationNode = Choice<{
  default: null;
  drop: null;
  last_value: null;
  sum: null;
  explicit_bucket_histogram: Optional<{ boundaries: readonly number[]; record_min_max: boolean }> | null;
  base2_exponential_bucket_histogram: Optional<{ max_size: number; record_min_max: boolean }> | null;
}>;

export interface ViewNode {
  readonly selector: Optional<{
    instrument_name: string;
    instrument_type: InstrumentWord;
    unit: string;
    meter_name: string;
    meter_version: string;
    meter_schema_url: string;
  }>;
  readonly stream: Optional<{
    name: string;
    description: string;
    aggregation: AggregationNode;
    aggregation_cardinality_limit: number;
    attribute_keys: PatternsNode;
  }>;
}

export interface AttributeNode {
  readonly name: string;
  readonly value: string | number | boolean | readonly string[] | readonly number[] | readonly boolean[] | null;
}

export type ResourceNode = Optional<{
  attributes: readonly AttributeNode[];
  attributes_list: string;
  schema_url: string;
  'detection/development': Optional<{
    attributes: PatternsNode;
    detectors: readonly Readonly<Record<string, unknown>>[];
  }> & {
    /** OTEL_SERVICE_NAME, which the detector of services finds; never in a file. */
    readonly serviceName?: string | undefined;
  };
}>;

/** Where a file says what the standard has no word for. */
export type DistributionNode = Optional<{
  redaction: Optional<{ enabled: boolean; keys: readonly string[]; values: readonly string[] }>;
  runtime_metrics: boolean;
}>;

/** One side of HTTP. */
export type HttpSideNode = Optional<
  Record<'request_captured_headers' | 'response_captured_headers' | 'known_methods', readonly string[]>
>;

/** What is asked of instrumentations in general; of conventions only the stable ones can be asked for. */
export type GeneralNode = Optional<{
  http: Optional<{ client: HttpSideNode; server: HttpSideNode }>;
  sanitization: Optional<{ url: Optional<{ sensitive_query_parameters: readonly string[] }> }>;
}>;

/** Everything an SDK is started from. */
export type Model = Optional<{
  file_format: string;
  disabled: boolean;
  log_level: string;
  resource: ResourceNode;
  attribute_limits: LimitsNode;
  propagator: Optional<{ composite: readonly Readonly<Record<string, unknown>>[]; composite_list: string }>;
  tracer_provider: Optional<{
    limits: LimitsNode;
    sampler: SamplerNode;
    'tracer_configurator/development': ConfiguratorNode<'tracers'>;
  }> & {
    readonly processors: readonly ProcessorNode[];
  };
  meter_provider: Optional<{
    views: readonly ViewNode[];
    exemplar_filter: string;
    'meter_configurator/development': ConfiguratorNode<'meters'>;
  }> & {
    readonly readers: readonly ReaderNode[];
  };
  logger_provider: Optional<{
    limits: LimitsNode;
    'logger_configurator/development': ConfiguratorNode<'loggers', LoggerConfig>;
  }> & { readonly processors: readonly ProcessorNode[] };
  'instrumentation/development': Optional<{
    general: GeneralNode;
    js: Readonly<Record<string, ({ readonly enabled?: boolean | null } & Readonly<Record<string, unknown>>) | null>>;
  }>;
  distribution: Optional<{ evenkeel: DistributionNode }>;
}>;
