// Prompts and answers of models: recorded where a program asks for it, bounded, and nowhere else.
import { beforeEach, describe, expect, it } from 'vitest';
import { traceLLM } from '../../../sdk/src/index.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();

interface Request {
  readonly model: string;
  readonly messages?: readonly unknown[];
}
const answer = { choices: [{ index: 0, message: { content: 'It rains.' }, finish_reason: 'stop' }] };

async function* chunks(): AsyncGenerator<object> {
  for (const content of ['a', 'b']) yield { choices: [{ index: 0, delta: { content }, finish_reason: null }] };
}

beforeEach(() => {
  spans.take();
});

describe('content', () => {
  const messages = [
    { role: 'system', content: 'be kind' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'weather?' },
        { type: 'image_url', image_url: 'data:secret' },
      ],
    },
  ];
  const contentOf = (): readonly unknown[] => {
    const { attributes = {} } = spans.take()[0] ?? {};
    return ['gen_ai.input.messages', 'gen_ai.output.messages'].map((key) => {
      const text = attributes[key];
      return typeof text === 'string' ? (JSON.parse(text) as unknown) : text;
    });
  };

  it('is recorded only where it is asked for, as the conventions write messages', () => {
    traceLLM({ provider: 'p', cost: false }, (_request: Request) => answer)({ model: 'm', messages });
    expect(contentOf()).toEqual([undefined, undefined]);
    traceLLM(
      { provider: 'p', captureContent: true, cost: false },
      (_request: Request) => answer,
    )({ model: 'm', messages });
    expect(contentOf()).toEqual([
      [
        { role: 'system', parts: [{ type: 'text', content: 'be kind' }] },
        { role: 'user', parts: [{ type: 'text', content: 'weather?' }, { type: 'image_url' }] },
      ],
      [{ role: 'assistant', parts: [{ type: 'text', content: 'It rains.' }], finish_reason: 'stop' }],
    ]);
  });

  it('of a response whose settings are called text, too, is its output', () => {
    const response = {
      object: 'response',
      status: 'completed',
      text: { format: { type: 'text' } },
      output: [{ type: 'reasoning' }, { type: 'message', content: [{ type: 'output_text', text: 'yes' }] }],
    };
    traceLLM({ provider: 'p', captureContent: true, cost: false }, (_request: Request) => response)({ model: 'm' });
    expect(contentOf()[1]).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'yes' }], finish_reason: 'completed' },
    ]);
  });

  it('of a stream is what was read of it', async () => {
    const captured = traceLLM({ provider: 'p', captureContent: true, cost: false }, (_prompt: string) => chunks());
    for await (const chunk of captured('why?')) expect(chunk).toBeDefined();
    expect(contentOf()).toEqual([
      [{ role: 'user', parts: [{ type: 'text', content: 'why?' }] }],
      [{ role: 'assistant', parts: [{ type: 'text', content: 'ab' }], finish_reason: 'unknown' }],
    ]);
  });

  it('has the calls of tools that were asked for, of every client', async () => {
    const callsOf = async (result: unknown): Promise<unknown> => {
      const captured = traceLLM({ provider: 'p', captureContent: true, cost: false }, () => result)();
      if (captured instanceof ReadableStream) for await (const chunk of captured) expect(chunk).toBeDefined();
      const [, output] = contentOf() as [unknown, { parts: unknown[] }[] | undefined];
      return output?.[0]?.parts;
    };
    const text = '{"city":"Bern"}';
    const call = { type: 'tool_call', id: 'c1', name: 'weather', arguments: text };
    const parsed = { ...call, arguments: { city: 'Bern' } };
    const ofChat = { id: 'c1', type: 'function', function: { name: 'weather', arguments: text } };
    const ofResponses = { type: 'function_call', id: 'fc', call_id: 'c1', name: 'weather', arguments: text };
    const ofAnthropic = { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Bern' } };
    const ofAiSdk = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Bern' } };
    const ofGemini = { functionCall: { id: 'c1', name: 'weather', args: { city: 'Bern' } } };
    await expect(callsOf({ choices: [{ message: { content: null, tool_calls: [ofChat] } }] })).resolves.toEqual([call]);
    await expect(callsOf({ object: 'response', output: [ofResponses] })).resolves.toEqual([call]);
    await expect(callsOf({ content: [{ type: 'text', text: 'so' }, ofAnthropic] })).resolves.toEqual([
      { type: 'text', content: 'so' },
      parsed,
    ]);
    await expect(callsOf({ candidates: [{ content: { parts: [ofGemini] } }] })).resolves.toEqual([parsed]);
    await expect(callsOf({ text: '', toolCalls: [ofAiSdk] })).resolves.toEqual([parsed]);

    const streamed = (...items: unknown[]): ReadableStream => ReadableStream.from(items);
    const delta = (toolCall: object): object => ({ choices: [{ delta: { tool_calls: [{ index: 0, ...toolCall }] } }] });
    const pieces = ['{"city"', ':"Bern"}'];
    const ofPieces = pieces.map((piece) => delta({ function: { arguments: piece } }));
    const begun = delta({ id: 'c1', type: 'function', function: { name: 'weather', arguments: '' } });
    await expect(callsOf(streamed(begun, ...ofPieces))).resolves.toEqual([call]);
    const added = { type: 'response.output_item.added', item: { ...ofResponses, arguments: '' } };
    const done = { type: 'response.output_item.done', item: ofResponses };
    await expect(callsOf(streamed(added, done))).resolves.toEqual([call]);
    const block = { type: 'content_block_start', index: 1, content_block: { ...ofAnthropic, input: {} } };
    const ofBlock = pieces.map((piece) => ({
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: piece },
    }));
    await expect(callsOf(streamed(block, ...ofBlock))).resolves.toEqual([call]);
    await expect(callsOf(streamed(ofAiSdk))).resolves.toEqual([parsed]);
  });

  it('keeps the calls of tools among the messages that are asked', () => {
    const ask = traceLLM({ provider: 'p', captureContent: true, cost: false }, (request: Request) => request.model);
    const ofChat = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' } };
    const ofResponses = { type: 'function_call', call_id: 'c2', name: 'weather', arguments: '{}' };
    ask({ model: 'm', messages: [{ role: 'assistant', content: null, tool_calls: [ofChat] }, ofResponses] });
    const call = { type: 'tool_call', name: 'weather', arguments: '{}' };
    expect(contentOf()[0]).toEqual([
      { role: 'assistant', parts: [{ ...call, id: 'c1' }] },
      { role: 'assistant', parts: [{ ...call, id: 'c2' }] },
    ]);
  });

  it('is bounded', () => {
    const call = traceLLM({ provider: 'p', captureContent: true, cost: false }, (prompt: unknown) => prompt);
    call({ messages: Array.from({ length: 500 }, (_, i) => ({ role: 'user', content: `${i}`.repeat(9000) })) });
    call('x'.repeat(1_000_000));
    for (const span of spans.take()) {
      expect(String(span.attributes['gen_ai.input.messages']).length).toBeLessThanOrEqual(16_384);
      expect(String(span.attributes['gen_ai.output.messages'] ?? '').length).toBeLessThanOrEqual(16_384);
    }
  });

  it('that only repeats what was streamed, or is not for the reader, is left out', async () => {
    const events = [
      { type: 'response.reasoning_text.delta', delta: 'hm' },
      { type: 'response.output_text.delta', delta: 'yes' },
      { type: 'response.output_text.done', text: 'yes' },
      { type: 'tool-input-delta', delta: '{}' },
      { type: 'response.completed', response: { output: [{ content: [{ type: 'output_text', text: 'yes' }] }] } },
    ];
    const captured = traceLLM({ provider: 'p', captureContent: true, cost: false }, () => ReadableStream.from(events));
    for await (const event of captured()) expect(event).toBeDefined();
    expect(contentOf()[1]).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'yes' }], finish_reason: 'unknown' },
    ]);
  });

  it('of every client is found', () => {
    const textOf = (result: unknown): unknown => {
      traceLLM({ provider: 'p', captureContent: true, cost: false }, () => result)();
      const [, output] = contentOf() as [unknown, { parts: { content: string }[] }[] | undefined];
      return output?.[0]?.parts[0]?.content;
    };
    expect(textOf({ content: [{ type: 'text', text: 'anthropic' }] })).toBe('anthropic');
    expect(textOf({ candidates: [{ content: { parts: [{ text: 'gem' }, { text: 'ini' }] } }] })).toBe('gemini');
    expect(textOf({ output: [{ type: 'message', content: [{ type: 'output_text', text: 'responses' }] }] })).toBe(
      'responses',
    );
    expect(textOf({ text: 'ai sdk', usage: {} })).toBe('ai sdk');
    expect(textOf({ type: 'response.output_text.delta', delta: 'event' })).toBe('event');
    expect(textOf({ embedding: [1, 2] })).toBeUndefined();
  });
});
