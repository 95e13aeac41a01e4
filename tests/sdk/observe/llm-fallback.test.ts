// Models that are asked when another failed: which answers, what is told of it, and when nobody is asked.
import { beforeEach, describe, expect, it } from 'vitest';
import { setInstrumentation, traceLLM } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();

interface Request {
  readonly model: string;
  readonly prompt?: string;
}

/** Fails for models that are named so. */
async function ask({ model }: Request): Promise<string> {
  if (model.startsWith('bad')) throw new Error(`${model} is down`);
  return `${model} answers`;
}

class Client {
  readonly prefix = 'client';

  @traceLLM({ provider: 'openai', fallbacks: ['bad-2', 'good'], cost: false })
  async ask(request: Request): Promise<string> {
    return `${this.prefix}: ${await ask(request)}`;
  }
}

beforeEach(async () => {
  spans.take();
  await measurements.take();
});

const fallbacks = async (): Promise<unknown> =>
  (await measurements.take()).get('gen_ai.client.fallbacks')?.map(({ attributes, sum }) => ({ ...attributes, sum }));

describe('fallbacks', () => {
  it('are tried in order, each as a child of the call', async () => {
    await expect(new Client().ask({ model: 'bad-1', prompt: 'x' })).resolves.toBe('client: good answers');
    const taken = spans.take();
    const outer = taken.at(-1);
    expect(taken.map((span) => [span.name, span.status.message])).toEqual([
      ['chat bad-1', 'bad-1 is down'],
      ['chat bad-2', 'bad-2 is down'],
      ['chat good', undefined],
      ['fallback bad-1', undefined],
    ]);
    const parents = taken.slice(0, 3).map((span) => span.parentSpanContext?.spanId);
    expect(new Set(parents)).toEqual(new Set([outer?.spanContext().spanId]));
    expect(outer?.attributes).toEqual({
      'gen_ai.operation.name': 'fallback',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'bad-1',
      'evenkeel.fallback.tries': 3,
      'evenkeel.fallback.model': 'good',
    });
  });

  it('are counted where another model answered, and each try is measured once', async () => {
    const client = new Client();
    await client.ask({ model: 'bad-1' });
    await client.ask({ model: 'fine' });
    const taken = await measurements.take();
    expect(taken.get('gen_ai.client.fallbacks')?.map(({ attributes, sum }) => [attributes, sum])).toEqual([
      [
        {
          'gen_ai.operation.name': 'fallback',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'bad-1',
          'evenkeel.fallback.model': 'good',
        },
        1,
      ],
    ]);
    const calls = taken
      .get('gen_ai.client.operation.duration')
      ?.map(({ attributes, count }) => [attributes['gen_ai.request.model'], attributes['error.type'], count]);
    expect(calls).toEqual([
      ['bad-1', 'Error', 1],
      ['bad-2', 'Error', 1],
      ['good', undefined, 1],
      ['fine', undefined, 1],
    ]);
  });

  it('that all fail throw what the last one threw', async () => {
    const call = traceLLM({ provider: 'p', fallbacks: ['bad-2'] }, ask);
    await expect(call({ model: 'bad-1' })).rejects.toThrow('bad-2 is down');
    const outer = spans.take().at(-1);
    expect(outer?.attributes).toMatchObject({ 'error.type': 'Error', 'evenkeel.fallback.tries': 2 });
    expect(await fallbacks()).toBeUndefined();
  });

  it('may be of other providers, with functions of their own, sync as well', async () => {
    const other = ({ prompt }: Request): string => `other: ${prompt}`;
    const call = traceLLM(
      { provider: 'p', model: 'first', fallbacks: [{ model: 'second', provider: 'q', call: other }], cost: false },
      (_request: Request): string => {
        throw new Error('down');
      },
    );
    expect(call({ model: 'ignored', prompt: 'x' })).toBe('other: x');
    const [first, second] = spans.take();
    expect([first?.name, second?.name]).toEqual(['chat first', 'chat second']);
    expect(second?.attributes).toMatchObject({ 'gen_ai.provider.name': 'q', 'gen_ai.request.model': 'second' });
  });

  it('are not asked after an abort, or where the program says so', async () => {
    const fail = (error: unknown, fallbackOn?: (thrown: unknown) => boolean) => {
      const options = { provider: 'p', model: 'm', fallbacks: ['n'], ...(fallbackOn && { fallbackOn }) };
      return traceLLM(options, () => Promise.reject(error))();
    };
    const aborted = new DOMException('stop', 'AbortError');
    await expect(fail(aborted)).rejects.toBe(aborted);
    const refused = new Error('refused');
    await expect(fail(refused, (thrown) => thrown !== refused)).rejects.toBe(refused);
    const broken = (): boolean => {
      throw new Error('broken callback');
    };
    await expect(fail(refused, broken)).rejects.toBe(refused);
    expect(spans.take().map((span) => span.name)).toEqual(
      Array.from({ length: 3 }, () => ['chat m', 'fallback m']).flat(),
    );
  });

  it('keep the look of the function, and work while instruments are off', async () => {
    const call = traceLLM({ provider: 'p', fallbacks: ['good'] }, ask);
    expect([call.name, call.length]).toEqual(['ask', 1]);
    setInstrumentation(false);
    await expect(call({ model: 'bad-1' })).resolves.toBe('good answers');
    setInstrumentation(true);
    expect(spans.take()).toEqual([]);
  });
});
