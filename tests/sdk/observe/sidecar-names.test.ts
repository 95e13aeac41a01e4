// What the sidecar reads of models, agents, tools and queries, this SDK alone sends: names of dashboards and targets.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALIASES } from '../../../collector/src/export/aliases.ts';
import {
  recordEvaluation,
  recordLockWait,
  traceAgent,
  traceLLM,
  traceQuery,
  traceTool,
  traceTransaction,
} from '../../../sdk/src/index.ts';
import { type Measurement, recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

recordSpans();
const measurements = recordMeasurements();

interface Target {
  readonly metrics: readonly string[];
  readonly by?: readonly string[];
  readonly of?: { readonly metrics: readonly string[] };
}
const preset = readFileSync(new URL('../../../otel-config/presets/targets.yaml', import.meta.url), 'utf8');
const { targets } = parse(preset) as { targets: { metrics: Readonly<Record<string, Target>> } };

/** Of pools, queues and whatever else another part of the SDK instruments. */
const OURS = /^(gen_ai\.|db\.client\.(operation|transaction|lock))/;

/** A program that uses all there is, each with success and failure. */
async function program(): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const answer = { model: 'gpt-4o-1', usage: { prompt_tokens: 9, completion_tokens: 3 } };
  const ask = ({ model }: { model: string }): object => {
    if (model === 'down') throw new Error('down');
    return answer;
  };
  const llm = traceLLM({ provider: 'openai', cost: () => 0.01, fallbacks: ['gpt-4o'] }, ask);
  traceAgent('desk', () => {
    llm({ model: 'down' });
    recordEvaluation({ name: 'tone', score: 1, model: 'gpt-4o' });
  })();
  traceTool({ name: 'search', phase: 'initialization' }, () => 1)();
  traceTool('search', () => 1)();
  const query = traceQuery(
    { system: 'postgresql', namespace: 'shop', text: ([sql]) => sql },
    (_sql: string): unknown[] => [],
  );
  traceTransaction({ system: 'postgresql', namespace: 'shop' }, () => {
    query('SELECT * FROM items WHERE id = 1');
    query('SELECT * FROM orders o JOIN customers c ON c.id = o.c');
    recordLockWait(5, { system: 'postgresql', namespace: 'shop', collection: 'items' });
  })();
  return measurements.take();
}
const sent = await program();

/** Whether some point of a metric has all these attributes. */
const hasPoint = (metric: string, keys: readonly string[]): boolean =>
  sent.get(metric)?.some(({ attributes }) => keys.every((key) => attributes[key] !== undefined)) === true;

describe('names of dashboards', () => {
  const read = ALIASES.filter(({ sources }) => sources.some(({ metric }) => OURS.test(metric)));

  it.each(read.map((alias) => [alias.name, alias] as const))('%s has points with its labels', (_name, alias) => {
    const labels = Object.values(alias.labels ?? {}).flatMap((source) => ('from' in source ? [source.from] : []));
    const fed = alias.sources.some(({ metric }) =>
      sent
        .get(metric)
        ?.some(({ attributes }) => labels.every((keys) => keys.some((key) => attributes[key] !== undefined))),
    );
    expect(fed).toBe(true);
  });

  it('are these', () => {
    expect(read.map(({ name }) => name)).toEqual([
      'ai_requests',
      'ai_request_latency_seconds',
      'ai_tokens_used',
      'ai_cost_usd',
      'ai_response_quality_score',
      'db_operations',
      'db_operation_latency_seconds',
      'agent_tasks',
    ]);
  });
});

describe('targets of the preset', () => {
  const own = Object.entries(targets.metrics).filter(([, { metrics }]) => metrics.some((metric) => OURS.test(metric)));

  it.each(own)('%s has points by what it is told apart', (_name, { metrics, by = [], of }) => {
    expect(metrics.some((metric) => hasPoint(metric, by))).toBe(true);
    if (of !== undefined) expect(of.metrics.some((metric) => sent.has(metric))).toBe(true);
  });

  it('tell queries of several tables from those of one by their summary', () => {
    const summaries = sent.get('db.client.operation.duration')?.map(({ attributes }) => attributes['db.query.summary']);
    expect(summaries).toEqual(['SELECT items', 'SELECT orders customers']);
  });

  it('are these', () => {
    expect(own.map(([name]) => name)).toEqual([
      'tool-initialization',
      'llm-call',
      'llm-errors',
      'llm-fallbacks',
      'simple-query',
      'complex-query',
      'transactions',
      'lock-wait',
    ]);
  });
});
