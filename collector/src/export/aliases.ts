// Names that dashboards of earlier systems use, and what they are read from. Off by default.
// Standard conventions first; where there is none, the name by which this project's SDK reports it.
import type { MetricFamily } from '../model/metric-family.ts';

/** Where the value of a label comes from. */
export type LabelSource =
  /** The first of these attributes that a point has. */
  | { readonly from: readonly string[] }
  /** `error` where a point has `error.type` (or says so itself), else the first of these that it has, else `success`. */
  | { readonly status: readonly string[] };

/** What is made of a source. */
export type Reading =
  /** Its value; of a histogram, the histogram. */
  | 'value'
  /** How many measurements a histogram has. */
  | 'count'
  /** What the measurements of a histogram sum up to. */
  | 'sum'
  /** Their mean; of a gauge its value. */
  | 'mean'
  /** Share of a counter in points whose attribute `of` is true. */
  | 'share'
  /** A count as so many an hour, since it began. */
  | 'hourly'
  /** Seconds as percent of the time since they began to be counted. */
  | 'percent';

/** How values of one set of labels become one. */
export type Joining = 'sum' | 'mean' | 'min';

export interface Source {
  /** OpenTelemetry's name of a metric. */
  readonly metric: string;
  readonly reading: Reading;
  /** Only points with these values of attributes. */
  readonly where?: Readonly<Record<string, string>>;
  /** Attribute whose values `true` and `false` a share is of. */
  readonly of?: string;
}

/** One name. */
export interface Alias {
  /** As exposed, but for `_total` of counters. */
  readonly name: string;
  readonly kind: MetricFamily['kind'];
  readonly help: string;
  /** The first one that has points is read. */
  readonly sources: readonly Source[];
  readonly labels?: Readonly<Record<string, LabelSource>>;
  /** The value is multiplied by this. */
  readonly factor?: number;
  /** `sum` unless said otherwise. */
  readonly joining?: Joining;
}

const MODEL: LabelSource = { from: ['gen_ai.request.model', 'gen_ai.response.model'] };
const TASK_TYPE: LabelSource = { from: ['gen_ai.operation.name'] };
const STATUS: LabelSource = { status: ['status'] };
const SERVICE: LabelSource = { from: ['server.address', 'peer.service', 'service.name', 'job'] };
const DATABASE: Readonly<Record<string, LabelSource>> = {
  operation: { from: ['db.operation.name'] },
  status: STATUS,
};
const MEBIBYTE = 1024 ** 2;

/** Every name, in the order in which they are exposed. */
export const ALIASES: readonly Alias[] = [
  {
    name: 'ai_requests',
    kind: 'counter',
    help: 'Calls of language models.',
    sources: [{ metric: 'gen_ai.client.operation.duration', reading: 'count' }],
    labels: { model: MODEL, task_type: TASK_TYPE, status: STATUS },
  },
  {
    name: 'ai_request_latency_seconds',
    kind: 'histogram',
    help: 'Durations of calls of language models.',
    sources: [{ metric: 'gen_ai.client.operation.duration', reading: 'value' }],
    labels: { model: MODEL, task_type: TASK_TYPE },
  },
  {
    name: 'ai_tokens_used',
    kind: 'counter',
    help: 'Tokens read and written by language models.',
    sources: [{ metric: 'gen_ai.client.token.usage', reading: 'sum' }],
    labels: { model: MODEL, token_type: { from: ['gen_ai.token.type'] } },
  },
  {
    name: 'ai_cost_usd',
    kind: 'counter',
    help: 'What calls of language models cost, in US dollars.',
    sources: [{ metric: 'gen_ai.client.cost', reading: 'sum' }],
    labels: { model: MODEL },
  },
  {
    name: 'ai_response_quality_score',
    kind: 'gauge',
    help: 'Mean score of answers of language models.',
    sources: [{ metric: 'gen_ai.evaluation.score', reading: 'mean' }],
    labels: { model: MODEL },
    joining: 'mean',
  },
  {
    name: 'websocket_active_connections',
    kind: 'gauge',
    help: 'Open WebSocket connections.',
    sources: [{ metric: 'websocket.connection.count', reading: 'value' }],
  },
  {
    name: 'websocket_messages',
    kind: 'counter',
    help: 'Messages over WebSocket connections.',
    sources: [{ metric: 'websocket.messages', reading: 'value' }],
    labels: { direction: { from: ['network.io.direction'] } },
  },
  {
    name: 'websocket_errors',
    kind: 'counter',
    help: 'Errors of WebSocket connections.',
    sources: [{ metric: 'websocket.errors', reading: 'value' }],
    labels: { error_type: { from: ['error.type'] } },
  },
  {
    name: 'cache_operations',
    kind: 'counter',
    help: 'Operations on caches, by how they ended.',
    sources: [{ metric: 'cache.operations', reading: 'value' }],
    labels: { operation: { from: ['cache.operation.name'] }, status: { status: ['cache.result'] } },
  },
  {
    name: 'cache_keys_total',
    kind: 'gauge',
    help: 'Keys in caches.',
    sources: [{ metric: 'cache.entries', reading: 'value' }],
  },
  {
    name: 'cache_size_bytes',
    kind: 'gauge',
    help: 'Size of caches.',
    sources: [{ metric: 'cache.size', reading: 'value' }],
  },
  {
    name: 'db_operations',
    kind: 'counter',
    help: 'Operations on databases.',
    sources: [{ metric: 'db.client.operation.duration', reading: 'count' }],
    labels: DATABASE,
  },
  {
    name: 'db_operation_latency_seconds',
    kind: 'histogram',
    help: 'Durations of operations on databases.',
    sources: [{ metric: 'db.client.operation.duration', reading: 'value' }],
    labels: { operation: { from: ['db.operation.name'] } },
  },
  {
    name: 'service_health',
    kind: 'gauge',
    help: '1 where a service is well, 0 where it is not.',
    sources: [
      { metric: 'service.health', reading: 'value' },
      { metric: 'up', reading: 'value' },
    ],
    labels: { service: { from: ['service', 'service.name', 'job'] } },
    joining: 'min',
  },
  {
    name: 'agent_queue_size',
    kind: 'gauge',
    help: 'Tasks waiting in queues of agents.',
    sources: [{ metric: 'agent.queue.size', reading: 'value' }],
  },
  {
    name: 'agent_tasks',
    kind: 'counter',
    help: 'Tasks of agents, by how they ended.',
    sources: [
      { metric: 'agent.tasks', reading: 'value' },
      { metric: 'gen_ai.invoke_agent.duration', reading: 'count' },
    ],
    labels: { status: STATUS },
  },
  {
    name: 'connection_requests',
    kind: 'counter',
    help: 'Requests of connection pools, by whether an open connection was used again.',
    sources: [{ metric: 'connection.requests', reading: 'value' }],
    labels: { service: SERVICE, reused: { from: ['connection.reused'] } },
  },
  {
    name: 'connection_request_duration_seconds',
    kind: 'histogram',
    help: 'Durations of requests over pooled connections.',
    sources: [
      { metric: 'connection.request.duration', reading: 'value' },
      { metric: 'http.client.request.duration', reading: 'value' },
    ],
    labels: { service: SERVICE },
  },
  {
    name: 'connection_active_total',
    kind: 'gauge',
    help: 'Connections in use.',
    sources: [
      { metric: 'http.client.open_connections', reading: 'value', where: { 'http.connection.state': 'active' } },
      { metric: 'db.client.connection.count', reading: 'value', where: { 'db.client.connection.state': 'used' } },
    ],
  },
  {
    name: 'connection_reuse_rate',
    kind: 'gauge',
    help: 'Share of requests that used an open connection again, 0 to 1.',
    sources: [{ metric: 'connection.requests', reading: 'share', of: 'connection.reused' }],
  },
  {
    name: 'gc_collections_per_hour',
    kind: 'gauge',
    help: 'Garbage collections an hour, since each process began to be watched.',
    sources: [{ metric: 'v8js.gc.duration', reading: 'hourly' }],
  },
  {
    name: 'object_pool_reuse_rate',
    kind: 'gauge',
    help: 'Share of objects taken from a pool that had been used before, 0 to 1.',
    sources: [{ metric: 'object_pool.acquisitions', reading: 'share', of: 'object_pool.reused' }],
  },
  {
    name: 'process_memory_usage_mb',
    kind: 'gauge',
    help: 'Memory of processes, in MiB.',
    sources: [{ metric: 'process.memory.usage', reading: 'value' }],
    factor: 1 / MEBIBYTE,
  },
  {
    name: 'total_connections',
    kind: 'gauge',
    help: 'Network connections of the host.',
    sources: [{ metric: 'system.network.connection.count', reading: 'value' }],
  },
  {
    name: 'request_latency_ms',
    kind: 'histogram',
    help: 'Durations of requests served, in milliseconds.',
    sources: [{ metric: 'http.server.request.duration', reading: 'value' }],
    factor: 1000,
  },
  {
    name: 'monitoring_cpu_percent',
    kind: 'gauge',
    help: 'CPU that readings of the host take, in percent of a core.',
    sources: [{ metric: 'evenkeel.monitoring.cpu', reading: 'percent' }],
  },
  {
    name: 'monitoring_data_points',
    kind: 'gauge',
    help: 'Data points made of readings of the host.',
    sources: [{ metric: 'evenkeel.monitoring.points', reading: 'value' }],
  },
  {
    name: 'metric_cardinality',
    kind: 'gauge',
    help: 'Series of all metrics that came in.',
    sources: [
      { metric: 'evenkeel.limit.series', reading: 'value' },
      { metric: 'evenkeel.export.series', reading: 'value' },
    ],
  },
];
