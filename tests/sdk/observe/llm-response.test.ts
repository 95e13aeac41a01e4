// Answers of models in the shapes of providers and client libraries, whole and in chunks.
import { describe, expect, it } from 'vitest';
import { type LlmUsage, ResponseReader } from '../../../sdk/src/observe/llm-response.ts';

interface Expected extends LlmUsage {
  readonly id?: string;
  readonly model?: string;
  readonly finishReasons?: readonly string[];
}

/** Reads chunks, or one result, and compares what is known then. */
function check(chunks: readonly unknown[], { id, model, finishReasons = [], ...usage }: Expected): void {
  const reader = new ResponseReader();
  for (const chunk of chunks) reader.read(chunk);
  const { response } = reader;
  expect({ ...response, usage: JSON.parse(JSON.stringify(response.usage)) }).toEqual({
    id,
    model,
    finishReasons,
    usage,
  });
}

describe('a whole answer', () => {
  it('of OpenAI, chat', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 40,
      total_tokens: 140,
      prompt_tokens_details: { cached_tokens: 64 },
      completion_tokens_details: { reasoning_tokens: 30 },
    };
    const choices = [
      { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' },
      { index: 1, message: { role: 'assistant', content: 'b' }, finish_reason: 'length' },
    ];
    check([{ id: 'chatcmpl-1', object: 'chat.completion', model: 'gpt-4o-2024-08-06', choices, usage }], {
      id: 'chatcmpl-1',
      model: 'gpt-4o-2024-08-06',
      finishReasons: ['stop', 'length'],
      inputTokens: 100,
      outputTokens: 40,
      cacheReadTokens: 64,
      reasoningTokens: 30,
    });
  });

  it('of OpenAI, responses', () => {
    const usage = {
      input_tokens: 50,
      output_tokens: 20,
      input_tokens_details: { cached_tokens: 10 },
      output_tokens_details: { reasoning_tokens: 5 },
    };
    const expected = {
      id: 'resp_1',
      model: 'gpt-5',
      inputTokens: 50,
      outputTokens: 20,
      cacheReadTokens: 10,
      reasoningTokens: 5,
    };
    const whole = { id: 'resp_1', object: 'response', model: 'gpt-5', status: 'completed', usage };
    check([whole], { ...expected, finishReasons: ['completed'] });
    const cut = { ...whole, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    check([cut], { ...expected, finishReasons: ['max_output_tokens'] });
  });

  it('of Anthropic, whose input leaves out the cache', () => {
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 3000,
      output_tokens: 7,
    };
    check([{ id: 'msg_1', type: 'message', model: 'claude-sonnet-4-5', stop_reason: 'end_turn', usage }], {
      id: 'msg_1',
      model: 'claude-sonnet-4-5',
      finishReasons: ['end_turn'],
      inputTokens: 3210,
      outputTokens: 7,
      cacheReadTokens: 3000,
      cacheWriteTokens: 200,
    });
  });

  it('of Gemini, whose output leaves out reasoning', () => {
    const usageMetadata = {
      promptTokenCount: 12,
      candidatesTokenCount: 8,
      thoughtsTokenCount: 30,
      cachedContentTokenCount: 4,
    };
    const candidates = [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }];
    check([{ responseId: 'r1', modelVersion: 'gemini-2.5-pro', candidates, usageMetadata }], {
      id: 'r1',
      model: 'gemini-2.5-pro',
      finishReasons: ['STOP'],
      inputTokens: 12,
      outputTokens: 38,
      cacheReadTokens: 4,
      reasoningTokens: 30,
    });
  });

  it('of the AI SDK, versions 4 to 6, all steps together', () => {
    check([{ text: 'x', finishReason: 'stop', usage: { promptTokens: 5, completionTokens: 2, totalTokens: 7 } }], {
      finishReasons: ['stop'],
      inputTokens: 5,
      outputTokens: 2,
    });
    const five = { inputTokens: 5, outputTokens: 2, reasoningTokens: 1, cachedInputTokens: 3 };
    check(
      [
        {
          finishReason: 'tool-calls',
          response: { id: 'r', modelId: 'gpt-5' },
          usage: { inputTokens: 1 },
          totalUsage: five,
        },
      ],
      {
        id: 'r',
        model: 'gpt-5',
        finishReasons: ['tool-calls'],
        inputTokens: 5,
        outputTokens: 2,
        cacheReadTokens: 3,
        reasoningTokens: 1,
      },
    );
    const inputTokenDetails = { noCacheTokens: 1, cacheReadTokens: 3, cacheWriteTokens: 1 };
    check(
      [{ usage: { inputTokens: 5, inputTokenDetails, outputTokens: 2, outputTokenDetails: { reasoningTokens: 1 } } }],
      {
        inputTokens: 5,
        outputTokens: 2,
        cacheReadTokens: 3,
        cacheWriteTokens: 1,
        reasoningTokens: 1,
      },
    );
    // As its model providers have it.
    const provider = { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 6, reasoning: 2 } };
    check([{ finishReason: { unified: 'stop', raw: 'end' }, usage: provider }], {
      finishReasons: ['stop'],
      inputTokens: 9,
      outputTokens: 6,
      cacheReadTokens: 4,
      reasoningTokens: 2,
    });
  });

  it('of Bedrock, Cohere, Ollama, DeepSeek, LangChain', () => {
    check([{ stopReason: 'end_turn', usage: { inputTokens: 4, outputTokens: 2, cacheReadInputTokens: 6 } }], {
      finishReasons: ['end_turn'],
      inputTokens: 10,
      outputTokens: 2,
      cacheReadTokens: 6,
    });
    check(
      [
        {
          usage: {
            billed_units: { input_tokens: 3, output_tokens: 1 },
            tokens: { input_tokens: 70, output_tokens: 1 },
          },
        },
      ],
      {
        inputTokens: 3,
        outputTokens: 1,
      },
    );
    // As its client for TypeScript writes them.
    check([{ usage: { billedUnits: { inputTokens: 3, outputTokens: 1 }, tokens: { inputTokens: 70 } } }], {
      inputTokens: 3,
      outputTokens: 1,
    });
    check([{ model: 'llama3', done_reason: 'stop', prompt_eval_count: 8, eval_count: 9 }], {
      model: 'llama3',
      finishReasons: ['stop'],
      inputTokens: 8,
      outputTokens: 9,
    });
    check([{ usage: { prompt_tokens: 8, completion_tokens: 1, prompt_cache_hit_tokens: 6 } }], {
      inputTokens: 8,
      outputTokens: 1,
      cacheReadTokens: 6,
    });
    const usage_metadata = { input_tokens: 9, output_tokens: 3, input_token_details: { cache_read: 5 } };
    check([{ content: 'x', usage_metadata }], { inputTokens: 9, outputTokens: 3, cacheReadTokens: 5 });
  });
});

describe('an answer in chunks', () => {
  it('of OpenAI, chat', () => {
    const chunk = (delta: object, finish_reason: string | null): object => ({
      id: 'chatcmpl-1',
      model: 'gpt-4o',
      choices: [{ index: 0, delta, finish_reason }],
      usage: null,
    });
    const last = { id: 'chatcmpl-1', model: 'gpt-4o', choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } };
    check([chunk({ content: 'a' }, null), chunk({}, 'stop'), last], {
      id: 'chatcmpl-1',
      model: 'gpt-4o',
      finishReasons: ['stop'],
      inputTokens: 9,
      outputTokens: 2,
    });
  });

  it('of OpenAI, responses', () => {
    const response = { id: 'resp_1', object: 'response', model: 'gpt-5', status: 'in_progress' };
    const usage = { input_tokens: 5, output_tokens: 2 };
    const events = [
      { type: 'response.created', response },
      { type: 'response.output_text.delta', delta: 'a' },
      { type: 'response.completed', response: { ...response, status: 'completed', usage } },
    ];
    check(events.slice(0, 2), { id: 'resp_1', model: 'gpt-5' });
    const usual = { id: 'resp_1', model: 'gpt-5', finishReasons: ['completed'], inputTokens: 5, outputTokens: 2 };
    check(events, usual);
  });

  it('of Anthropic, whose output is counted up', () => {
    const message = {
      id: 'msg_1',
      model: 'claude',
      usage: { input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 1 },
    };
    const events = [
      { type: 'message_start', message },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
      { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 15 } },
      { type: 'message_stop' },
    ];
    const known = { id: 'msg_1', model: 'claude', inputTokens: 100, cacheReadTokens: 90 };
    check(events.slice(0, 2), { ...known, outputTokens: 1 });
    check(events, { ...known, outputTokens: 15, finishReasons: ['max_tokens'] });
  });

  it('of the AI SDK, whose parts have ids of their own', () => {
    const parts = [
      { type: 'text-delta', id: 'txt-0', text: 'a' },
      {
        type: 'finish-step',
        response: { id: 'r1', modelId: 'm' },
        usage: { inputTokens: 1, outputTokens: 1 },
        finishReason: 'tool-calls',
      },
      { type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 6, outputTokens: 3 } },
    ];
    check(parts, { id: 'r1', model: 'm', finishReasons: ['stop'], inputTokens: 6, outputTokens: 3 });
  });
});

describe('other values', () => {
  it('tell nothing', () => {
    for (const value of [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { usage: null },
      { usage: 'many' },
      { choices: 'x' },
      () => 1,
    ])
      check([value], {});
    check([{ usage: { prompt_tokens: -1, completion_tokens: Number.NaN, input_tokens: '9' } }], {});
  });

  it('that begin to run when they are looked at are left alone', () => {
    let asked = 0;
    const result = {
      fullStream: 1,
      get usage() {
        asked++;
        return Promise.resolve({});
      },
    };
    check([result], {});
    expect(asked).toBe(0);
  });

  it('do not make lists without end', () => {
    const choices = Array.from({ length: 1000 }, (_, index) => ({ index, finish_reason: 'stop' }));
    const reader = new ResponseReader();
    reader.read({ choices });
    reader.read({ choices: [{ index: 1e9, finish_reason: 'stop' }] });
    expect(reader.response.finishReasons).toHaveLength(128);
  });
});
