// The names dashboards of earlier systems use, from points with the names of today.
import { describe, expect, it } from 'vitest';
import { type AliasFamily, aliasFamilies, ALIAS_SOURCES } from '../../../collector/src/export/alias-families.ts';
import { AliasTotals } from '../../../collector/src/export/alias-totals.ts';
import { ALIASES } from '../../../collector/src/export/aliases.ts';
import { ExemplarGate } from '../../../collector/src/export/exemplar-gate.ts';
import { exportInstruments } from '../../../collector/src/export/instruments.ts';
import { SeriesTable } from '../../../collector/src/export/series-table.ts';
import { resourceOf } from '../../../collector/src/model/data-point.ts';
import { dataPoint, exponentialOf, histogramOf, type PointShape, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { readSamples } from '../../support/exposition-text.ts';
import { pageFamilies, seriesOf } from '../../../collector/src/export/page-families.ts';
import { pageText } from '../../support/metrics-page.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testHost } from '../../support/test-host.ts';

const OWN = resourceOf([]);
const HOUR_MS = 3_600_000;
const NOW_MS = POINTS_BEGAN_MS + HOUR_MS;

const model = { 'gen_ai.request.model': 'm1', 'gen_ai.operation.name': 'chat' };
const seconds = { unit: 's', value: histogramOf([0.2, 3], [1, 5]) };
const gauge = { kind: 'gauge' } as const;

/** What a well instrumented program sends, with two of some to be joined. */
const INCOMING: readonly PointShape[] = [
  { ...seconds, name: 'gen_ai.client.operation.duration', attributes: model },
  { ...seconds, name: 'gen_ai.client.operation.duration', attributes: { ...model, 'server.address': 'b' } },
  { ...seconds, name: 'gen_ai.client.operation.duration', attributes: { ...model, 'error.type': 'timeout' } },
  {
    name: 'gen_ai.client.token.usage',
    value: exponentialOf([100, 20], 2),
    attributes: { ...model, 'gen_ai.token.type': 'input' },
  },
  { name: 'gen_ai.client.cost', unit: 'USD', value: 0.25, attributes: model },
  { ...gauge, name: 'gen_ai.evaluation.score', value: 0.5, attributes: model },
  { ...gauge, name: 'gen_ai.evaluation.score', value: 1, attributes: { ...model, other: 'x' } },
  { name: 'websocket.connection.count', isMonotonic: false, value: 3 },
  { name: 'websocket.connection.count', isMonotonic: false, value: 4, service: 'other' },
  { name: 'websocket.messages', value: 9, attributes: { 'network.io.direction': 'receive' } },
  { name: 'websocket.errors', value: 2, attributes: { 'error.type': 'closed' } },
  { name: 'cache.operations', value: 5, attributes: { 'cache.operation.name': 'get', 'cache.result': 'hit' } },
  { ...gauge, name: 'cache.entries', value: 10 },
  { ...gauge, name: 'cache.size', unit: 'By', value: 2048 },
  { ...seconds, name: 'db.client.operation.duration', attributes: { 'db.operation.name': 'SELECT' } },
  { ...gauge, name: 'service.health', value: 1 },
  { ...gauge, name: 'service.health', value: 0, service: 'other' },
  { ...gauge, name: 'agent.queue.size', value: 6 },
  { name: 'agent.tasks', value: 7, attributes: { status: 'completed' } },
  { name: 'connection.requests', value: 30, attributes: { 'connection.reused': true, 'server.address': 'db' } },
  { name: 'connection.requests', value: 10, attributes: { 'connection.reused': false, 'server.address': 'db' } },
  { ...seconds, name: 'http.client.request.duration', attributes: { 'server.address': 'db' } },
  { ...gauge, name: 'http.client.open_connections', value: 2, attributes: { 'http.connection.state': 'active' } },
  { ...gauge, name: 'http.client.open_connections', value: 9, attributes: { 'http.connection.state': 'idle' } },
  { ...seconds, name: 'v8js.gc.duration' },
  { name: 'object_pool.acquisitions', value: 1, attributes: { 'object_pool.reused': true } },
  { name: 'object_pool.acquisitions', value: 3, attributes: { 'object_pool.reused': false } },
  { ...gauge, name: 'process.memory.usage', unit: 'By', value: 3 * 1024 ** 2 },
  { ...gauge, name: 'system.network.connection.count', value: 8, attributes: { 'network.transport': 'tcp' } },
  { ...seconds, name: 'http.server.request.duration' },
  { name: 'evenkeel.monitoring.cpu', unit: 's', value: 36, service: 'sidecar' },
  { name: 'evenkeel.monitoring.points', value: 12, service: 'sidecar' },
  { ...gauge, name: 'evenkeel.limit.series', value: 44, service: 'sidecar' },
];

function tableOf(shapes: readonly PointShape[]): SeriesTable {
  const { host } = testHost('export', exportInstruments);
  const table = new SeriesTable({ maxSeries: 1000, staleAfterMs: 300_000 }, host, new ExemplarGate('none', host));
  table.take(shapes.map((shape) => dataPoint(shape)));
  return table;
}

function aliasesOf(shapes: readonly PointShape[]): AliasFamily[] {
  const table = tableOf(shapes);
  return [
    ...aliasFamilies((name) => table.read(name, OWN), { nowMs: NOW_MS, startedMs: POINTS_BEGAN_MS }, new AliasTotals()),
  ];
}

describe('the alias table', () => {
  it('shows every name with its labels and values', () => {
    const samples = readSamples(pageText(aliasesOf(INCOMING), 'text'))
      .filter(({ name }) => !/_(bucket|sum)$/.test(name))
      .map(({ name, labels, value }) => `${name} ${JSON.stringify(labels)} ${value}`);
    expect(samples).toEqual([
      'ai_requests_total {"model":"m1","task_type":"chat","status":"success"} 4',
      'ai_requests_total {"model":"m1","task_type":"chat","status":"error"} 2',
      'ai_request_latency_seconds_count {"model":"m1","task_type":"chat"} 6',
      'ai_tokens_used_total {"model":"m1","token_type":"input"} 120',
      'ai_cost_usd_total {"model":"m1"} 0.25',
      'ai_response_quality_score {"model":"m1"} 0.75',
      'websocket_active_connections {} 7',
      'websocket_messages_total {"direction":"receive"} 9',
      'websocket_errors_total {"error_type":"closed"} 2',
      'cache_operations_total {"operation":"get","status":"hit"} 5',
      'cache_keys_total {} 10',
      'cache_size_bytes {} 2048',
      'db_operations_total {"operation":"SELECT","status":"success"} 2',
      'db_operation_latency_seconds_count {"operation":"SELECT"} 2',
      'service_health {"service":"shop"} 1',
      'service_health {"service":"other"} 0',
      'agent_queue_size {} 6',
      'agent_tasks_total {"status":"completed"} 7',
      'connection_requests_total {"service":"db","reused":"true"} 30',
      'connection_requests_total {"service":"db","reused":"false"} 10',
      'connection_request_duration_seconds_count {"service":"db"} 2',
      'connection_active_total {} 2',
      'connection_reuse_rate {} 0.75',
      'gc_collections_per_hour {} 2',
      'object_pool_reuse_rate {} 0.25',
      'process_memory_usage_mb {} 3',
      'total_connections {} 8',
      'request_latency_ms_count {} 2',
      'monitoring_cpu_percent {} 1',
      'monitoring_data_points {} 12',
      'metric_cardinality {} 44',
    ]);
    // Each name of the table is among them.
    expect(aliasesOf(INCOMING).map(({ name }) => name)).toEqual(ALIASES.map(({ name }) => name));
  });

  it('adds its labels to a metric that has its name already', () => {
    const attributes = { 'cache.name': 'orders', 'cache.operation.name': 'get', 'cache.result': 'hit' };
    const shapes: readonly PointShape[] = [
      { name: 'cache.operations', value: 5, attributes },
      { name: 'cache.operations', value: 2, attributes: { operation: 'mine' } },
    ];
    const real = tableOf(shapes).families(OWN);
    const families = pageFamilies([...real], 'translated', () => {}, aliasesOf(shapes));
    const series = families.flatMap((family) => {
      const steps = seriesOf(family, 'translated');
      for (;;) {
        const { done, value } = steps.next();
        if (done === true) return [...value].map(({ labels }) => Object.fromEntries(labels));
      }
    });
    expect(series).toEqual([
      {
        cache_name: 'orders',
        cache_operation_name: 'get',
        cache_result: 'hit',
        job: 'shop',
        operation: 'get',
        status: 'hit',
      },
      { job: 'shop', operation: 'mine', status: 'success' },
    ]);
  });

  it('shows bounds and sums in the unit of its name', () => {
    const samples = readSamples(pageText(aliasesOf(INCOMING), 'text'));
    const ofLatency = samples.filter(({ name }) => name.startsWith('request_latency_ms'));
    expect(ofLatency.map(({ labels, value }) => [labels['le'], value])).toEqual([
      ['1000.0', 1],
      ['5000.0', 2],
      ['+Inf', 2],
      [undefined, 3200],
      [undefined, 2],
    ]);
  });

  it('reads further sources where the first one says nothing', () => {
    const read = (shape: PointShape): string =>
      pageText(aliasesOf([shape]), 'text')
        .trim()
        .split('\n')
        .at(-1) ?? '';
    expect(read({ ...gauge, name: 'up', value: 1, service: 'target' })).toBe('service_health{service="target"} 1');
    expect(read({ ...seconds, name: 'gen_ai.invoke_agent.duration' })).toBe('agent_tasks_total{status="success"} 2');
    expect(aliasesOf([{ name: 'requests' }])).toEqual([]);
    expect(ALIAS_SOURCES.has('up')).toBe(true);
  });

  it('has sums that do not fall when a source of several ends or begins anew', () => {
    const totals = new AliasTotals();
    const sum = (...shapes: PointShape[]): string | undefined => {
      const table = tableOf(shapes.map((shape) => ({ name: 'agent.tasks', ...shape })));
      const families = aliasFamilies((name) => table.read(name, OWN), { nowMs: NOW_MS, startedMs: 0 }, totals);
      return pageText(families, 'text').trim().split(' ').at(-1);
    };
    expect(sum({ value: 10, service: 'a' }, { value: 5, service: 'b' })).toBe('15');
    expect(sum({ value: 6, service: 'b' })).toBe('16');
    expect(sum({ value: 6, service: 'b' })).toBe('16');
    expect(sum({ value: 1, service: 'b' }, { value: 3, service: 'c' })).toBe('20');
    // Nothing was left to add to: it begins anew.
    expect(sum()).toBe('');
    expect(sum({ value: 6, service: 'b' })).toBe('6');
  });

  it('gives way to a real metric of the name', () => {
    const table = tableOf([
      { name: 'agent_tasks', value: 1 },
      { name: 'agent.tasks', value: 7 },
    ]);
    const aliases = [
      ...aliasFamilies((name) => table.read(name, OWN), { nowMs: NOW_MS, startedMs: 0 }, new AliasTotals()),
    ];
    const shown = pageFamilies(table.families(OWN), 'translated', () => {}, aliases);
    expect(shown.map(({ name, sources }) => [name, sources.length])).toEqual([['agent_tasks', 2]]);
  });
});

describe('a running sidecar', () => {
  /** Without what is there only once the event loop has been watched for a while. */
  const namesOf = (page: string): string[] =>
    [...new Set(readSamples(page).map(({ name }) => name))]
      .filter((name) => !name.startsWith('nodejs_eventloop'))
      .sort();

  it('shows nothing else where they are off, and only them besides where they are on', async () => {
    const off = await startCollector('export: { prometheus: {} }');
    const on = await startCollector('export: { prometheus: { aliases: true } }');
    const [without, names] = [namesOf(await off.metrics()), namesOf(await on.metrics())];
    const added = names.filter((name) => !without.includes(name));
    expect(without.filter((name) => !names.includes(name))).toEqual([]);
    expect(added.length).toBeGreaterThan(0);
    const known = ALIASES.map(({ name }) => name);
    expect(added.filter((name) => !known.some((alias) => name === alias || name === `${alias}_total`))).toEqual([]);
  });
});
