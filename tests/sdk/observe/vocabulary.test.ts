// Span names, kinds and attributes of workflows, nodes, memory operations and queries.
import { SpanKind } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { traceMemoryOperation, traceNode, traceQuery, traceWorkflow } from '../../../sdk/src/index.ts';
import { recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const one = (): number => 1;

/** Calls a wrapped function and compares its span. */
function check(call: () => unknown, name: string, kind: SpanKind, attributes: Record<string, unknown>): void {
  call();
  expect(log.take().map((span) => ({ name: span.name, kind: span.kind, attributes: span.attributes }))).toEqual([
    { name, kind, attributes },
  ]);
}

beforeEach(() => {
  log.take();
});

describe('traceWorkflow', () => {
  it('is named as the GenAI conventions name workflows', () => {
    const expected = { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': 'ask' };
    check(traceWorkflow('ask', one), 'invoke_workflow ask', SpanKind.INTERNAL, expected);
    const added = traceWorkflow({ name: 'ask', attributes: ([n]) => ({ high: { n } }) }, (n: number) => n);
    check(() => added(3), 'invoke_workflow ask', SpanKind.INTERNAL, { ...expected, n: 3 });
  });
});

describe('traceNode', () => {
  it('is named as the GenAI conventions name steps', () => {
    const expected = { 'gen_ai.operation.name': 'run_step', 'gen_ai.step.name': 'load' };
    check(traceNode('load', one), 'run_step load', SpanKind.INTERNAL, expected);
    check(
      traceNode({ name: 'load', type: 'io', attributes: { low: { part: 1 } } }, one),
      'run_step load',
      SpanKind.INTERNAL,
      {
        ...expected,
        'evenkeel.node.type': 'io',
        part: 1,
      },
    );
  });
});

describe('traceMemoryOperation', () => {
  it('is named by the operation, with the store as attribute', () => {
    const operations = {
      get: 'get_memory',
      put: 'upsert_memory',
      search: 'search_memory',
      create: 'create_memory',
      update: 'update_memory',
      delete: 'delete_memory',
    } as const;
    for (const [operation, name] of Object.entries(operations) as [keyof typeof operations, string][]) {
      check(traceMemoryOperation({ operation, store: 'answers' }, one), name, SpanKind.CLIENT, {
        'gen_ai.operation.name': name,
        'gen_ai.memory.store.id': 'answers',
      });
    }
  });

  it('may be internal, for a store inside the process', () => {
    const options = { operation: 'get', store: 'lru', kind: SpanKind.INTERNAL } as const;
    traceMemoryOperation(options, one)();
    expect(log.take()[0]?.kind).toBe(SpanKind.INTERNAL);
  });
});

describe('traceQuery', () => {
  it('is a client span named by operation and collection', () => {
    const text = 'SELECT * FROM packages WHERE name = ?';
    check(
      traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'packages', text }, one),
      'SELECT packages',
      SpanKind.CLIENT,
      {
        'db.system.name': 'sqlite',
        'db.operation.name': 'SELECT',
        'db.collection.name': 'packages',
        'db.query.text': text,
      },
    );
  });

  it('is named by what there is', () => {
    check(traceQuery({ system: 'sqlite' }, one), 'sqlite', SpanKind.CLIENT, { 'db.system.name': 'sqlite' });
    check(traceQuery({ system: 'redis', operation: 'GET' }, one), 'GET', SpanKind.CLIENT, {
      'db.system.name': 'redis',
      'db.operation.name': 'GET',
    });
  });

  it('takes text and attributes from the arguments', () => {
    const query = traceQuery(
      { system: 'sqlite', text: ([sql]) => sql, attributes: ([, limit]) => ({ high: { limit } }) },
      (sql: string, limit: number) => sql.length + limit,
    );
    check(() => query('SELECT 1', 5), 'sqlite', SpanKind.CLIENT, {
      'db.system.name': 'sqlite',
      'db.query.text': 'SELECT 1',
      limit: 5,
    });
  });
});
