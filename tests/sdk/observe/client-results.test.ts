// Results of the OpenAI and Anthropic clients that end in ways of their own: streams that emit, promises with a response.
import { EventEmitter } from 'node:events';
import { SpanStatusCode } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { traceLLM } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();

/** As those clients have it: `end` comes in any case, after `error` or `abort`. */
class MessageStream extends EventEmitter {
  ended = false;
  errored = false;
  aborted = false;

  abort(): void {
    this.aborted = true;
    this.emit('abort', new Error('aborted'));
    this.finish();
  }

  finish(): void {
    this.ended = true;
    this.emit('end');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<never> {}
}

const open = traceLLM({ provider: 'anthropic', model: 'claude', cost: false }, () => new MessageStream());
const start = { type: 'message_start', message: { id: 'm1', model: 'claude-x', usage: { input_tokens: 9 } } };
const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } };

beforeEach(async () => {
  spans.take();
  await measurements.take();
});

describe('a stream that emits', () => {
  it('is over when it says so, with what its events said', async () => {
    const stream = open();
    stream.emit('streamEvent', start);
    stream.emit('text', 'not a chunk');
    stream.emit('streamEvent', end);
    expect(spans.take()).toEqual([]);
    stream.finish();
    stream.finish();
    const [span, ...others] = spans.take();
    expect(others).toEqual([]);
    expect(span?.attributes).toMatchObject({
      'gen_ai.response.id': 'm1',
      'gen_ai.request.stream': true,
      'gen_ai.response.finish_reasons': ['end_turn'],
      'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.output_tokens': 4,
    });
    const taken = await measurements.take();
    expect(taken.get('gen_ai.client.operation.duration')?.[0]?.count).toBe(1);
    expect(taken.get('gen_ai.client.operation.time_per_output_chunk')?.[0]?.count).toBe(1);
  });

  it('that was aborted was left, and one that failed is an error', () => {
    open().abort();
    expect(spans.take()[0]?.status.code).toBe(SpanStatusCode.UNSET);
    const failed = open();
    failed.errored = true;
    // Nobody listens to its errors, and that stays so.
    expect(failed.listenerCount('error')).toBe(0);
    failed.finish();
    expect(spans.take()[0]?.attributes['error.type']).toBe('StreamError');
  });

  it('of other kinds, or over already, ends the call at once', () => {
    const call = traceLLM({ provider: 'p', model: 'm', cost: false }, (result: unknown) => result);
    const over = new MessageStream();
    over.ended = true;
    for (const result of [over, new EventEmitter()]) {
      expect(call(result)).toBe(result);
      expect(spans.take()).toHaveLength(1);
    }
  });

  it('belongs to its own call, however calls are nested', () => {
    const inner = traceLLM({ provider: 'p', model: 'inner', cost: false }, () => new MessageStream());
    const outer = traceLLM({ provider: 'p', model: 'outer', cost: false }, () => {
      inner().finish();
      return 'text';
    });
    outer();
    expect(spans.take().map((span) => span.name)).toEqual(['chat inner', 'chat outer']);
  });
});

/** As those clients have it: lazy, parsed once, with the raw response beside. */
class ApiPromise extends Promise<unknown> {
  readonly #body: () => Promise<unknown>;
  #parsed: Promise<unknown> | undefined;

  constructor(body: () => Promise<unknown>) {
    super((resolve) => resolve(null));
    this.#body = body;
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  parse(): Promise<unknown> {
    return (this.#parsed ??= this.#body());
  }

  // oxlint-disable-next-line unicorn/no-thenable -- as those clients have it
  override then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.parse().then(onFulfilled, onRejected);
  }

  override catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.parse().catch(onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<unknown> {
    return this.parse().finally(onFinally);
  }

  async withResponse(): Promise<object> {
    const [data, response] = await Promise.all([this.parse(), this.asResponse()]);
    return { data, response };
  }

  async asResponse(): Promise<string> {
    return 'raw';
  }
}

describe('a promise with a response beside', () => {
  const answer = { id: 'c1', model: 'm-1', usage: { prompt_tokens: 9, completion_tokens: 2 } };
  let parsed = 0;
  const ask = traceLLM({ provider: 'openai', model: 'm', cost: false }, (failure?: Error) => {
    return new ApiPromise(async () => {
      parsed++;
      if (failure !== undefined) throw failure;
      return answer;
    });
  });

  it('is over in each of its ways, and asked for once', async () => {
    parsed = 0;
    await expect(ask()).resolves.toBe(answer);
    await expect(ask().withResponse()).resolves.toEqual({ data: answer, response: 'raw' });
    expect(parsed).toBe(2);
    expect(spans.take().map((span) => span.attributes['gen_ai.usage.input_tokens'])).toEqual([9, 9]);
    await expect(ask().asResponse()).resolves.toBe('raw');
    expect(parsed).toBe(2);
    expect(spans.take().map((span) => span.attributes['gen_ai.usage.input_tokens'])).toEqual([undefined]);
  });

  it('fails with its own error', async () => {
    const failure = new Error('down');
    await expect(ask(failure).withResponse()).rejects.toBe(failure);
    expect(spans.take().map((span) => span.status.code)).toEqual([SpanStatusCode.ERROR]);
  });

  it('is over where only its failure or its end is asked for', async () => {
    parsed = 0;
    const failure = new Error('down');
    await expect(ask(failure).catch((thrown: unknown) => thrown)).resolves.toBe(failure);
    await expect(ask(failure).finally(() => {})).rejects.toBe(failure);
    await expect(ask().finally(() => {})).resolves.toBe(answer);
    expect(parsed).toBe(3);
    const { ERROR, UNSET } = SpanStatusCode;
    expect(spans.take().map((span) => span.status.code)).toEqual([ERROR, ERROR, UNSET]);
  });
});
