// Agents, data sources and memories: what is known of each call, and what is measured.
import { SpanKind } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { traceAgent, traceMemoryOperation, traceRetrieval } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { collect, recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();

/** Attributes of the one span of a call, without those of the identity that is always there. */
function attributesOf(call: () => unknown): Record<string, unknown> {
  call();
  const { 'gen_ai.operation.name': _operation, ...others } = spans.take()[0]?.attributes ?? {};
  return others;
}

class Desk {
  @traceAgent({
    name: 'desk',
    id: 'a1',
    version: '2',
    description: 'answers',
    provider: 'openai',
    session: ([id]) => String(id),
  })
  async ask(id: string): Promise<object> {
    return { text: id, usage: { inputTokens: 7, outputTokens: 3 } };
  }

  @traceRetrieval('docs')
  find(): string[] {
    return ['a', 'b'];
  }
}

beforeEach(async () => {
  spans.take();
  await measurements.take();
});

describe('an agent', () => {
  it('says who it is and what it used', async () => {
    await new Desk().ask('c7');
    const [span] = spans.take();
    expect(span?.name).toBe('invoke_agent desk');
    expect(span?.kind).toBe(SpanKind.INTERNAL);
    expect(span?.attributes).toEqual({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'desk',
      'gen_ai.agent.id': 'a1',
      'gen_ai.agent.version': '2',
      'gen_ai.agent.description': 'answers',
      'gen_ai.provider.name': 'openai',
      'gen_ai.conversation.id': 'c7',
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
    });
    const taken = await measurements.take();
    expect(taken.get('gen_ai.invoke_agent.duration')?.[0]?.attributes).toEqual({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'desk',
      'gen_ai.agent.version': '2',
      'gen_ai.provider.name': 'openai',
    });
    // The calls of models within count them.
    expect(taken.has('gen_ai.client.token.usage')).toBe(false);
  });
});

describe('a retrieval', () => {
  it('counts its results wherever a library puts them', () => {
    const count = (result: unknown): unknown =>
      attributesOf(traceRetrieval('docs', () => result))['evenkeel.retrieval.result.count'];
    expect(count(['a', 'b'])).toBe(2);
    expect(count(new Map([['a', 1]]))).toBe(1);
    expect(count({ matches: [1, 2, 3] })).toBe(3);
    expect(count({ documents: [] })).toBe(0);
    expect(count('text')).toBeUndefined();
    expect(count(null)).toBeUndefined();
    new Desk().find();
    expect(spans.take()[0]?.attributes['evenkeel.retrieval.result.count']).toBe(2);
  });

  it('counts results that come one by one', async () => {
    await collect(
      traceRetrieval('docs', async function* () {
        yield* ['a', 'b', 'c'];
      })(),
    );
    expect(spans.take()[0]?.attributes['evenkeel.retrieval.result.count']).toBe(3);
  });

  it('tells what was searched for only where it is asked to', async () => {
    const search = (text: string, limit: number): string[] => [text].slice(0, limit);
    expect(attributesOf(() => traceRetrieval('docs', search)('secret', 5))).not.toHaveProperty(
      'gen_ai.retrieval.query.text',
    );
    const named = traceRetrieval(
      { dataSource: 'docs', provider: 'openai', topK: ([, limit]) => limit, query: ([text]) => text },
      search,
    );
    expect(attributesOf(() => named('who?', 5))).toEqual({
      'gen_ai.data_source.id': 'docs',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.top_k': 5,
      'gen_ai.retrieval.query.text': 'who?',
      'evenkeel.retrieval.result.count': 1,
    });
    expect((await measurements.take()).get('evenkeel.retrieval.duration')?.map(({ count }) => count)).toEqual([1, 1]);
  });
});

describe('a memory operation', () => {
  it('tells of reads whether something was there', async () => {
    const read = (operation: 'get' | 'search', result: unknown): Record<string, unknown> =>
      attributesOf(traceMemoryOperation({ operation, store: 's', size: true }, () => result));
    const store = { 'gen_ai.memory.store.id': 's' };
    expect(read('get', 'text')).toEqual({ ...store, 'evenkeel.memory.hit': true, 'evenkeel.memory.size': 8 });
    expect(read('get', undefined)).toEqual({ ...store, 'evenkeel.memory.hit': false, 'evenkeel.memory.size': 0 });
    expect(read('search', [])).toMatchObject({ 'evenkeel.memory.hit': false, 'gen_ai.memory.record.count': 0 });
    expect(read('search', { memories: [1, 2] })).toMatchObject({
      'evenkeel.memory.hit': true,
      'gen_ai.memory.record.count': 2,
    });
    const taken = await measurements.take();
    const hits = taken
      .get('evenkeel.memory.operation.duration')
      ?.map(({ attributes, count }) => [attributes['gen_ai.operation.name'], attributes['evenkeel.memory.hit'], count]);
    expect(hits).toEqual([
      ['get_memory', true, 1],
      ['get_memory', false, 1],
      ['search_memory', false, 1],
      ['search_memory', true, 1],
    ]);
  });

  it('tells of writes how much went in, and whose it is', () => {
    const put = traceMemoryOperation(
      { operation: 'put', store: 's', size: true, session: ([id]) => id, record: ([, key]) => key },
      (_session: string, _key: string, value: string) => value.length,
    );
    expect(attributesOf(() => put('c1', 'k', 'xx'))).toEqual({
      'gen_ai.memory.store.id': 's',
      'gen_ai.conversation.id': 'c1',
      'gen_ai.memory.record.id': 'k',
      'evenkeel.memory.size': 10,
    });
    const search = traceMemoryOperation(
      { operation: 'search', store: 's', query: ([text]) => text },
      (_: string) => [],
    );
    expect(attributesOf(() => search('what?'))['gen_ai.memory.query.text']).toBe('what?');
  });
});
