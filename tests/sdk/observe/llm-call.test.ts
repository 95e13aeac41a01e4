// Calls of models: spans, metrics, streams and what a program may add. Shapes of answers have a test of their own.
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { traceLLM } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();

interface Request {
  readonly model: string;
  readonly messages?: readonly unknown[];
  readonly [setting: string]: unknown;
}
const answer = {
  id: 'chatcmpl-1',
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, message: { content: 'It rains.' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 100,
    completion_tokens: 40,
    prompt_tokens_details: { cached_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 30 },
  },
};

class Client {
  @traceLLM({ provider: 'openai', cost: (usage) => (usage.inputTokens ?? 0) / 1000 })
  async create(_request: Request): Promise<unknown> {
    return answer;
  }
}

const chunkOf = (content: string): object => ({
  id: 'c1',
  model: 'm-1',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});
const lastChunk = { id: 'c1', model: 'm-1', choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } };

async function* chunks(): AsyncGenerator<object> {
  yield chunkOf('a');
  yield chunkOf('b');
  yield lastChunk;
}
const stream = traceLLM({ provider: 'openai', model: 'm', cost: false }, async (_request?: object) => ({
  [Symbol.asyncIterator]: chunks,
}));

beforeEach(async () => {
  spans.take();
  await measurements.take();
});

describe('a call of a model', () => {
  it('tells request, answer and cost', async () => {
    const request = { model: 'gpt-4o', temperature: 0.5, max_tokens: 300, top_p: 0.9, stop: 'END', n: 1, seed: 4 };
    await expect(new Client().create({ ...request, messages: [{ role: 'user', content: 'secret' }] })).resolves.toBe(
      answer,
    );
    const [span] = spans.take();
    expect([span?.name, span?.kind]).toEqual(['chat gpt-4o', SpanKind.CLIENT]);
    expect(span?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.max_tokens': 300,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.request.seed': 4,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 40,
      'gen_ai.usage.cache_read.input_tokens': 60,
      'gen_ai.usage.reasoning.output_tokens': 30,
      'gen_ai.usage.cost.amount': 0.1,
      'gen_ai.usage.cost.currency': 'USD',
      'gen_ai.usage.cost.source': 'local',
    });
  });

  it('is measured: duration, tokens, their parts, cost', async () => {
    await new Client().create({ model: 'gpt-4o' });
    const taken = await measurements.take();
    const base = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
    };
    const series = (name: string): unknown => taken.get(name)?.map(({ attributes, sum }) => ({ ...attributes, sum }));
    expect(taken.get('gen_ai.client.operation.duration')?.map(({ attributes }) => attributes)).toEqual([base]);
    expect(series('gen_ai.client.token.usage')).toEqual([
      { ...base, 'gen_ai.token.type': 'input', sum: 100 },
      { ...base, 'gen_ai.token.type': 'output', sum: 40 },
    ]);
    expect(series('gen_ai.client.inference.input_tokens_by_cache')).toEqual([
      { ...base, 'gen_ai.token.cache': 'read', sum: 60 },
      { ...base, 'gen_ai.token.cache': 'none', sum: 40 },
    ]);
    expect(series('gen_ai.client.inference.output_tokens_by_phase')).toEqual([
      { ...base, 'gen_ai.token.phase': 'reasoning', sum: 30 },
      { ...base, 'gen_ai.token.phase': 'response', sum: 10 },
    ]);
    expect(series('gen_ai.client.cost')).toEqual([{ ...base, sum: 0.1 }]);
  });

  it('takes from options what the arguments do not say, and above them', () => {
    const call = traceLLM(
      {
        provider: 'local',
        model: ([, size]) => `llama-${size}`,
        operation: 'text_completion',
        request: ([, size]) => ({ temperature: size }),
        session: () => 'c1',
        usage: (result) => ({ inputTokens: (result as string).length, outputTokens: 1 }),
        cost: false,
        kind: SpanKind.INTERNAL,
        attributes: { low: { tier: 'free' } },
      },
      (prompt: string, _size: number) => prompt,
    );
    call('hello', 7);
    const [span] = spans.take();
    expect([span?.name, span?.kind]).toEqual(['text_completion llama-7', SpanKind.INTERNAL]);
    expect(span?.attributes).toMatchObject({
      'gen_ai.request.model': 'llama-7',
      'gen_ai.request.temperature': 7,
      'gen_ai.conversation.id': 'c1',
      'gen_ai.usage.input_tokens': 5,
      'gen_ai.usage.output_tokens': 1,
      tier: 'free',
    });
  });

  it('reads settings where Gemini and the AI SDK have them', () => {
    const call = traceLLM({ provider: 'p', cost: false }, (_request: object) => 1);
    call({ model: 'gemini', config: { temperature: 0.1, maxOutputTokens: 9, stopSequences: ['a', 'b'] } });
    call({ model: { modelId: 'gpt-5', provider: 'openai.chat' }, maxOutputTokens: 5 });
    const [gemini, sdk] = spans.take();
    expect(gemini?.attributes).toMatchObject({
      'gen_ai.request.model': 'gemini',
      'gen_ai.request.temperature': 0.1,
      'gen_ai.request.max_tokens': 9,
      'gen_ai.request.stop_sequences': ['a', 'b'],
    });
    expect(sdk?.attributes).toMatchObject({ 'gen_ai.request.model': 'gpt-5', 'gen_ai.request.max_tokens': 5 });
  });

  it('that fails says so in its series', async () => {
    const failing = traceLLM({ provider: 'p', model: 'm' }, () =>
      Promise.reject(Object.assign(new Error('slow down'), { code: 'rate_limit' })),
    );
    await expect(failing()).rejects.toThrow('slow down');
    expect(spans.take()[0]?.status.code).toBe(SpanStatusCode.ERROR);
    const taken = await measurements.take();
    expect(taken.get('gen_ai.client.operation.duration')?.[0]?.attributes).toMatchObject({
      'error.type': 'rate_limit',
    });
    expect(taken.has('gen_ai.client.token.usage')).toBe(false);
  });

  it('makes no more series than it may, and keeps the model on the span', async () => {
    const call = traceLLM({ provider: 'p', cost: false }, (_request: Request) => 1);
    for (let i = 0; i < 120; i++) call({ model: `made-${i}` });
    expect((await measurements.take()).get('gen_ai.client.operation.duration')?.length).toBe(101);
    const last = spans.take().at(-1);
    expect([last?.name, last?.attributes['gen_ai.request.model']]).toEqual(['chat _OTHER', 'made-119']);
  });

  it('is not cost anything where nobody knows', async () => {
    const cost = (): number => {
      throw new Error('no table');
    };
    traceLLM({ provider: 'p', model: 'm', cost }, () => answer)();
    traceLLM({ provider: 'p', model: 'm', cost: () => Number.NaN }, () => answer)();
    expect((await measurements.take()).has('gen_ai.client.cost')).toBe(false);
    expect(spans.take()).toHaveLength(2);
  });
});

describe('a stream', () => {
  it('is over after its last chunk, with what the chunks said', async () => {
    for await (const chunk of await stream()) expect(spans.take(), JSON.stringify(chunk)).toEqual([]);
    const [span] = spans.take();
    expect(span?.attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.response.model': 'm-1',
      'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.output_tokens': 2,
    });
    expect(span?.attributes['gen_ai.response.time_to_first_chunk']).toBeTypeOf('number');
    const taken = await measurements.take();
    expect(taken.get('gen_ai.client.operation.time_to_first_chunk')?.[0]?.count).toBe(1);
    expect(taken.get('gen_ai.client.operation.time_per_output_chunk')?.[0]?.count).toBe(2);
    expect(taken.get('gen_ai.client.token.usage')).toHaveLength(2);
  });

  it('that is left ends with what is known by then, without an error', async () => {
    for await (const chunk of await stream()) {
      expect(chunk).toEqual(chunkOf('a'));
      break;
    }
    const [span] = spans.take();
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    expect(span?.attributes['gen_ai.response.id']).toBe('c1');
    expect(span?.attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
    const taken = await measurements.take();
    expect(taken.get('gen_ai.client.operation.duration')?.[0]?.count).toBe(1);
    expect(taken.has('gen_ai.client.token.usage')).toBe(false);
  });

  it('that breaks is an error with the tokens so far', async () => {
    const broken = traceLLM({ provider: 'p', model: 'm', cost: false }, async function* () {
      yield lastChunk;
      throw new Error('gone');
    });
    const read = async (): Promise<void> => {
      for await (const chunk of broken()) expect(chunk).toBe(lastChunk);
    };
    await expect(read()).rejects.toThrow('gone');
    const [span] = spans.take();
    expect(span?.attributes).toMatchObject({ 'error.type': 'Error', 'gen_ai.usage.input_tokens': 9 });
  });

  it('of the AI SDK has no chunk of the model before its start was told', async () => {
    const events = [{ type: 'start' }, { type: 'start-step' }, { type: 'text-delta', text: 'a' }, { type: 'finish' }];
    const open = traceLLM({ provider: 'p', model: 'm', cost: false }, () => ReadableStream.from(events));
    const reader = open().getReader();
    while (!(await reader.read()).done) expect(spans.take()).toEqual([]);
    const taken = await measurements.take();
    expect(taken.get('gen_ai.client.operation.time_to_first_chunk')?.[0]?.count).toBe(1);
    expect(taken.get('gen_ai.client.operation.time_per_output_chunk')?.[0]?.count).toBe(1);
  });

  it('of the web is the same, read or cancelled', async () => {
    const open = traceLLM({ provider: 'p', model: 'm', cost: false }, () => ReadableStream.from(chunks()));
    const reader = open().getReader();
    while (!(await reader.read()).done) expect(spans.take()).toEqual([]);
    expect(spans.take()[0]?.attributes['gen_ai.usage.output_tokens']).toBe(2);
    const left = open().getReader();
    await left.read();
    await left.cancel();
    expect(spans.take().map((span) => span.attributes['gen_ai.response.id'])).toEqual(['c1']);
  });

  it('of the web that is iterated through a reader of its own gives each chunk once', async () => {
    const reading = async function* (source: ReadableStream): AsyncGenerator<unknown> {
      const reader = source.getReader();
      for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
    };
    /** As the AI SDK has it: the reader is taken when the iterator is. */
    const eager = (source: ReadableStream): AsyncIterator<unknown> => {
      const reader = source.getReader();
      return { next: async () => (await reader.read()) as IteratorResult<unknown> };
    };
    for (const iterate of [reading, eager]) {
      const open = traceLLM({ provider: 'p', model: 'm', cost: false }, () => {
        const source = ReadableStream.from(chunks());
        return Object.defineProperty(source, Symbol.asyncIterator, {
          configurable: true,
          value: () => iterate(source),
        });
      });
      for await (const chunk of open()) expect(chunk).toBeDefined();
      expect(spans.take()).toHaveLength(1);
      const taken = await measurements.take();
      expect(taken.get('gen_ai.client.operation.time_to_first_chunk')?.[0]?.count).toBe(1);
      expect(taken.get('gen_ai.client.operation.time_per_output_chunk')?.[0]?.count).toBe(2);
    }
  });
});
